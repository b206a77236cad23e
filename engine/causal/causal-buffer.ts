/**
 * Batches that came before the operations they rest on. Each waits for one operation; when that is
 * here it is tried again, and may then wait for another one.
 *
 * Bounded: a sender that leaves something out for ever must not fill the memory. Batches come out
 * by (first timestamp, replica), whatever the order in which they came. Whether a batch is ready is
 * decided by who asks.
 */
import { type Batch, batchLast, type OpId } from '../../proto/batch.ts';
import { assert } from '../assert.ts';

interface Waiting {
  readonly batch: Batch;
  readonly timestamp: number;
}

export class CausalBuffer {
  readonly #sizeMax: number;
  /** Batches by the replica whose operation they wait for. */
  readonly #waiting = new Map<number, Waiting[]>();
  readonly #held = new Set<string>();

  /** Holds at most `sizeMax` (≥ 0) batches. */
  constructor(sizeMax: number) {
    assert(sizeMax >= 0, `a buffer of ${sizeMax} batches`);
    this.#sizeMax = sizeMax;
  }

  /** Batches that wait. */
  get size(): number {
    return this.#held.size;
  }

  /** The operations that are waited for, by replica, then timestamp; each once. */
  get missing(): readonly OpId[] {
    const found: OpId[] = [];
    for (const [replica, waiting] of [...this.#waiting].sort(([a], [b]) => a - b)) {
      const timestamps = new Set(waiting.map(({ timestamp }) => timestamp));
      for (const timestamp of [...timestamps].sort((a, b) => a - b)) {
        found.push({ timestamp, replica });
      }
    }
    return found;
  }

  /** Keeps the batch until `missing` is here; false if there is no room. A duplicate takes none. */
  add(batch: Batch, missing: OpId): boolean {
    const key = keyOf(batch);
    if (this.#held.has(key)) return true;
    if (this.#held.size >= this.#sizeMax) return false;
    this.#held.add(key);
    const waiting = this.#waiting.get(missing.replica) ?? [];
    waiting.push({ batch, timestamp: missing.timestamp });
    this.#waiting.set(missing.replica, waiting);
    return true;
  }

  /**
   * Takes out the batches that waited for an operation of `replica` up to `timestamp`, in order.
   */
  release(replica: number, timestamp: number): readonly Batch[] {
    const waiting = this.#waiting.get(replica);
    if (waiting === undefined) return [];
    const kept = waiting.filter((entry) => entry.timestamp > timestamp);
    if (kept.length === 0) this.#waiting.delete(replica);
    else this.#waiting.set(replica, kept);
    const released = waiting
      .filter((entry) => entry.timestamp <= timestamp)
      .map(({ batch }) => batch)
      .sort((a, b) => a.first - b.first || a.replica - b.replica);
    for (const batch of released) this.#held.delete(keyOf(batch));
    return released;
  }
}

function keyOf(batch: Batch): string {
  return `${batch.replica}.${batch.first}.${batchLast(batch)}`;
}
