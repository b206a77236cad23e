/** Goal: a person sees what broke, how, and what to type. Method: a failure made by hand. */
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../engine/limits.ts';
import { defaultSettings } from '../scenario/defaults.ts';
import { calm } from '../scenario/faults.ts';
import { drawScenario } from '../scenario/scenario.ts';
import type { TraceEvent } from '../trace/trace.ts';
import { describeFailure, type Failure } from './report.ts';
import { traceLine, visible } from './trace-line.ts';

const scenario = drawScenario(4, {
  nodes: ['n0'],
  clients: [
    { name: 'c0', document: 'doc0' },
    { name: 'c1', document: 'doc0' },
  ],
  durationMs: 1_500,
  limits: { ...defaultLimits, windowBytes: 16 },
  settings: { ...defaultSettings, localStore: true },
  rates: { ...calm, unknownPerMillion: 9 },
  snapshotRows: 5,
  faults: [{ type: 'database outage', atMs: 10, forMs: 5 }],
  intents: [{ atMs: 3, client: 'c0', action: { type: 'presence' } }],
  questions: [],
});

function chain(length: number): TraceEvent[] {
  return Array.from({ length }, (_, index) => {
    const event = { n: index + 1, t: 4 * index, lane: 'c0', kind: 'edits', cause: index };
    return { ...event, what: `e${index + 1}` };
  });
}

const violation = {
  kind: 'safety',
  property: 'S1',
  message: 'c0 has an ack\nthe log has nothing',
  about: [],
  event: 3,
  timeMs: 1_284,
} as const;

const failure: Failure = {
  violation,
  told: violation,
  scenario,
  events: chain(3),
  shrunk: null,
  reproduce: ['npm run sim -- --seed 4'],
};

describe('the report of a failure', () => {
  it('says what broke, how, under which circumstances, and what to type', () => {
    expect(describeFailure(failure).split('\n')).toEqual([
      'FAIL S1 (safety)  seed 4  event 3  t=1.284 s',
      '  c0 has an ack',
      '  the log has nothing',
      '  story: At 0 ms c0 edited (e1); 4 ms later c0 edited (e2); 4 ms later c0 edited (e3). ' +
        'So at 1284 ms S1 does not hold: c0 has an ack.',
      '  causal slice:',
      '        1  0.000 s  c0       edits  e1',
      '        2  0.004 s  c0       edits  e2',
      '        3  0.008 s  c0       edits  e3',
      '  knobs in force:',
      '    2 clients, 1 node, 1 document; 1.5 s; 1 intent, 0 questions',
      '    faults: database outage 1',
      '    rates: unknownPerMillion 9',
      '    limits: windowBytes 16',
      '    settings: localStore true, snapshotRows 5',
      '  reproduce: npm run sim -- --seed 4',
    ]);
  });

  it('shows 25 lines of a long chain, its end and its beginning', () => {
    const told = { ...violation, event: 80 };
    const lines = describeFailure({ ...failure, events: chain(80), told }).split('\n');
    const start = lines.indexOf('  causal slice:') + 1;
    const slice = lines.slice(start, lines.indexOf('  knobs in force:'));
    expect(slice).toHaveLength(25);
    expect(slice[8]).toContain('… 56 more …');
    expect(slice.at(-1)).toContain('e80');
  });

  it('marks faults that no cause leads to', () => {
    const [first, , third] = chain(3);
    const fault = {
      n: 2,
      t: 5,
      lane: 'nemesis',
      kind: 'fault',
      cause: 0,
      what: 'cut',
      lanes: ['c0'],
    };
    const events = [first, fault, third].filter((event) => event !== undefined);
    const linked = events.map((event) => (event.n === 3 ? { ...event, cause: 1 } : event));
    expect(describeFailure({ ...failure, events: linked })).toContain(
      '\n  !     2  0.005 s  nemesis',
    );
  });

  it('tells how much shrinking took away', () => {
    const from = {
      ...scenario,
      intents: Array.from({ length: 61 }, () => scenario.intents).flat(),
    };
    const words = describeFailure({ ...failure, shrunk: { from, runs: 143, seconds: 1.94 } });
    expect(words).toContain('  shrunk: 61 edits, 1 fault → 1 edit, 1 fault (143 runs, 1.9 s)');
    expect(words).toContain('causal slice of what was shrunk:');
  });

  it('does without a trace', () => {
    const words = describeFailure({ ...failure, events: [] });
    expect(words).not.toContain('story');
    expect(words).toContain('knobs in force');
  });
});

it('a line of a trace is one line of 160 columns at most', () => {
  const event = {
    n: 1,
    t: 1,
    lane: 'c0',
    kind: 'edits',
    cause: 0,
    what: `a\n\u0000${'x'.repeat(300)}`,
  };
  expect(traceLine(event)).toHaveLength(160);
  expect(visible('a\n\u009f😀')).toBe('a\\u000a\\u009f😀');
});
