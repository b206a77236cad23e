/**
 * The edits of one room on their way to the log: queued, in flight (one append at most), or in
 * doubt after an append with unknown outcome. While something is in doubt nothing else is appended,
 * so that the order of a replica's operations in the log is always the order in which it made them.
 */
import { type Batch, batchLast } from '../../proto/batch.ts';
import type { VersionVector } from '../causal/version-vector.ts';
import type { AppendId } from '../ids.ts';
import { takeRow } from './row-composer.ts';

export class AppendPipeline {
  readonly #rowBytesMax: number;
  readonly #append: (batches: readonly Batch[]) => AppendId;
  #queue: Batch[] = [];
  #inFlight: { readonly appendId: AppendId; readonly batches: readonly Batch[] } | null = null;
  #inDoubt: readonly Batch[] = [];
  /**
   * Rows that are to hold one replica's batches only, until a refused row's guilty one is found.
   */
  #isolate = 0;

  constructor(options: {
    readonly rowBytesMax: number;
    /** Sends a row on its way. */
    readonly append: (batches: readonly Batch[]) => AppendId;
  }) {
    this.#rowBytesMax = options.rowBytesMax;
    this.#append = options.append;
  }

  /** Nothing is on its way. */
  get isEmpty(): boolean {
    return this.#queue.length === 0 && this.#inFlight === null && this.#inDoubt.length === 0;
  }

  push(batch: Batch): void {
    this.#queue.push(batch);
  }

  /** Sends the next row on its way, unless one is in flight or in doubt. */
  compose(): void {
    if (this.#inFlight !== null || this.#inDoubt.length > 0 || this.#queue.length === 0) return;
    const { batches, rest } = takeRow(this.#queue, {
      bytesMax: this.#rowBytesMax,
      oneReplica: this.#isolate > 0,
    });
    this.#isolate = Math.max(0, this.#isolate - 1);
    this.#queue = rest;
    this.#inFlight = { appendId: this.#append(batches), batches };
  }

  /** What the append carried, which is no longer in flight; null if it is not the one in flight. */
  end(appendId: AppendId): readonly Batch[] | null {
    if (this.#inFlight?.appendId !== appendId) return null;
    const { batches } = this.#inFlight;
    this.#inFlight = null;
    return batches;
  }

  /** Whether these are in the log will be known when it has been read to its head. */
  doubt(batches: readonly Batch[]): void {
    this.#inDoubt = batches;
  }

  /** The log was read to its head, where `committed` is known: what it lacks is queued again. */
  resolve(committed: VersionVector): void {
    const missing = this.#inDoubt.filter(
      (batch) => batchLast(batch) > committed.get(batch.replica),
    );
    this.#queue = [...missing, ...this.#queue];
    this.#inDoubt = [];
  }

  /** The log refused the row for what is in it: returns the guilty replica, or goes to find it. */
  refused(batches: readonly Batch[]): number | null {
    const replicas = new Set(batches.map(({ replica }) => replica));
    const [only] = replicas;
    if (replicas.size === 1 && only !== undefined) return only;
    this.#isolate = replicas.size;
    this.#queue = [...batches, ...this.#queue];
    return null;
  }

  /** Forgets what is not in flight of a replica that has ended. */
  drop(replica: number): void {
    this.#queue = this.#queue.filter((batch) => batch.replica !== replica);
    this.#inDoubt = this.#inDoubt.filter((batch) => batch.replica !== replica);
  }
}
