/**
 * Undo material: what takes back some of one's own operations, and nothing else.
 *
 * It is the difference between the present and the same history without them. A character that they
 * inserted goes, if it still shows. A character that they deleted comes back, unless it was hit by
 * another deletion too, or was theirs: a tombstone stays one, so it comes back as a new character
 * that is inserted where the tombstone stands. What others inserted stays, also inside a range that
 * goes, and text that comes back stands around it as it did before.
 *
 * Undo is an edit like others, and undoing its operations is redo. But new characters do not know
 * of which ones they are copies; so who takes back edits one after the other, the last one first,
 * takes back each time all own operations from the one to undo up to now, undos included:
 *
 *   edit    insert "ab"   delete "b"    undo                  undo again
 *   time    1 … 2         3             4                     5
 *   invert                              [3, 3]: inserts "b"   [1, 4]: deletes "ab"
 */

import { changesFrom } from './history.ts';
import type { Author } from './operation-numbers.ts';
import { PastState } from './past-state.ts';
import type { TextChange } from './text-change.ts';
import type { TextState } from './text-state.ts';

/** Timestamps `from` … `to` (inclusive, maybe Infinity) of one replica; some may not be used. */
export interface TimestampRange {
  readonly from: number;
  readonly to: number;
}

/** See Document. */
export function invert(
  state: TextState,
  replica: number,
  ranges: readonly TimestampRange[],
): readonly TextChange[] {
  const since = state.since.get(replica);
  for (const { from, to } of ranges) {
    if (!(from >= 1 && from <= to)) throw new RangeError(`[${from}, ${to}] is not a range of time`);
    if (from <= since) {
      throw new RangeError(`saved without history: up to ${since} nothing can be taken back`);
    }
  }
  const undone = state.numbers.find(replica);
  const leftOut = state.numbers.authors.map((author) =>
    author === undone ? numbersOf(state, author, ranges) : new Int32Array(0),
  );
  const present = state.numbers.authors.map(() => new Int32Array(0));
  return changesFrom(state, new PastState(state, present), new PastState(state, leftOut));
}

/** The ranges as [start, end) of the author's numbers, pair by pair, rising, none that touch. */
function numbersOf(
  { numbers }: TextState,
  author: Author,
  ranges: readonly TimestampRange[],
): Int32Array {
  const edges: number[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const start = numbers.bound(author, from - 1);
    const end = numbers.bound(author, to);
    const last = edges.length - 1;
    if (last > 0 && start <= (edges[last] ?? 0)) edges[last] = Math.max(end, edges[last] ?? 0);
    else if (start < end) edges.push(start, end);
  }
  return Int32Array.from(edges);
}
