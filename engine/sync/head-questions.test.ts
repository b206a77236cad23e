/**
 * Goal: whatever the bus may have hidden is asked of the log, for many documents at once, and only
 * what has changed is read. Method: a gateway whose sockets, log, bus and clock the test plays.
 */
import { describe, expect, it } from 'vitest';
import type { LogHead } from '../driver/ports.ts';
import { GatewayScript, headAt, logRow, Typist } from './testing/gateway-script.ts';

const limits = { silenceMs: 10_000, pollMinMs: 100, pollMaxMs: 4_000, heartbeatMs: 60_000 };

/** Two documents with a session each, at row 1 of their logs. */
function twoRooms(
  more: Partial<typeof limits> & { readonly headsMax?: number } = {},
): GatewayScript {
  const script = new GatewayScript({ ...limits, ...more });
  const row = logRow(1, new Typist(99).type(0, 'a'));
  for (const [n, document] of ['a', 'b'].entries()) {
    script.hello(n + 1, 11 + n, null, document);
    script.answerRead({ head: headAt(1), rows: [row] });
    script.take(n + 1);
  }
  return script;
}

/** Documents in the questions that come within so many ms, each answered with `head`. */
function questions(script: GatewayScript, ms: number, head: LogHead): number {
  let count = 0;
  for (let at = 0; at < ms; at += 10) {
    script.advance(10);
    while (script.headsAsked.length > 0) {
      count += script.answerHeads({ a: head, b: head }).length;
    }
  }
  return count;
}

describe('silence', () => {
  it('of the log makes a room ask, and read only what has gone on', () => {
    const script = twoRooms();
    expect(questions(script, 4_900, headAt(1))).toBe(0);
    expect(questions(script, 5_200, headAt(1))).toBe(2);
    expect(script.reads).toEqual([]);
    script.advance(10_000);
    expect(script.answerHeads({ a: headAt(1), b: headAt(2) }).toSorted()).toEqual(['a', 'b']);
    expect(script.reads.map(({ document }) => document)).toEqual(['b']);
  });

  it('is no reason to ask for a document that nobody looks at', () => {
    const script = twoRooms();
    script.close(1);
    script.advance(10_000);
    expect(script.headsAsked).toEqual([['b']]);
  });
});

describe('a question', () => {
  it('is one at a time, for so many documents', () => {
    const script = twoRooms({ headsMax: 1 });
    script.feed({ type: 'busGap', document: null });
    expect(script.headsAsked).toEqual([['a']]);
    script.feed({ type: 'busGap', document: 'a' });
    script.answerHeads({ a: headAt(1) });
    expect(script.headsAsked).toEqual([['b']]);
    script.answerHeads({ b: headAt(1) });
    // The gap that came while the question was on its way is asked for again.
    expect(script.headsAsked).toEqual([['a']]);
  });

  it('that fails is asked again', () => {
    const script = twoRooms();
    script.feed({ type: 'busGap', document: 'a' });
    script.answerHeads(null);
    expect(script.headsAsked).toEqual([]);
    script.advance(5_000);
    expect(script.headsAsked).toEqual([['a']]);
  });

  it.each([
    ['a head behind the fold', { ...headAt(1), lsn: 0 }],
    ['another epoch', headAt(1, 78)],
    ['another time of the last row', { ...headAt(1), at: 999 }],
    ['a deleted document', { ...headAt(1), state: 'deleted' as const }],
    ['a head further on', headAt(2)],
  ])('whose answer is %s leads to a read', (_, head) => {
    const script = twoRooms();
    script.feed({ type: 'busGap', document: 'a' });
    script.answerHeads({ a: head });
    expect(script.reads.map(({ document }) => document)).toEqual(['a']);
  });

  it('whose answer lacks a document that has rows leads to a read', () => {
    const script = twoRooms();
    script.feed({ type: 'busGap', document: 'a' });
    script.answerHeads({});
    expect(script.reads.map(({ document }) => document)).toEqual(['a']);
  });

  it('that was asked before a row came leads to none', () => {
    const script = twoRooms();
    script.feed({ type: 'busGap', document: 'a' });
    script.edit(1, new Typist(11).type(0, 'x'));
    script.commit(2);
    script.answerHeads({ a: headAt(1) });
    expect(script.reads).toEqual([]);
  });

  it('reads a head with a closed moment once', () => {
    const script = twoRooms();
    const closed = { ...headAt(1), at: 5_000 };
    script.feed({ type: 'busGap', document: 'a' });
    script.answerHeads({ a: closed });
    script.answerRead({ head: closed, rows: [{ ...logRow(1), at: 1_001 }] });
    script.feed({ type: 'busGap', document: 'a' });
    script.answerHeads({ a: closed });
    expect(script.reads).toEqual([]);
  });
});

describe('without the bus', () => {
  it('the log is asked again and again, less often while it stands still', () => {
    const script = twoRooms();
    script.feed({ type: 'busConnected', isUp: false });
    const soon = questions(script, 1_000, headAt(1));
    expect(soon).toBeGreaterThanOrEqual(4);
    questions(script, 10_000, headAt(1));
    expect(questions(script, 1_000, headAt(1))).toBeLessThan(soon);
    expect(questions(script, 10_000, headAt(1))).toBeGreaterThanOrEqual(4);
  });

  it('the log is asked soon after it has moved', () => {
    const script = twoRooms();
    script.feed({ type: 'busConnected', isUp: false });
    questions(script, 4_000, headAt(1));
    script.feed({ type: 'busGap', document: 'a' });
    script.answerHeads({ a: headAt(2) });
    const row = logRow(2, new Typist(98).type(0, 'b'));
    script.answerRead({ head: headAt(2), rows: [logRow(1, new Typist(99).type(0, 'a')), row] });
    expect(script.take(1).some((frame) => frame.rows.length === 1)).toBe(true);
    script.advance(100);
    expect(script.headsAsked).toContainEqual(['a']);
  });

  it('silence is enough again when it is back', () => {
    const script = twoRooms();
    script.feed({ type: 'busConnected', isUp: false });
    script.feed({ type: 'busConnected', isUp: true });
    expect(questions(script, 4_900, headAt(1))).toBe(0);
  });
});
