/**
 * Origins of spans: nearly always known from the order of the spans and the age of the characters.
 *
 * Whoever typed a character saw its left and right origins side by side. What stands between them
 * now came later, so
 *
 *   left origin    the nearest character before the span that is older than the span
 *   right origin   the nearest one after it that is older
 *   left child     if the right origin is newer than the left one: it hangs below it then
 *
 * where older is by timestamp. One walk each way with a stack finds all of them; only the spans of
 * concurrent typing at one place can differ, and are told in a list of exceptions:
 *
 *   (spans since the exception before, left + 1, right + 1, left child) …
 *
 * A predicted origin is older than its span by construction, a told one is checked.
 */
import { ColumnReader } from './column.ts';
import type { OperationTimes } from './operation-times.ts';
import type { SpansByNumber } from './snapshot-spans.ts';
import { flagLeftChild, type SpanColumns } from './snapshot-state.ts';

type Origins = Pick<SpanColumns, 'left' | 'right' | 'flags'>;

/** The exceptions. RangeError if an origin is not an older character. */
export function writeOrigins(
  spans: SpanColumns,
  byNumber: SpansByNumber,
  times: OperationTimes,
): number[] {
  const count = spans.start.length;
  const left = new Int32Array(count);
  const predicted = { left, right: new Int32Array(count), flags: new Uint8Array(count) };
  predictOrigins(spans, times, predicted);
  const exceptions: number[] = [];
  let end = 0;
  for (let span = 0; span < count; span++) {
    const leftOrigin = spans.left[span] as number;
    const right = spans.right[span] as number;
    const leftChild = (spans.flags[span] as number) & flagLeftChild;
    const isPredicted =
      leftOrigin === predicted.left[span] &&
      right === predicted.right[span] &&
      leftChild === predicted.flags[span];
    if (isPredicted) continue;
    const time = times.timeOf(spans.start[span] as number);
    const isAllowed =
      isOlder(leftOrigin, time, byNumber, times) && isOlder(right, time, byNumber, times);
    if (!isAllowed || (leftChild !== 0 && right === -1)) {
      throw new RangeError(
        `the span of ${spans.start[span]} has origins ${leftOrigin} and ${right}`,
      );
    }
    exceptions.push(span - end, leftOrigin + 1, right + 1, leftChild / flagLeftChild);
    end = span + 1;
  }
  return exceptions;
}

/** Fills in the origins and the flag. DecodeError unless the exceptions describe older ones. */
export function readOrigins(
  column: Int32Array,
  spans: SpanColumns,
  byNumber: SpansByNumber,
  times: OperationTimes,
): void {
  predictOrigins(spans, times, spans);
  const exceptions = new ColumnReader('origin_exceptions', column);
  for (let end = 0; exceptions.more; ) {
    const span = end + exceptions.next();
    if (span >= spans.start.length) throw exceptions.error(`${spans.start.length} spans`, span);
    const time = times.timeOf(spans.start[span] as number);
    for (const side of ['left', 'right'] as const) {
      const origin = exceptions.next() - 1;
      if (!isOlder(origin, time, byNumber, times)) {
        throw exceptions.error('an older character', origin);
      }
      spans[side][span] = origin;
    }
    const leftChild = exceptions.next();
    if (leftChild > 1 || (leftChild === 1 && spans.right[span] === -1)) {
      throw exceptions.error('0, or 1 with a right origin', leftChild);
    }
    const others = (spans.flags[span] as number) & ~flagLeftChild;
    spans.flags[span] = others | (leftChild * flagLeftChild);
    end = span + 1;
  }
}

/** Whether it is a character from before `time`, or the document's edge. */
function isOlder(
  origin: number,
  time: number,
  byNumber: SpansByNumber,
  times: OperationTimes,
): boolean {
  return origin === -1 || (byNumber.find(origin) !== -1 && times.timeOf(origin) < time);
}

/** The origins as they would be without concurrent typing; adds `flagLeftChild` to the flags. */
function predictOrigins(
  { start, length }: Pick<SpanColumns, 'start' | 'length'>,
  times: OperationTimes,
  { left, right, flags }: Origins,
): void {
  const count = start.length;
  const firstTimes = new Float64Array(count);
  const lastTimes = new Float64Array(count);
  /** Spans on this side of which the nearer ones are newer; the nearest last. */
  const stack = new Int32Array(count);
  let top = -1;
  for (let span = 0; span < count; span++) {
    const time = times.timeOf(start[span] as number);
    while (top >= 0 && (lastTimes[stack[top] as number] as number) >= time) top--;
    const origin = top < 0 ? -1 : (stack[top] as number);
    left[span] = origin < 0 ? -1 : (start[origin] as number) + (length[origin] as number) - 1;
    firstTimes[span] = time;
    lastTimes[span] = times.timeOf((start[span] as number) + (length[span] as number) - 1);
    stack[++top] = span;
  }
  top = -1;
  for (let span = count - 1; span >= 0; span--) {
    const time = firstTimes[span] as number;
    while (top >= 0 && (firstTimes[stack[top] as number] as number) >= time) top--;
    const origin = top < 0 ? -1 : (stack[top] as number);
    right[span] = origin < 0 ? -1 : (start[origin] as number);
    stack[++top] = span;
    if (origin < 0) continue;
    const leftOrigin = left[span] as number;
    const isNewer = leftOrigin < 0 || (firstTimes[origin] as number) > times.timeOf(leftOrigin);
    if (isNewer) flags[span] = (flags[span] as number) | flagLeftChild;
  }
}
