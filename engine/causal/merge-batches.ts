/**
 * The same operations in fewer batches: per replica in order, without duplicates, neighbours
 * joined.
 *
 * Two batches are joined only if the second refers to nothing of another replica at or above the
 * first one's first timestamp. With it a batch refers only to what precedes its first timestamp,
 * and the order by first timestamp is a causal one.
 */
import { type Batch, batchLast, canCut, joinBatches, sliceBatch } from '../../proto/batch.ts';

/** The operations of all batches (full replica ids), ordered by (first timestamp, replica). */
export function mergeBatches(batches: readonly Batch[]): Batch[] {
  const byReplica = new Map<number, Batch[]>();
  for (const batch of batches) {
    const own = byReplica.get(batch.replica) ?? [];
    own.push(batch);
    byReplica.set(batch.replica, own);
  }
  return [...byReplica.values()]
    .flatMap((own) => joinNeighbours(withoutDuplicates(own)))
    .sort((a, b) => a.first - b.first || a.replica - b.replica);
}

/** Batches of one replica by timestamp, without what an earlier one has. */
function withoutDuplicates(batches: Batch[]): Batch[] {
  const kept: Batch[] = [];
  let known = 0;
  for (const batch of batches.sort((a, b) => a.first - b.first || batchLast(b) - batchLast(a))) {
    if (batchLast(batch) <= known) continue;
    const isNew = batch.first > known || !canCut(batch, known + 1);
    kept.push(isNew ? batch : sliceBatch(batch, known + 1));
    known = batchLast(batch);
  }
  return kept;
}

/** By halves: joining one after the other would copy a growing list of operations each time. */
function joinNeighbours(batches: readonly Batch[]): Batch[] {
  if (batches.length < 2) return [...batches];
  const middle = batches.length >>> 1;
  const left = joinNeighbours(batches.slice(0, middle));
  const right = joinNeighbours(batches.slice(middle));
  const before = left.at(-1);
  const after = right[0];
  if (before === undefined || after === undefined) return [...left, ...right];
  const joined = highestReference(after) < before.first ? joinBatches(before, after) : null;
  return joined === null ? [...left, ...right] : [...left.slice(0, -1), joined, ...right.slice(1)];
}

/** Highest timestamp of other replicas that the batch refers to; 0 = none. */
export function highestReference({ replica, ops }: Batch): number {
  let highest = 0;
  for (const op of ops) {
    if (op.type === 'delete') {
      const last = op.target.timestamp + op.count - 1;
      if (op.target.replica !== replica) highest = Math.max(highest, last);
      continue;
    }
    for (const origin of [op.left, op.right]) {
      if (origin === null || origin === 'same' || origin.replica === replica) continue;
      highest = Math.max(highest, origin.timestamp);
    }
  }
  return highest;
}
