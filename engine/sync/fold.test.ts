/**
 * The verdicts of the fold: applied, covered, void; the same for everybody who folds the same rows.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Batch, sliceBatch } from '../../proto/batch.ts';
import { Fold } from './fold.ts';
import { foldOf, snapshotOf } from './fold-snapshot.ts';
import { Typist } from './testing/gateway-script.ts';

/** Folds rows of one batch each and returns the last verdict. */
function foldRows(fold: Fold, ...batches: readonly Batch[]): string {
  let last = '';
  for (const batch of batches) {
    const lsn = fold.lsn + 1;
    const row = fold.apply({ lsn, at: 1000 + lsn, batches: [batch] });
    last = row.batches.map(({ verdict }) => verdict.type).join();
  }
  return last;
}

describe('a batch', () => {
  it('that follows what is here is applied', () => {
    const fold = new Fold(1);
    const anna = new Typist(11);
    expect(foldRows(fold, anna.type(0, 'ab'), anna.type(2, 'c'))).toBe('applied');
    expect(fold.sequence.text).toBe('abc');
    expect(fold.cursor).toEqual({ epoch: 1, lsn: 2, at: 1002, operations: 3 });
  });

  it('that is here already is covered, whatever its cut', () => {
    const fold = new Fold(1);
    const batch = new Typist(11).type(0, 'abcd');
    foldRows(fold, batch);
    expect(foldRows(fold, sliceBatch(batch, 2, 4))).toBe('covered');
    expect(fold.operations).toBe(4);
  });

  it('that is here already is covered, however long its author says to have held it', () => {
    const fold = new Fold(1);
    const batch = new Typist(11).type(0, 'abcd');
    foldRows(fold, { ...batch, heldMs: 60_000 });
    expect(foldRows(fold, batch)).toBe('covered');
    expect(foldRows(fold, { ...batch, heldMs: 70_000 })).toBe('covered');
    expect(foldRows(fold, { ...sliceBatch(batch, 1, 3), heldMs: 1 })).toBe('covered');
    expect([fold.operations, fold.voided.size]).toEqual([4, 0]);
  });

  it('of which a part is here is applied without that part', () => {
    const fold = new Fold(1);
    const batch = new Typist(11).type(0, 'abcd');
    foldRows(fold, sliceBatch(batch, 1, 3));
    expect(foldRows(fold, batch)).toBe('applied');
    expect([fold.sequence.text, fold.operations]).toEqual(['abcd', 4]);
  });

  it('with other content under ids that are here is void: the replica has forked', () => {
    const fold = new Fold(1);
    foldRows(fold, new Typist(11).type(0, 'ab'));
    const forked = new Typist(11).type(0, 'xy');
    expect(fold.judge(forked)).toMatchObject({ type: 'void', code: 'replica-forked' });
    expect(foldRows(fold, forked)).toBe('void');
    expect(fold.sequence.text).toBe('ab');
    expect([...fold.voided]).toEqual([[2, [0]]]);
  });

  it('that goes on with the second half of a pair is void: other content is here', () => {
    const fold = new Fold(1);
    foldRows(fold, new Typist(11).type(0, 'abc'));
    const forked = new Typist(11).type(0, 'ab\u{1F600}');
    expect(fold.judge(forked)).toMatchObject({ type: 'void', code: 'replica-forked' });
    expect(foldRows(fold, forked)).toBe('void');
    expect(fold.sequence.text).toBe('abc');
  });

  it('after a gap that does not fit is void', () => {
    const anna = new Typist(11);
    anna.type(0, 'lost');
    expect(foldRows(new Fold(1), anna.type(4, 'x'))).toBe('void');
  });

  it('ahead of the clock by more than one is void', () => {
    const batch = new Typist(11).type(0, 'x');
    const ahead = {
      ...batch,
      first: 3,
      gap: 2,
      ops: batch.ops.map((op) => ({ ...op, timestamp: 3 })),
    };
    expect(foldRows(new Fold(1), ahead)).toBe('void');
  });

  it('that refers to a character which is not here is void', () => {
    const anna = new Typist(11);
    const first = anna.type(0, 'a');
    const ben = new Typist(22);
    ben.sequence.integrate(first);
    expect(foldRows(new Fold(1), ben.type(1, 'b'))).toBe('void');
  });

  it('with another secret than its replica is bound to is void', () => {
    const fold = new Fold(1);
    const anna = new Typist(11);
    const bind = (byte: number) => ({ secretHash: new Uint8Array(32).fill(byte), principal: 'p' });
    foldRows(fold, { ...anna.type(0, 'a'), binding: bind(1) });
    expect(fold.judge({ ...anna.type(1, 'b'), binding: bind(2) })).toMatchObject({
      code: 'replica-mismatch',
    });
  });
});

