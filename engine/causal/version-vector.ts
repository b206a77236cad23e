/**
 * Version vector: replica → last timestamp, the logical time of a state.
 *
 * A replica's operations are known without a hole (a batch names its gap), so its last timestamp
 * stands for all operations up to it. A replica that was never seen has timestamp 0. Does not know
 * which timestamps exist: a gap below the last timestamp counts as included.
 */
import type { OpId } from '../../proto/batch.ts';
import { assert } from '../assert.ts';

export type VersionOrder = 'equal' | 'before' | 'after' | 'concurrent';

export class VersionVector {
  readonly #last = new Map<number, number>();

  /** A vector with these (replica, last timestamp) pairs. */
  static from(entries: Iterable<readonly [number, number]>): VersionVector {
    const vector = new VersionVector();
    for (const [replica, timestamp] of entries) vector.observe(replica, timestamp);
    return vector;
  }

  /** Last timestamp of the replica; 0 = never seen. */
  get(replica: number): number {
    return this.#last.get(replica) ?? 0;
  }

  /** Raises the replica's last timestamp to at least `timestamp` (≥ 0). */
  observe(replica: number, timestamp: number): void {
    assert(timestamp >= 0, `timestamp ${timestamp} is negative`);
    if (timestamp > this.get(replica)) this.#last.set(replica, timestamp);
  }

  includes(id: OpId): boolean {
    return id.timestamp <= this.get(id.replica);
  }

  /** The least vector that has what either has; a new object. */
  join(other: VersionVector): VersionVector {
    const joined = this.clone();
    for (const [replica, timestamp] of other.#last) joined.observe(replica, timestamp);
    return joined;
  }

  /** The greatest vector that both have; a new object. */
  meet(other: VersionVector): VersionVector {
    const met = new VersionVector();
    for (const [replica, timestamp] of this.#last) {
      met.observe(replica, Math.min(timestamp, other.get(replica)));
    }
    return met;
  }

  /**
   * Where this vector stands relative to `other`: 'before' means that other has all of it and more.
   */
  compare(other: VersionVector): VersionOrder {
    const within = this.#isWithin(other);
    const around = other.#isWithin(this);
    if (within) return around ? 'equal' : 'before';
    return around ? 'after' : 'concurrent';
  }

  equals(other: VersionVector): boolean {
    return this.compare(other) === 'equal';
  }

  clone(): VersionVector {
    return VersionVector.from(this.#last);
  }

  /** (replica, last timestamp) pairs, by replica. */
  entries(): readonly (readonly [number, number])[] {
    return [...this.#last].sort((a, b) => a[0] - b[0]);
  }

  #isWithin(other: VersionVector): boolean {
    for (const [replica, timestamp] of this.#last) {
      if (timestamp > other.get(replica)) return false;
    }
    return true;
  }
}
