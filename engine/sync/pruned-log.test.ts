/**
 * Goal: a log whose first rows an operator has removed serves whoever does not need them, and
 * nobody goes in circles. Method: a gateway whose sockets, log and clock the test plays.
 */
import { expect, it } from 'vitest';
import { GatewayScript, headAt, logRow, Typist } from './testing/gateway-script.ts';

const typist = new Typist(99);
const rows = ['a', 'b', 'c', 'd'].map((text, n) => logRow(n + 1, typist.type(n, text)));
const cursorAt = (lsn: number) => ({ epoch: 77, lsn, at: 1000 + lsn, operations: lsn });

it('a document whose first rows were pruned does not open, and is not read in circles', () => {
  const script = new GatewayScript();
  script.hello(1, 11);
  script.answerRead({ head: { ...headAt(4), prunedLsn: 2 }, rows: [] });
  expect(script.closed.get(1)).toBe(4505);
  expect(script.reads).toEqual([]);
});

it('a document that was pruned up to where it is in memory goes on', () => {
  const script = new GatewayScript();
  script.hello(1, 11);
  script.answerRead({ head: headAt(3), rows: rows.slice(0, 3) });
  script.feed({ type: 'busGap', document: 'doc' });
  script.answerHeads({ doc: { ...headAt(4), prunedLsn: 3 } });
  // The read begins with the last row, for its time; that row is gone.
  script.answerRead({ head: { ...headAt(4), prunedLsn: 3 }, rows: [] });
  const read = script.answerRead({ head: { ...headAt(4), prunedLsn: 3 }, rows: rows.slice(3) });
  expect(read.afterLsn).toBe(3);
  expect(script.take(1).flatMap((frame) => frame.rows)).toHaveLength(1);
});

it('a cursor before the first row that is left gets the whole state', () => {
  const script = new GatewayScript({ recentBytesMax: 1 });
  script.hello(1, 11);
  script.answerRead({ head: headAt(4), rows });
  script.hello(2, 12, cursorAt(1));
  script.answerRead({ head: { ...headAt(4), prunedLsn: 2 }, rows: [] });
  const welcomes = script.take(2).flatMap(({ welcome }) => welcome ?? []);
  expect(welcomes.at(-1)).toMatchObject({ cursor: { lsn: 4 } });
  expect(welcomes.at(-1)?.snapshot).not.toBeNull();
  script.hello(3, 13, cursorAt(3));
  script.answerRead({ head: { ...headAt(4), prunedLsn: 2 }, rows: rows.slice(2) });
  expect(script.take(3).flatMap((frame) => frame.rows)).toHaveLength(1);
  expect(script.reads).toEqual([]);
});
