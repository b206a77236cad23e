/**
 * What an editor that knows only texts needs: which splice made one text out of another, and where
 * places and splices are after changes by others.
 */
import type { TextChange } from '../engine/text/text-change.ts';
import { cutsPair } from '../proto/text.ts';

/**
 * The one splice that makes `after` out of `before`; null if they are equal. Where several would do
 * ("aa" to "aaa"), the one that ends at the caret, an index in `after`. Cuts no surrogate pair.
 */
export function difference(before: string, after: string, caret: number): TextChange | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let tail = commonTail(before, after, Math.min(shorter, after.length - caret));
  let head = commonHead(before, after, shorter - tail);
  // All that stands behind the caret is the same, and more: the change lies before the caret.
  if (tail === after.length - caret) tail = commonTail(before, after, shorter - head);
  if (cutsPair(before, head) || cutsPair(after, head)) head--;
  if (cutsPair(before, before.length - tail) || cutsPair(after, after.length - tail)) tail--;
  const inserted = after.slice(head, after.length - tail);
  return { index: head, deleted: before.length - tail - head, inserted };
}

/**
 * Where a caret at `index` is after the changes: text that appears at the caret stands behind it,
 * text that replaces what was left of it before it. As an anchor to the unit on the left would have
 * it.
 */
export function moveIndex(index: number, changes: readonly TextChange[]): number {
  let moved = index;
  for (const { index: start, deleted, inserted } of changes) {
    const end = start + deleted;
    if (moved <= start) continue;
    moved = moved >= end ? moved + inserted.length - deleted : start;
  }
  return moved;
}

/**
 * The splice after the changes, as splices to be made in order, the insertion last: it deletes what
 * it was to delete and is still there, but nothing that the changes put in between.
 */
export function rebase(splice: TextChange, changes: readonly TextChange[]): readonly TextChange[] {
  let ranges = [{ start: splice.index, end: splice.index + splice.deleted }];
  for (const change of changes) {
    ranges = ranges.flatMap((range) => moveRange(range, change));
  }
  const splices = ranges.reverse().flatMap(({ start, end }) => {
    return end > start ? [{ index: start, deleted: end - start, inserted: '' }] : [];
  });
  if (splice.inserted === '') return splices;
  const index = moveIndex(splice.index, changes);
  return [...splices, { index, deleted: 0, inserted: splice.inserted }];
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** What is left of a range, in one piece or, around an insertion, in two. */
function moveRange({ start, end }: Range, { index, deleted, inserted }: TextChange): Range[] {
  const after = (place: number): number =>
    place <= index ? place : Math.max(index, place - deleted);
  const left = { start: after(start), end: after(end) };
  const { length } = inserted;
  if (index <= left.start) return [{ start: left.start + length, end: left.end + length }];
  if (index >= left.end) return [left];
  return [
    { start: left.start, end: index },
    { start: index + length, end: left.end + length },
  ];
}

function commonHead(a: string, b: string, unitsMax: number): number {
  let units = 0;
  while (units < unitsMax && a.charCodeAt(units) === b.charCodeAt(units)) units++;
  return units;
}

function commonTail(a: string, b: string, unitsMax: number): number {
  let units = 0;
  while (units < unitsMax && a.at(-1 - units) === b.at(-1 - units)) units++;
  return units;
}
