/**
 * Merging told in batches: which stand together, what becomes one run, what is dropped. That the
 * merged history is the same one is a property of documents (properties/document.prop.test.ts).
 */
import { describe, expect, test } from 'vitest';
import { type Batch, batchLast, type OpId, sliceBatch } from '../../proto/batch.ts';
import { decodeUpdate, encodeUpdate } from '../../proto/update-codec.ts';
import { mergeUpdates } from './merge-batches.ts';

const me = 2 ** 53 - 1;
const other = 7;

function typed(first: number, text: string, fields: Partial<Batch> = {}): Batch {
  const replica = fields.replica ?? me;
  const left = first === 1 ? null : { timestamp: first - 1, replica };
  const right = first === 1 ? null : 'same';
  const ops = [{ type: 'insert', timestamp: first, left, right, text } as const];
  return { replica, first, gap: 0, base: 0, ops, ...fields };
}

function deleted(first: number, target: OpId, count = 1, reversed = false): Batch {
  const ops = [{ type: 'delete', timestamp: first, target, count, reversed } as const];
  return { replica: me, first, gap: 0, base: 0, ops };
}

/** One update a batch, merged. */
function merged(...batches: Batch[]): readonly Batch[] {
  const updates = batches.map((batch) => encodeUpdate({ batches: [batch] }));
  return decodeUpdate(mergeUpdates(updates)).batches;
}

describe('merging', () => {
  test('makes typing one run, in whatever order its updates come', () => {
    const [a, b, c] = [typed(1, 'ab'), typed(3, '😀'), typed(5, 'c')];
    expect(merged(a, b, c)).toEqual([typed(1, 'ab😀c')]);
    expect(merged(c, a, b, a)).toEqual([typed(1, 'ab😀c')]);
  });

  test('makes deletions one run, forwards and backspacing', () => {
    const at = (timestamp: number): OpId => ({ timestamp, replica: other });
    expect(merged(deleted(9, at(3)), deleted(10, at(4)), deleted(11, at(5)))).toEqual([
      deleted(9, at(3), 3),
    ]);
    expect(merged(deleted(9, at(5)), deleted(10, at(4)), deleted(11, at(3)))).toEqual([
      deleted(9, at(3), 3, true),
    ]);
    expect(merged(deleted(9, at(5)), deleted(10, at(4)), deleted(11, at(6)))).toEqual([
      {
        ...deleted(9, at(4), 2, true),
        ops: [...deleted(9, at(4), 2, true).ops, ...deleted(11, at(6)).ops],
      },
    ]);
  });

  test('does not make a run of targets that are not older than its first deletion', () => {
    const own = (timestamp: number): OpId => ({ timestamp, replica: me });
    const [a, b] = [deleted(9, own(8)), deleted(10, own(9))];
    expect(merged(a, b)).toEqual([{ ...a, ops: [...a.ops, ...b.ops] }]);
  });

  test('orders batches by first timestamp, then replica', () => {
    const a = typed(1, 'x', { replica: other });
    const b = typed(1, 'x');
    const c = typed(9, 'x', { gap: 3 });
    expect(merged(c, b, a)).toEqual([a, b, c]);
  });

  test('drops what an earlier batch has', () => {
    const whole = typed(1, 'ab😀c');
    const middle = sliceBatch(whole, 2, 5);
    expect(merged(sliceBatch(whole, 1, 3), middle, sliceBatch(whole, 5), whole)).toEqual([whole]);
    expect(merged(sliceBatch(whole, 1, 3), middle)).toEqual([sliceBatch(whole, 1, 5)]);
  });

  test('cuts deletions where an earlier batch ends', () => {
    const at = (timestamp: number): OpId => ({ timestamp, replica: other });
    for (const reversed of [false, true]) {
      const whole = deleted(9, at(2), 5, reversed);
      expect(merged(sliceBatch(whole, 9, 11), whole)).toEqual([whole]);
      const late = { ...whole, base: 3 };
      expect(merged(sliceBatch(whole, 9, 11), sliceBatch(late, 10))).toEqual([
        sliceBatch(whole, 9, 11),
        sliceBatch(late, 11),
      ]);
    }
  });

  test.each<[string, Partial<Batch>]>([
    ['after a gap', { first: 8, gap: 4 }],
    ['of another base', { base: 3 }],
    ['with a binding', { binding: { secretHash: new Uint8Array(32), principal: 'a' } }],
  ])('leaves a batch %s by itself', (_, fields) => {
    const a = typed(1, 'abc');
    const b = typed(fields.first ?? batchLast(a) + 1, 'd', fields);
    expect(merged(b, a)).toEqual([a, b]);
  });

  test('leaves a batch by itself that refers to what another replica wrote meanwhile', () => {
    const a = typed(5, 'ab', { gap: 4 });
    const since = (timestamp: number): Batch => deleted(7, { timestamp, replica: other });
    expect(merged(a, since(5))).toEqual([a, since(5)]);
    expect(merged(a, since(4))).toEqual([{ ...a, ops: [...a.ops, ...since(4).ops] }]);
  });

  test('leaves out how long batches were held', () => {
    const [a, b, c] = [typed(1, 'a'), typed(2, 'b'), typed(9, 'c', { gap: 6 })];
    expect(merged(a, { ...b, heldMs: 9 }, c)).toEqual([typed(1, 'ab'), c]);
    expect(merged(c, { ...b, heldMs: 9 }, { ...a, heldMs: 8 })).toEqual([typed(1, 'ab'), c]);
  });

  test('of nothing is an update without operations', () => {
    expect(merged()).toEqual([]);
  });
});
