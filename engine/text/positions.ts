/**
 * Places in the visible text in other measures: line and column, code points; and what is no place.
 *
 * The tree knows line feeds and low halves of surrogate pairs below each node, so an answer is a
 * way up or down and a look into one span, twice at most: O(log n), however long a line is.
 *
 * A line ends with its line feed, which is its last unit (a carriage return before it is a part of
 * the line); so there is one line more than there are line feeds. Lines and columns count from 1,
 * columns in UTF-16 units; the last column of a line is the one before its line feed.
 */
import { lineFeedsSum, lowHalvesSum, type SumField, visibleSum } from './span-tree.ts';
import type { TextState } from './text-state.ts';

export interface LineColumn {
  readonly line: number;
  readonly column: number;
}

/** RangeError unless `index` is 0 … length. */
function checkIndex({ tree }: TextState, index: number): void {
  const length = tree.total(visibleSum);
  if (Number.isSafeInteger(index) && index >= 0 && index <= length) return;
  throw new RangeError(`index ${index} is not inside a text of ${length} units`);
}

/** RangeError unless `index` is 0 … length and no pair is cut there. */
export function checkBoundary(state: TextState, index: number): void {
  checkIndex(state, index);
  const { spans, tree, units } = state;
  if (units.isNarrow || index === tree.total(visibleSum)) return;
  const span = tree.at(index);
  if (!units.cutsPair(spans.start(span) + tree.offset)) return;
  throw new RangeError(`index ${index} is inside a surrogate pair`);
}

export function lineCount({ tree }: TextState): number {
  return tree.total(lineFeedsSum) + 1;
}

/** See Document. */
export function lineColumnAt(state: TextState, index: number): LineColumn {
  checkIndex(state, index);
  const line = sumTo(state, index, lineFeedsSum) + 1;
  return { line, column: index - lineStart(state, line) + 1 };
}

/** See Document. */
export function indexAt(state: TextState, { line, column }: LineColumn): number {
  const lines = lineCount(state);
  if (!(Number.isSafeInteger(line) && line >= 1 && line <= lines)) {
    throw new RangeError(`line ${line} is not one of ${lines}`);
  }
  const start = lineStart(state, line);
  const end = line < lines ? lineStart(state, line + 1) - 1 : state.tree.total(visibleSum);
  if (!(Number.isSafeInteger(column) && column >= 1 && column <= end - start + 1)) {
    throw new RangeError(`column ${column} is not in line ${line}, of ${end - start} units`);
  }
  return start + column - 1;
}

/** Index of the line's first unit. */
function lineStart({ spans, tree, units }: TextState, line: number): number {
  if (line === 1) return 0;
  const span = tree.seek(lineFeedsSum, line - 2);
  const rest = tree.offset;
  const start = spans.start(span);
  const lineFeeds = (offset: number) => units.lineFeedsIn(start, start + offset);
  return tree.indexOf(span) + lastOffset(spans.length(span), rest, lineFeeds) + 1;
}

/** See Document. */
export function codePointIndex(state: TextState, index: number): number {
  checkBoundary(state, index);
  return index - sumTo(state, index, lowHalvesSum);
}

/** See Document. */
export function indexOfCodePoint(state: TextState, count: number): number {
  const { spans, tree, units } = state;
  const length = tree.total(visibleSum);
  const codePoints = length - tree.total(lowHalvesSum);
  if (!(Number.isSafeInteger(count) && count >= 0 && count <= codePoints)) {
    throw new RangeError(`${count} is not in a text of ${codePoints} code points`);
  }
  if (count === codePoints) return length;
  const span = tree.seekCodePoint(count);
  const rest = tree.offset;
  const start = spans.start(span);
  const codePointsTo = (offset: number) => offset - units.lowHalvesIn(start, start + offset);
  return tree.indexOf(span) + lastOffset(spans.length(span), rest, codePointsTo);
}

/** Sum over the visible units before `index`. */
function sumTo({ spans, tree, units }: TextState, index: number, field: SumField): number {
  if (index === tree.total(visibleSum)) return tree.total(field);
  const span = tree.at(index);
  const start = spans.start(span);
  const end = start + tree.offset;
  const rest =
    field === lineFeedsSum ? units.lineFeedsIn(start, end) : units.lowHalvesIn(start, end);
  return tree.before(span, field) + rest;
}

/** The last offset below `length` up to which no more than `count` are counted; it rises. */
function lastOffset(length: number, count: number, countedTo: (offset: number) => number): number {
  let low = 0;
  let high = length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (countedTo(middle) <= count) low = middle;
    else high = middle - 1;
  }
  return low;
}
