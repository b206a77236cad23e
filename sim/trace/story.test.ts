/** Goal: a failure can be understood from one paragraph. Method: slices made by hand. */
import { describe, expect, it } from 'vitest';
import { faultWords } from './fault-words.ts';
import { cut, elided, tellStory } from './story.ts';
import type { TraceEvent } from './trace.ts';

type Words = readonly [t: number, lane: string, kind: string, what?: string, detail?: string];

function slice(...lines: readonly Words[]): TraceEvent[] {
  return lines.map(([t, lane, kind, what = '', detail], index) => {
    const event = { n: index + 1, t, lane, kind, cause: index, what };
    return detail === undefined ? event : { ...event, detail };
  });
}

const lost = {
  kind: 'safety',
  property: 'S1',
  message: 'c0 got an ack, the log has nothing\nand more',
  timeMs: 204,
} as const;

describe('a story', () => {
  it('tells who did what, when, and what is wrong with it', () => {
    const events = slice(
      [166, 'c0', 'edits', '3 +1', 'types "a" at 3'],
      [170, 'n0', 'receives', 'c0#1 12B', 'an edit of c0'],
      [170, 'n0', 'appends', '7 doc0'],
      [180, 'nemesis', 'fault', 'crash {"node":"n0","whileAppending":true,"forMs":9}'],
      [180, 'n0', 'crashes'],
      [204, 'c0', 'receives', 'c0#1 4B', 'an ack'],
    );
    expect(tellStory(events, lost)).toBe(
      'At 166 ms c0 edited (types "a" at 3); 4 ms later n0 received (an edit of c0); ' +
        'n0 sent an append to the log (7 doc0). At 180 ms n0 crashed, for 9 ms; ' +
        '24 ms later c0 received (an ack). ' +
        'So at 204 ms S1 does not hold: c0 got an ack, the log has nothing.',
    );
  });

  it('says of each kind of failure what kind it is', () => {
    const events = slice([1, 'log', 'commits', 'row 1']);
    const kinds = ['liveness', 'crash', 'harness'] as const;
    const endings = kinds.map((kind) =>
      tellStory(events, { ...lost, kind })
        .split('. ')
        .at(-1),
    );
    expect(endings).toEqual([
      'By 204 ms what S1 asks for had not happened: c0 got an ack, the log has nothing.',
      'At 204 ms the product threw: c0 got an ack, the log has nothing.',
      'At 204 ms the simulator itself failed: c0 got an ack, the log has nothing.',
    ]);
  });

  it('passes over timers, unless there is nothing else', () => {
    const events = slice([1, 'c0', 'wakes'], [2, 'c0', 'edits', 'x'], [3, 'c0', 'wakes']);
    expect(tellStory(events, lost)).toContain('At 2 ms c0 edited (x). So');
    expect(tellStory(events.slice(0, 1), lost)).toContain('At 1 ms c0 was woken by a timer. So');
    expect(tellStory([], lost)).toMatch(/^So at 204 ms/);
  });

  it('tells what it has no words for in its own', () => {
    expect(tellStory(slice([5, 'moon', 'rises', 'full']), lost)).toContain(
      'moon had “rises” (full)',
    );
    const strange = tellStory(slice([5, 'nemesis', 'fault', 'quake {"of":7}']), lost);
    expect(strange).toContain('this went wrong: quake {"of":7}');
    expect(tellStory(slice([5, 'nemesis', 'quake']), lost)).toContain('there was a quake');
    expect(tellStory(slice([5, 'nemesis', 'healing']), lost)).toContain('all faults ended');
  });

  it('leaves out the middle of a long tale', () => {
    const events = slice(
      ...Array.from({ length: 40 }, (_, t): Words => [t, 'c0', 'edits', `e${t}`]),
    );
    const story = tellStory(events, lost);
    expect(story).toContain('28 more things followed.');
    expect(story.match(/c0 edited/g)).toHaveLength(12);
    expect(story).toContain('(e39). So');
  });
});

it('a fault is told with those whom it hits', () => {
  const parted = { clients: ['c0', 'c1'], nodes: ['n0'], direction: 'up', forMs: 7 };
  expect(faultWords(`partition ${JSON.stringify(parted)}`)).toBe(
    'c0, c1 and n0 were parted, up, for 7 ms',
  );
  expect(faultWords('clock step {"clock":"database","byMs":-5}')).toBe(
    'the clock of database jumped by -5 ms',
  );
  expect([faultWords(''), faultWords('quake {}'), faultWords('crash')]).toEqual([null, null, null]);
});

it('a text is cut with a mark, never inside a surrogate pair', () => {
  expect(cut('abc', 3)).toBe('abc');
  expect(cut('abcd', 3)).toBe('ab…');
  expect(cut('a😀bc', 3)).toBe('a…');
  expect(cut('a😀bc', 4)).toBe('a😀…');
});

it('a list is elided in its middle', () => {
  expect(elided([1, 2, 3], 3, 1)).toEqual([[1, 2, 3], []]);
  expect(elided([1, 2, 3, 4], 3, 1)).toEqual([[1], [3, 4]]);
});
