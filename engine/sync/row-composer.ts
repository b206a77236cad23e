/** Which of the queued batches become the next row of the log. */
import { type Batch, batchOperations, joinBatches } from '../../proto/batch.ts';

/**
 * The batches of the next row and those that stay: in order, adjoining ones of a replica joined, up
 * to about `bytesMax` (one batch always goes). `oneReplica`: stop before a second author.
 */
export function takeRow(
  queue: readonly Batch[],
  options: { readonly bytesMax: number; readonly oneReplica: boolean },
): { readonly batches: readonly Batch[]; readonly rest: Batch[] } {
  const batches: Batch[] = [];
  const last = new Map<number, number>();
  let size = 0;
  let taken = 0;
  for (const batch of queue) {
    const author = batches[0]?.replica ?? batch.replica;
    size += rowBytes(batch);
    if (
      taken > 0 &&
      (size > options.bytesMax || (options.oneReplica && batch.replica !== author))
    ) {
      break;
    }
    taken++;
    const at = last.get(batch.replica);
    const previous = at === undefined ? undefined : batches[at];
    const joined = previous === undefined ? null : joinBatches(previous, batch);
    if (joined !== null && at !== undefined) batches[at] = joined;
    else last.set(batch.replica, batches.push(batch) - 1);
  }
  return { batches, rest: queue.slice(taken) };
}

/** What a batch takes in a row and in memory, bytes, about. */
export function rowBytes(batch: Batch): number {
  return 2 * batchOperations(batch) + 16 * batch.ops.length;
}
