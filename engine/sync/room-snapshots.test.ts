/**
 * Goal: what a room does with snapshots, case by case: it begins with one, asks for the next, and
 * sends one to newcomers piece by piece. Method: a gateway whose sockets, log, store and clock the
 * test plays; a client's core at the other end.
 */
import { describe, expect, it } from 'vitest';
import type { ConnId } from '../ids.ts';
import { rowFromLog } from './durability.ts';
import { Fold } from './fold.ts';
import { GatewayScript, headAt, logRow, Typist } from './testing/gateway-script.ts';
import { ReplicaScript } from './testing/replica-script.ts';

const typist = new Typist(99);
const rows = ['ab', 'cd', 'ef', 'gh', 'ij'].map((text, n) =>
  logRow(n + 1, typist.type(2 * n, text)),
);

/** The state after the first `lsn` rows, as a snapshot has it. */
function foldAt(lsn: number): Fold {
  const fold = new Fold(77);
  for (const row of rows.slice(0, lsn)) fold.apply(rowFromLog(77, row));
  return fold;
}

/** A node that asks for the snapshot when somebody says hello. */
function scriptWithLoad(
  limits: ConstructorParameters<typeof GatewayScript>[0] = {},
): GatewayScript {
  const script = new GatewayScript(limits);
  script.asksSnapshots = true;
  return script;
}

describe('a room', () => {
  it('begins with the snapshot, and reads the rows from its last one on', () => {
    const script = scriptWithLoad();
    script.hello(1, 11);
    expect(script.reads).toEqual([]);
    script.answerLoad(foldAt(3));
    const read = script.answerRead({ head: headAt(5), rows: rows.slice(2) });
    expect(read.afterLsn).toBe(2);
    expect(script.take(1)[0]?.welcome).toMatchObject({ headLsn: 5, cursor: { operations: 10 } });
  });

  it('asks again after a backoff when it is not known which snapshot there is', () => {
    const script = scriptWithLoad();
    script.hello(1, 11);
    script.answerLoad('failed');
    expect([script.loads, script.reads]).toEqual([[], []]);
    script.advance(2_000);
    script.answerLoad(null);
    expect(script.answerRead({ head: null, rows: [] }).afterLsn).toBe(0);
  });

  it('that was told of another last row than the log has begins anew', () => {
    const script = scriptWithLoad();
    script.hello(1, 11);
    script.answerLoad(foldAt(3));
    const others = rows.slice(2).map((row) => ({ ...row, at: row.at + 1 }));
    script.answerRead({ head: headAt(5), rows: others });
    expect(script.closed.get(1)).toBe(4414);
    script.hello(2, 12);
    script.answerLoad(null);
    expect(script.answerRead({ head: headAt(5), rows }).afterLsn).toBe(0);
    expect(script.take(2)[0]?.welcome?.headLsn).toBe(5);
  });

  it('opens a log whose first rows were pruned', () => {
    const script = scriptWithLoad();
    script.hello(1, 11);
    script.answerLoad(foldAt(3));
    script.answerRead({ head: { ...headAt(5), prunedLsn: 3 }, rows: [] });
    script.answerRead({ head: { ...headAt(5), prunedLsn: 3 }, rows: rows.slice(3) });
    expect(script.take(1)[0]?.welcome).toMatchObject({ headLsn: 5 });
  });
});

describe('the next snapshot', () => {
  const limits = { snapshotRows: 4, snapshotRetryMinMs: 100, snapshotRetryMaxMs: 100 };

  it('is asked for when the log has grown by enough rows, once', () => {
    const script = new GatewayScript({ snapshotRows: 4 });
    script.hello(1, 11);
    script.answerRead({ head: headAt(3), rows: rows.slice(0, 3) });
    expect(script.making).toEqual([]);
    script.feed({ type: 'busGap', document: 'doc' });
    script.answerHeads({ doc: headAt(5) });
    script.answerRead({ head: headAt(5), rows: rows.slice(2) });
    expect(script.making).toEqual(['doc']);
  });

  it('is asked for when the log has grown by enough bytes', () => {
    const script = new GatewayScript({ snapshotBytes: 30 });
    script.hello(1, 11);
    script.answerRead({ head: headAt(1), rows: rows.slice(0, 1) });
    expect(script.making).toEqual([]);
    script.feed({ type: 'busGap', document: 'doc' });
    script.answerHeads({ doc: headAt(5) });
    script.answerRead({ head: headAt(5), rows });
    expect(script.making).toEqual(['doc']);
  });

  it('is asked for again after a while when it failed', () => {
    const script = new GatewayScript(limits);
    script.hello(1, 11);
    script.answerRead({ head: headAt(5), rows });
    script.feed({ type: 'snapshotMade', document: 'doc', lsn: null });
    expect(script.making).toEqual(['doc']);
    script.advance(100);
    expect(script.making).toEqual(['doc', 'doc']);
    script.feed({ type: 'snapshotMade', document: 'doc', lsn: 5 });
    script.advance(1_000);
    expect(script.making).toEqual(['doc', 'doc']);
  });

  it('takes the rows that it covers out of memory', () => {
    const script = new GatewayScript(limits);
    script.hello(1, 11);
    script.answerRead({ head: headAt(5), rows });
    script.feed({ type: 'snapshotMade', document: 'doc', lsn: 4 });
    script.hello(2, 12, { epoch: 77, lsn: 4, at: 1004, operations: 8 });
    expect([script.take(2).flatMap((frame) => frame.rows).length, script.reads]).toEqual([1, []]);
    script.hello(3, 13, { epoch: 77, lsn: 3, at: 1003, operations: 6 });
    expect(script.answerRead({ head: headAt(5), rows: rows.slice(2) }).afterLsn).toBe(2);
    expect(script.take(3).flatMap((frame) => frame.rows)).toHaveLength(2);
  });
});

describe('a snapshot in pieces', () => {
  const text = 'The text of the document.';

  /** A newcomer whose socket takes a frame at a time, and somebody who types meanwhile. */
  function slowNewcomer(): { script: GatewayScript; newcomer: ReplicaScript } {
    const script = new GatewayScript({ snapshotPieceBytes: 40, sendBytesMax: 1 });
    const other = new Typist(98);
    const [first, second] = [other.type(0, text), other.type(text.length, ' More.')];
    script.hello(1, 98);
    script.answerRead({ head: headAt(1), rows: [logRow(1, first)] });
    script.stuck.add(2);
    const newcomer = new ReplicaScript(11);
    newcomer.feed({ type: 'start' });
    newcomer.connect(script, 2);
    script.edit(1, second);
    script.commit(2);
    newcomer.pass(script);
    return { script, newcomer };
  }

  it('shows its text before the rest is there, and is whole before the next row', () => {
    const { script, newcomer } = slowNewcomer();
    const seen: string[] = [];
    for (let n = 0; !newcomer.session.text.endsWith('More.') && n < 40; n++) {
      script.feed({ type: 'connDrained', conn: 2 as ConnId });
      newcomer.pass(script);
      seen.push(`${newcomer.previews.at(-1) ?? ''}|${newcomer.session.text}`);
    }
    expect(seen).toContain(`${text}|`);
    expect(seen.at(-1)).toBe(`${text}|${text} More.`);
    expect(newcomer.previews).toEqual([text]);
  });

  it('keeps its connection alive, however long it takes', () => {
    const { script, newcomer } = slowNewcomer();
    expect(newcomer.session.status).toBe('connecting');
    script.nowMs += 10_000;
    newcomer.advance(10_000);
    newcomer.pass(script);
    script.advance(10_001);
    expect(script.closed.has(2)).toBe(false);
  });
});
