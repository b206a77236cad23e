/**
 * The replicas of one document in order of first appearance in its log. Frames name a replica by
 * its position here (1, 2, 3, …) instead of its 53-bit id. The fold alone adds to it, so that every
 * node and every client that folds the same rows has the same table.
 */
import type { Binding } from '../../proto/batch.ts';
import { assert } from '../assert.ts';

export interface TableEntry {
  readonly replica: number;
  /** LSN of the row in which it first appeared. */
  readonly since: number;
  readonly binding: Binding | null;
}

export class ReplicaTable {
  readonly #entries: TableEntry[] = [];
  readonly #indexes = new Map<number, number>();

  get entries(): readonly TableEntry[] {
    return this.#entries;
  }

  add(entry: TableEntry): void {
    assert(!this.#indexes.has(entry.replica), `replica ${entry.replica} is in the table already`);
    this.#entries.push(entry);
    this.#indexes.set(entry.replica, this.#entries.length);
  }

  /** The frame index of a replica, 0 if it has not appeared. */
  indexOf(replica: number): number {
    return this.#indexes.get(replica) ?? 0;
  }

  /** The replica id of a frame index, 0 if there is none. */
  replicaAt(index: number): number {
    return this.#entries[index - 1]?.replica ?? 0;
  }

  entryOf(replica: number): TableEntry | null {
    return this.#entries[this.indexOf(replica) - 1] ?? null;
  }

  /**
   * Replicas that first appeared in the row at `lsn`, in order: binary search, `since` never falls.
   */
  introducedAt(lsn: number): number[] {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.since ?? 0) < lsn) low = middle + 1;
      else high = middle;
    }
    const found: number[] = [];
    for (let i = low; this.#entries[i]?.since === lsn; i++) {
      found.push(this.#entries[i]?.replica ?? 0);
    }
    return found;
  }
}
