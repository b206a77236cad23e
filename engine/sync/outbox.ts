/**
 * Operations of this replica that are not known to be durable, in order. A resend may cut or join
 * batches differently; ids, bases and content never change.
 *
 * Beside them it knows when each batch was begun, by this client's wall clock. A batch that is sent
 * later than at once tells how long it was held: a difference, so that a wrong clock does not
 * matter. It is told to people and decides nothing.
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

/** A batch that is sent within this time was sent at once, and says nothing. */
const heldMsMin = 1000;

/** The batch that begins with timestamp `first` was begun at `wallMs`, ms since 1970. */
export interface TypingTime {
  readonly first: number;
  readonly wallMs: number;
}

export interface OutboxContent {
  /** Oldest first. */
  readonly batches: readonly Batch[];
  /** In their order; absent: when they were begun is not known. */
  readonly times?: readonly TypingTime[] | undefined;
}

export class Outbox {
  #batches: Batch[] = [];
  /** At most one more than there are batches. */
  #times: TypingTime[] = [];
  #operations = 0;

  get batches(): readonly Batch[] {
    return this.#batches;
  }

  get operations(): number {
    return this.#operations;
  }

  /** A copy of everything, for `restore`. */
  get content(): OutboxContent {
    return { batches: [...this.#batches], times: [...this.#times] };
  }

  /**
   * Fills the empty outbox with what was kept or, without times, with what became of what was taken
   * out of it.
   */
  restore({ batches, times = this.#times }: OutboxContent): void {
    this.#batches = [...batches];
    this.#times = [...times];
    this.#operations = batches.reduce((sum, batch) => sum + batchOperations(batch), 0);
  }

  /**
   * Adds a batch that was typed now, at `wallMs`; joins it to the last one unless that was sent
   * already (up to `sentThrough`).
   */
  push(batch: Batch, now: { readonly sentThrough: number; readonly wallMs: number }): void {
    this.#operations += batchOperations(batch);
    const last = this.#batches.at(-1);
    const joined =
      last === undefined || last.first <= now.sentThrough ? null : joinBatches(last, batch);
    if (last === undefined) this.#times = [];
    if (joined === null) {
      this.#batches.push(batch);
      this.#times.push({ first: batch.first, wallMs: now.wallMs });
    } else this.#batches[this.#batches.length - 1] = joined;
  }

  /**
   * The next piece after `sentThrough`, of at most about `operationsMax`, as it is sent at
   * `wallMs`; null if there is none.
   */
  next(
    sentThrough: number,
    by: { readonly operationsMax: number; readonly wallMs: number },
  ): Batch | null {
    const batch = this.#batches.find((candidate) => batchLast(candidate) > sentThrough);
    if (batch === undefined) return null;
    const from = Math.max(batch.first, sentThrough + 1);
    const to = partAt(batch, Math.min(batchLast(batch) + 1, from + by.operationsMax));
    const isWhole = from === batch.first && to > batchLast(batch);
    const piece = isWhole ? batch : sliceBatch(batch, from, to);
    const heldMs = Math.round(by.wallMs - this.#begunAt(batch.first));
    // Clocks jump, and a store may hold anything: nothing that is told to people stops an edit.
    return heldMs >= heldMsMin && Number.isSafeInteger(heldMs) ? { ...piece, heldMs } : piece;
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
    // The last one that is older may be of a batch of which a part is left.
    const next = this.#times.findIndex(({ first }) => first > through + 1);
    this.#times.splice(0, (next === -1 ? this.#times.length : next) - 1);
    return before - this.#operations;
  }

  /** Empties the outbox and returns what was in it; its times are kept for `restore`. */
  takeAll(): readonly Batch[] {
    const batches = this.#batches;
    this.#batches = [];
    this.#operations = 0;
    return batches;
  }

  /** When the batch that begins, or began, with this timestamp was begun; Infinity: not known. */
  #begunAt(first: number): number {
    return this.#times.findLast((time) => time.first <= first)?.wallMs ?? Infinity;
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
