/**
 * When which item is due: a binary heap, so that a node with many rooms asks only the next one.
 * An item has one deadline; an entry of the heap that is no longer its deadline is dropped when it
 * comes up. Setting costs O(log n); entries left behind are at most one per change.
 */
interface Entry<T> {
  readonly item: T;
  readonly dueMs: number;
}

/** The earliest of these deadlines; null = none. */
export function earliestOf(...deadlines: readonly (number | null)[]): number | null {
  let earliest = Infinity;
  for (const due of deadlines) {
    if (due !== null && due < earliest) earliest = due;
  }
  return earliest === Infinity ? null : earliest;
}

export class DeadlineQueue<T> {
  readonly #dueMs = new Map<T, number>();
  readonly #heap: Entry<T>[] = [];

  /** The earliest deadline; null if there is none. */
  get nextMs(): number | null {
    this.#dropStale();
    return this.#heap[0]?.dueMs ?? null;
  }

  /** Replaces the item's deadline; null = none. */
  set(item: T, dueMs: number | null): void {
    if (dueMs === null) this.#dueMs.delete(item);
    else if (this.#dueMs.get(item) !== dueMs) {
      this.#dueMs.set(item, dueMs);
      this.#push({ item, dueMs });
    }
  }

  /** Takes out the items that are due at `nowMs`, earliest first; they have no deadline then. */
  takeDue(nowMs: number): T[] {
    const due: T[] = [];
    for (let next = this.nextMs; next !== null && next <= nowMs; next = this.nextMs) {
      const entry = this.#pop();
      if (entry === undefined) break;
      this.#dueMs.delete(entry.item);
      due.push(entry.item);
    }
    return due;
  }

  #dropStale(): void {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (this.#dueMs.get(top.item) === top.dueMs) return;
      this.#pop();
    }
  }

  #push(entry: Entry<T>): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.dueMs <= entry.dueMs) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): Entry<T> | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const isRight = right !== undefined && left !== undefined && right.dueMs < left.dueMs;
      const child = isRight ? right : left;
      if (child === undefined || child.dueMs >= last.dueMs) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
    return top;
  }
}
