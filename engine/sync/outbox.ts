/**
 * Operations of this replica that are not known to be durable, in order. A resend may cut or join
 * batches differently; ids, bases and content never change.
 */
import {
  type Batch,
  batchLast,
  batchOperations,
  canCut,
  joinBatches,
  sliceBatch,
} from '../../proto/batch.ts';
import { cutsPair } from '../../proto/text.ts';
import { operationAt } from './same-operations.ts';

export class Outbox {
  #batches: Batch[] = [];
  #operations = 0;

  get batches(): readonly Batch[] {
    return this.#batches;
  }

  get operations(): number {
    return this.#operations;
  }

  /** Adds a batch; joins it to the last one unless that was sent already (up to `sentThrough`). */
  push(batch: Batch, sentThrough: number): void {
    this.#operations += batchOperations(batch);
    const last = this.#batches.at(-1);
    const joined =
      last === undefined || last.first <= sentThrough ? null : joinBatches(last, batch);
    if (joined === null) this.#batches.push(batch);
    else this.#batches[this.#batches.length - 1] = joined;
  }

  /**
   * The next piece after `sentThrough`, of at most about `operationsMax`; null if there is none.
   */
  next(sentThrough: number, operationsMax: number): Batch | null {
    const batch = this.#batches.find((candidate) => batchLast(candidate) > sentThrough);
    if (batch === undefined) return null;
    const from = Math.max(batch.first, sentThrough + 1);
    const to = partAt(batch, Math.min(batchLast(batch) + 1, from + operationsMax));
    return from === batch.first && to > batchLast(batch) ? batch : sliceBatch(batch, from, to);
  }

  /**
   * Whether `through` lies between the halves of a pair: nobody who has these operations settles so
   * much of them.
   */
  parts(through: number): boolean {
    const batch = this.#batches.find((candidate) => batchLast(candidate) > through);
    return batch !== undefined && batch.first <= through && !canCut(batch, through + 1);
  }

  /** Everything up to `through` is durable; returns how many operations that settles. */
  settle(through: number): number {
    const before = this.#operations;
    while (this.#batches.length > 0) {
      const first = this.#batches[0];
      if (first === undefined || first.first > through) break;
      if (batchLast(first) <= through) {
        this.#batches.shift();
        this.#operations -= batchOperations(first);
      } else {
        this.#batches[0] = sliceBatch(first, through + 1);
        this.#operations -= through + 1 - first.first;
      }
    }
    return before - this.#operations;
  }

  /** Empties the outbox and returns what was in it. */
  takeAll(): readonly Batch[] {
    const batches = this.#batches;
    this.#batches = [];
    this.#operations = 0;
    return batches;
  }
}

/**
 * Where the batch may be sent in two pieces: at `timestamp` or next after it. Never inside a run of
 * deletions: it is small however many it deletes, and it does not say where the halves of a pair
 * are.
 */
function partAt(batch: Batch, timestamp: number): number {
  const op = operationAt(batch, timestamp);
  if (op === null || op.timestamp === timestamp) return timestamp;
  if (op.type === 'delete') return op.timestamp + op.count;
  return cutsPair(op.text, timestamp - op.timestamp) ? timestamp + 1 : timestamp;
}