it('order and text are the same, whatever authors say about how long they held something', () => {
  const batches: Batch[] = [];
  const people = [new Typist(11), new Typist(22), new Typist(33)];
  const shared = new Typist(44).type(0, 'shared');
  for (const person of people) person.sequence.integrate(shared);
  // Everybody types at the same places without seeing the others.
  for (let i = 0; i < 4; i++) {
    for (const person of people) batches.push(person.type(3 + i, `${person.replica}`));
  }
  const told = (heldMsOf: (position: number) => number | undefined) => {
    const fold = new Fold(1);
    foldRows(fold, shared);
    const rows = batches.map((batch, position) => {
      const heldMs = heldMsOf(position);
      return foldRows(fold, heldMs === undefined ? batch : { ...batch, heldMs });
    });
    const snapshot = snapshotOf(fold, { bindings: true });
    return { rows, text: fold.sequence.text, cursor: fold.cursor, snapshot };
  };
  const silent = told(() => undefined);
  expect(silent.rows.every((verdict) => verdict === 'applied')).toBe(true);
  const heldMs = fc.option(fc.maxSafeNat(), { nil: undefined });
  const values = fc.array(heldMs, { minLength: batches.length, maxLength: batches.length });
  fc.assert(
    fc.property(values, (held) => {
      expect(told((position) => held[position])).toEqual(silent);
    }),
  );
});

it('a row that does not follow is a bug of the caller', () => {
  const fold = new Fold(1);
  expect(() => fold.apply({ lsn: 2, at: 1, batches: [] })).toThrow(/does not follow/);
  fold.apply({ lsn: 1, at: 5, batches: [] });
  expect(() => fold.apply({ lsn: 2, at: 4, batches: [] })).toThrow(/falls/);
});

it('replicas get their index in order of first appearance', () => {
  const fold = new Fold(1);
  const [anna, ben] = [new Typist(900), new Typist(5)];
  fold.apply({ lsn: 1, at: 1, batches: [anna.type(0, 'a')] });
  const { introduced } = fold.apply({
    lsn: 2,
    at: 1,
    batches: [anna.type(1, 'b'), ben.type(0, 'x')],
  });
  expect(introduced).toEqual([5]);
  expect([fold.table.indexOf(900), fold.table.indexOf(5), fold.table.indexOf(7)]).toEqual([
    1, 2, 0,
  ]);
});

it('a snapshot carries everything that later verdicts depend on', () => {
  const fold = new Fold(7);
  const anna = new Typist(11);
  const binding = { secretHash: new Uint8Array(32).fill(3), principal: 'anna' };
  foldRows(fold, { ...anna.type(0, 'héllo 😀'), binding });
  const forked = new Typist(11).type(0, 'xy');
  foldRows(fold, forked);
  const back = foldOf(snapshotOf(fold, { bindings: true }));
  expect(back.cursor).toEqual(fold.cursor);
  expect(back.sequence.text).toBe('héllo 😀');
  expect([...back.voided]).toEqual([...fold.voided]);
  expect(back.table.entries).toEqual(fold.table.entries);
  expect(back.judge(forked)).toEqual(fold.judge(forked));
  const next = anna.type(0, 'x', 2);
  expect(back.judge(next)).toEqual(fold.judge(next));
});
