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
 *
 * Only the spans with such characters are looked at, beside all deletions: O(k log n) for k spans,
 * and a byte per operation number.
 */

import type { Author } from './operation-numbers.ts';
import { PastState } from './past-state.ts';
import { ChangeList, type TextChange } from './text-change.ts';
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
  const author = state.numbers.find(replica);
  if (author === null) return [];
  const undone = numbersOf(state, author, ranges);
  const leftOut = state.numbers.authors.map((other) =>
    other === author ? undone : new Int32Array(0),
  );
  const without = new PastState(state, leftOut);
  const changes = new ChangeList();
  let grown = 0;
  for (const span of inOrder(state, touchedSpans(state, author, undone))) {
    grown += addChanges(state, without, span, grown, changes);
  }
  return changes.finish();
}

/**
 * Adds what happens to the span, when the text before it has become `grown` units longer; returns
 * by how much the span does.
 */
function addChanges(
  { spans, tree, units }: TextState,
  without: PastState,
  span: number,
  grown: number,
  changes: ChangeList,
): number {
  const isDeleted = spans.isDeleted(span);
  const start = spans.start(span);
  const end = spans.end(span);
  const first = tree.indexOf(span) + grown;
  let index = first;
  for (let number = start; number < end; ) {
    const next = without.runEnd(number, end, span);
    if (without.isShown) {
      if (isDeleted) changes.add(index, 0, units.text(number, next));
      index += next - number;
    } else if (!isDeleted) changes.add(index, next - number, '');
    number = next;
  }
  return index - first - spans.visible(span);
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

/** The spans with characters that the author's operations in the ranges inserted or deleted. */
function touchedSpans(state: TextState, author: Author, ranges: Int32Array): ReadonlySet<number> {
  const touched = new Set<number>();
  for (let range = 0; range < ranges.length; range += 2) {
    const end = ranges[range + 1] as number;
    let number = ranges[range] as number;
    for (let at = Math.max(0, state.numbers.stretchOf(author, number)); number < end; at++) {
      if (at === author.stretchCount) break;
      const start = author.numbers[at * 2] as number;
      const last = Math.min(end, start + (author.numbers[at * 2 + 1] as number));
      number = Math.max(number, start);
      while (number < last) number += touch(state, author, number, last, touched);
    }
  }
  return touched;
}

/** Adds the spans that the operations from `number` on touched; returns how many those are. */
function touch(
  { deletions, spans }: TextState,
  { index }: Author,
  number: number,
  end: number,
  touched: Set<number>,
): number {
  const span = spans.find(number);
  if (span >= 0) {
    touched.add(span);
    return spans.end(span) - number;
  }
  const run = deletions.floor(index, number);
  const length = deletions.length(index, run);
  const passed = number - deletions.start(index, run);
  const count = Math.min(length - passed, end - number);
  const offset = deletions.isReversed(index, run) ? length - passed - count : passed;
  const target = deletions.target(index, run) + offset;
  for (let hit = target; hit < target + count; ) {
    const hitSpan = spans.find(hit);
    touched.add(hitSpan);
    hit = spans.end(hitSpan);
  }
  return count;
}

/** The spans in document order. */
function inOrder(state: TextState, spans: ReadonlySet<number>): number[] {
  return [...spans]
    .map((span) => ({ span, rank: state.rank(state.spans.start(span)) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ span }) => span);
}
