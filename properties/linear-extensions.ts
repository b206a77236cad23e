/** Orders in which things can come that must come after others. */
import { must } from '../engine/assert.ts';
import type { Random } from '../engine/random.ts';
import { type Batch, batchLast, type Op, type OpId } from '../proto/batch.ts';

/**
 * Every order of 0 … before.length - 1 in which each item comes after those in `before[item]`. The
 * yielded array is reused.
 */
export function* linearExtensions(
  before: readonly (readonly number[])[],
): Generator<readonly number[]> {
  const order: number[] = [];
  const done = new Set<number>();
  function* extend(): Generator<readonly number[]> {
    if (order.length === before.length) yield order;
    for (const [item, needed] of before.entries()) {
      if (done.has(item) || !needed.every((other) => done.has(other))) continue;
      order.push(item);
      done.add(item);
      yield* extend();
      done.delete(item);
      order.pop();
    }
  }
  yield* extend();
}

/** One of those orders. */
export function randomExtension(
  before: readonly (readonly number[])[],
  random: Random,
): readonly number[] {
  const order: number[] = [];
  const done = new Set<number>();
  while (order.length < before.length) {
    const ready = [...before.keys()].filter(
      (item) => !done.has(item) && before[item]?.every((needed) => done.has(needed)) === true,
    );
    const item = must(ready[random.below(ready.length)], 'an item without open needs');
    order.push(item);
    done.add(item);
  }
  return order;
}

/**
 * For each batch, the positions of those that it cannot be integrated without: of the characters
 * that it names, and its author's earlier ones.
 */
export function needsOf(batches: readonly Batch[]): number[][] {
  return batches.map((batch) => {
    const named = batch.ops.flatMap(namedIds);
    return [...batches.keys()].filter((position) => {
      const other = must(batches[position], 'a batch');
      if (other === batch) return false;
      const isEarlier = other.replica === batch.replica && other.first < batch.first;
      return isEarlier || named.some((id) => isIn(other, id));
    });
  });
}

function namedIds(op: Op): OpId[] {
  if (op.type === 'insert') {
    return [op.left, op.right].filter((id) => id !== null && id !== 'same');
  }
  const { timestamp, replica } = op.target;
  return Array.from({ length: op.count }, (_, k) => ({ timestamp: timestamp + k, replica }));
}

/** Whether the operation is one of the batch. */
export function isIn(batch: Batch, id: OpId): boolean {
  return (
    batch.replica === id.replica && batch.first <= id.timestamp && id.timestamp <= batchLast(batch)
  );
}
