/**
 * The edits of one room on their way to the log: queued, in flight (one append at most), or in
 * doubt after an append with unknown outcome. While something is in doubt nothing else is appended,
 * so that the order of a replica's operations in the log is always the order in which it made them.
 */
import { type Batch, batchLast } from '../../proto/batch.ts';
import type { VersionVector } from '../causal/version-vector.ts';
import type { AppendId } from '../ids.ts';
import { rowBytes, takeRow } from './row-composer.ts';

/** What all rooms of a node have on their way to the log, bytes, about. */
export interface Backlog {
  bytes: number;
}

export class AppendPipeline {
  readonly #rowBytesMax: number;
  readonly #backlog: Backlog;
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
    /** Shared with the other rooms; counts what is here. */
    readonly backlog: Backlog;
    /** Sends a row on its way. */
    readonly append: (batches: readonly Batch[]) => AppendId;
  }) {
    this.#rowBytesMax = options.rowBytesMax;
    this.#backlog = options.backlog;
    this.#append = options.append;
  }

  /** Nothing is on its way. */
  get isEmpty(): boolean {
    return this.#queue.length === 0 && this.#inFlight === null && this.#inDoubt.length === 0;
  }

  push(batch: Batch): void {
    this.#queue.push(batch);
    this.#backlog.bytes += rowBytes(batch);
  }

  /** Sends the next row on its way, unless one is in flight or in doubt. */
  compose(): void {
    if (this.#inFlight !== null || this.#inDoubt.length > 0 || this.#queue.length === 0) return;
    const { batches, rest } = takeRow(this.#queue, {
      bytesMax: this.#rowBytesMax,
      oneReplica: this.#isolate > 0,
    });
    this.#isolate = Math.max(0, this.#isolate - 1);
    // Joined batches take less than they did apart.
    this.#release(this.#queue.slice(0, this.#queue.length - rest.length));
    this.#hold(batches);
    this.#queue = rest;
    this.#inFlight = { appendId: this.#append(batches), batches };
  }

  /** What the append carried, which is no longer in flight; null if it is not the one in flight. */
  end(appendId: AppendId): readonly Batch[] | null {
    if (this.#inFlight?.appendId !== appendId) return null;
    const { batches } = this.#inFlight;
    this.#inFlight = null;
    this.#release(batches);
    return batches;
  }

  /** Whether these are in the log will be known when it has been read to its head. */
  doubt(batches: readonly Batch[]): void {
    this.#inDoubt = batches;
    this.#hold(batches);
  }

  /** The log was read to its head, where `committed` is known: what it lacks is queued again. */
  resolve(committed: VersionVector): void {
    const missing = this.#inDoubt.filter(
      (batch) => batchLast(batch) > committed.get(batch.replica),
    );
    this.#release(this.#inDoubt);
    this.#inDoubt = [];
    this.#requeue(missing);
  }

  /** The log refused the row for what is in it: returns the guilty replica, or goes to find it. */
  refused(batches: readonly Batch[]): number | null {
    const replicas = new Set(batches.map(({ replica }) => replica));
    const [only] = replicas;
    if (replicas.size === 1 && only !== undefined) return only;
    this.#isolate = replicas.size;
    this.#requeue(batches);
    return null;
  }

  /** Forgets what is not in flight of a replica that has ended. */
  drop(replica: number): void {
    this.#queue = this.#without(replica, this.#queue);
    this.#inDoubt = this.#without(replica, this.#inDoubt);
  }

  /** Forgets everything: the history that it was for is over. */
  clear(): void {
    this.#release([...this.#queue, ...this.#inDoubt, ...(this.#inFlight?.batches ?? [])]);
    this.#queue = [];
    this.#inDoubt = [];
    this.#inFlight = null;
  }

  #requeue(batches: readonly Batch[]): void {
    this.#queue = [...batches, ...this.#queue];
    this.#hold(batches);
  }

  #without(replica: number, batches: readonly Batch[]): Batch[] {
    this.#release(batches.filter((batch) => batch.replica === replica));
    return batches.filter((batch) => batch.replica !== replica);
  }

  #hold(batches: readonly Batch[]): void {
    for (const batch of batches) this.#backlog.bytes += rowBytes(batch);
  }

  #release(batches: readonly Batch[]): void {
    for (const batch of batches) this.#backlog.bytes -= rowBytes(batch);
  }
}
