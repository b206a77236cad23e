/** Which of the queued batches become the next row of the log. */
import { type Batch, batchOperations, joinBatches } from '../../proto/batch.ts';
import { must } from '../assert.ts';

/**
 * The batches of the next row and those that stay: in order, adjoining ones of a replica joined, up
 * to about `bytesMax` (one batch always goes). `oneReplica`: stop before a second author.
 */
export function takeRow(
  queue: readonly Batch[],
  options: { readonly bytesMax: number; readonly oneReplica: boolean },
): { readonly batches: readonly Batch[]; readonly rest: Batch[] } {
  const chains: Batch[][] = [];
  const last = new Map<number, Batch[]>();
  let size = 0;
  let taken = 0;
  for (const batch of queue) {
    const author = queue[0]?.replica;
    size += rowBytes(batch);
    if (
      taken > 0 &&
      (size > options.bytesMax || (options.oneReplica && batch.replica !== author))
    ) {
      break;
    }
    taken++;
    const chain = last.get(batch.replica) ?? [];
    const previous = chain.at(-1);
    if (previous !== undefined && joinBatches(previous, batch) !== null) chain.push(batch);
    else {
      const begun = [batch];
      chains.push(begun);
      last.set(batch.replica, begun);
    }
  }
  return { batches: chains.map(joinAll), rest: queue.slice(taken) };
}

/** Batches of which each follows the one before, as one; by halves, because a join copies both. */
function joinAll(batches: readonly Batch[]): Batch {
  const [only] = batches;
  if (only !== undefined && batches.length === 1) return only;
  const half = batches.length >>> 1;
  const joined = joinBatches(joinAll(batches.slice(0, half)), joinAll(batches.slice(half)));
  return must(joined, 'neighbours that can be joined');
}

/** What a batch takes in a row and in memory, bytes, about. */
export function rowBytes(batch: Batch): number {
  return 2 * batchOperations(batch) + 16 * batch.ops.length;
}
