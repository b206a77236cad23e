/**
 * Spans as columns: how they stand in the document, told through the order in which they were
 * typed.
 *
 *   typed     numbers  0 1 2 3 4   5 6   7      "hello", two backspaces, "p"
 *   chains             h e l l o   (2)   p      characters that were typed one after the other;
 *                      chain 0     gap   chain 1   numbers between chains are deletions
 *   document           hel p lo                 spans 0 … 2, 7, 3 … 4 (deleted)
 *
 * A chain is a run of numbers of which each is the right child of the one before: a span, or
 * several between which later typing went. What stands between two pieces was hung into the chain
 * later, so chains nest: a piece that does not begin a chain goes on with the last one that is not
 * complete.
 *
 * Columns by number: `chain_gaps`, `chain_lengths`. By document order, one token for each span:
 *
 *   (begin × 3 + extent) × 2 + deleted
 *   begin   0 goes on with the innermost chain that is not complete
 *           1 begins the chain after the one of the span before; 2 the one at `chain_steps` from it
 *   extent  0 all that is left of the chain, 2 a length in `span_lengths`
 *           1 all but as many as were deleted before the next chain: typed, taken back, typed anew
 *
 * Tiling comes free: decoded spans never overlap and have every character of every chain.
 */
import { ColumnReader, unzigzag, zigzag } from './column.ts';
import type { OperationTimes } from './operation-times.ts';
import { flagDeleted, flagLeftChild, type SpanColumns } from './snapshot-state.ts';

const goesOn = 0;
const beginsNext = 1;
const beginsOther = 2;
const extentAll = 0;
const extentTakenBack = 1;
const extentTold = 2;

/** Positions of the spans in order of their numbers. */
export class SpansByNumber {
  readonly order: Int32Array;
  readonly #spans: Pick<SpanColumns, 'start' | 'length'>;

  constructor(spans: Pick<SpanColumns, 'start' | 'length'>, order: Int32Array) {
    this.#spans = spans;
    this.order = order;
  }

  /** Position of the span that holds the number; -1 if it is no character. */
  find(number: number): number {
    const { start, length } = this.#spans;
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((start[this.order[middle] as number] as number) <= number) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return -1;
    const span = this.order[low - 1] as number;
    return number < (start[span] as number) + (length[span] as number) ? span : -1;
  }
}

/** The columns of a message, as numbers to write or as read. */
export interface SpanMessage<Column> {
  readonly chainGaps: Column;
  readonly chainLengths: Column;
  readonly tokens: Column;
  readonly chainSteps: Column;
  readonly spanLengths: Column;
}

/** Chain of each span, by first appearance, and their numbers. */
interface Chains {
  readonly chainOf: Int32Array;
  readonly starts: number[];
  readonly ends: number[];
}

/** RangeError if the spans overlap or one is not within the numbers of one author. */
export function writeSpans(
  spans: SpanColumns,
  times: OperationTimes,
): { message: SpanMessage<number[]>; byNumber: SpansByNumber } {
  const { chainOf, starts, ends } = chainsOf(spans, times);
  const byStart = starts.map((_, chain) => chain);
  byStart.sort((a, b) => (starts[a] as number) - (starts[b] as number));
  const ranks = new Int32Array(starts.length);
  const chainGaps: number[] = [];
  const chainLengths: number[] = [];
  let end = 0;
  for (const [rank, chain] of byStart.entries()) {
    const start = starts[chain] as number;
    if (start < end) throw new RangeError(`two characters have the number ${start}`);
    ranks[chain] = rank;
    chainGaps.push(start - end);
    end = ends[chain] as number;
    chainLengths.push(end - start);
  }
  const order = new NumberOrder(chainGaps.length, chainOf.length);
  const tokens: number[] = [];
  const chainSteps: number[] = [];
  const spanLengths: number[] = [];
  let before = -1;
  for (const [span, chain] of chainOf.entries()) {
    const rank = ranks[chain] as number;
    const start = spans.start[span] as number;
    const length = spans.length[span] as number;
    const rest = (ends[chain] as number) - start;
    const isFirst = start === starts[chain];
    const begin = isFirst ? (rank === before + 1 ? beginsNext : beginsOther) : goesOn;
    if (begin === beginsOther) chainSteps.push(zigzag(rank - before - 1));
    const takenBack = rest - (chainGaps[rank + 1] ?? 0);
    const extent =
      length === rest ? extentAll : length === takenBack ? extentTakenBack : extentTold;
    if (extent === extentTold) spanLengths.push(length);
    tokens.push((begin * 3 + extent) * 2 + ((spans.flags[span] as number) & flagDeleted));
    order.add(rank);
    before = rank;
  }
  const message = { chainGaps, chainLengths, tokens, chainSteps, spanLengths };
  return { message, byNumber: new SpansByNumber(spans, order.finish()) };
}

function chainsOf(spans: SpanColumns, times: OperationTimes): Chains {
  const { start: spanStart, length: spanLength, left, flags } = spans;
  const chainOf = new Int32Array(spanStart.length);
  const starts: number[] = [];
  const ends: number[] = [];
  /** Chains that may go on, innermost last, and where the one that ends at a number is in it. */
  const open: number[] = [];
  const places = new Map<number, number>();
  for (let span = 0; span < spanStart.length; span++) {
    const start = spanStart[span] as number;
    const end = start + (spanLength[span] as number);
    if (start < 0 || end <= start || end > times.end || !isOneAuthors(times, start, end)) {
      throw new RangeError(`a span of ${start} … ${end - 1} is not one author's`);
    }
    const isRightChild =
      left[span] === start - 1 && ((flags[span] as number) & flagLeftChild) === 0;
    const place = isRightChild ? places.get(start) : undefined;
    let chain = starts.length;
    if (place !== undefined && isOneAuthors(times, start - 1, end)) {
      chain = open[place] as number;
      for (const passed of open.splice(place)) places.delete(ends[passed] as number);
    } else {
      starts.push(start);
    }
    chainOf[span] = chain;
    ends[chain] = end;
    places.set(end, open.length);
    open.push(chain);
  }
  return { chainOf, starts, ends };
}

function isOneAuthors(times: OperationTimes, start: number, end: number): boolean {
  return times.authorOf(start) === times.authorOf(end - 1);
}

/** Collects spans that come in document order into the order of their numbers. */
class NumberOrder {
  /** First and last piece of each chain, and the piece after each span; -1 = none. */
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  readonly #next: Int32Array;
  #count = 0;

  constructor(chainCount: number, spanCount: number) {
    this.#first = new Int32Array(chainCount).fill(-1);
    this.#last = new Int32Array(chainCount);
    this.#next = new Int32Array(spanCount).fill(-1);
  }

  hasBegun(rank: number): boolean {
    return this.#first[rank] !== -1;
  }

  /** The next span in document order is the next piece of this chain. */
  add(rank: number): void {
    const span = this.#count++;
    if (this.hasBegun(rank)) this.#next[this.#last[rank] as number] = span;
    else this.#first[rank] = span;
    this.#last[rank] = span;
  }

  finish(): Int32Array {
    const order = new Int32Array(this.#count);
    let count = 0;
    for (const first of this.#first) {
      for (let span = first; span !== -1; span = this.#next[span] as number) order[count++] = span;
    }
    return order;
  }
}

/** DecodeError unless the columns describe spans. Origins are to be filled in. */
export function readSpans(
  message: SpanMessage<Int32Array>,
  times: OperationTimes,
): { spans: SpanColumns; byNumber: SpansByNumber } {
  const { chainGaps, tokens } = message;
  /** First number of each chain that is not yet in a span, and the chain's end. */
  const { nexts, ends } = readChains(message, times);
  const spans = emptySpans(tokens.length);
  const order = new NumberOrder(nexts.length, tokens.length);
  const token = new ColumnReader('spans', tokens);
  const steps = new ColumnReader('chain_steps', message.chainSteps);
  const lengths = new ColumnReader('span_lengths', message.spanLengths);
  /** Chains that are not complete, innermost last. */
  const open = new Int32Array(nexts.length);
  let openCount = 0;
  let before = -1;
  for (let span = 0; token.more; span++) {
    const value = token.next();
    const kind = value >>> 1;
    const begin = Math.floor(kind / 3);
    const extent = kind % 3;
    if (begin > beginsOther) throw token.error('a token below 18', value);
    let chain = before + 1;
    if (begin === goesOn) {
      if (openCount === 0) throw token.error('a chain that goes on', 'none');
      chain = open[--openCount] as number;
    } else {
      if (begin === beginsOther) chain += unzigzag(steps.next());
      if (chain < 0 || chain >= nexts.length || order.hasBegun(chain)) {
        throw token.error(`a new chain of ${nexts.length}`, chain);
      }
    }
    const start = nexts[chain] as number;
    const rest = (ends[chain] as number) - start;
    let length = rest;
    if (extent === extentTold) length = lengths.next();
    else if (extent === extentTakenBack) length -= chainGaps[chain + 1] ?? 0;
    if (length < 1 || length > rest || (extent !== extentAll && length === rest)) {
      throw token.error(`a part of ${rest} characters`, length);
    }
    if (length < rest) open[openCount++] = chain;
    spans.start[span] = start;
    spans.length[span] = length;
    spans.flags[span] = value & flagDeleted;
    nexts[chain] = start + length;
    order.add(chain);
    before = chain;
  }
  steps.end();
  lengths.end();
  for (const [chain, end] of ends.entries()) {
    if (nexts[chain] !== end) throw token.error('spans of every chain', `none of chain ${chain}`);
  }
  return { spans, byNumber: new SpansByNumber(spans, order.finish()) };
}

function readChains(
  message: SpanMessage<Int32Array>,
  times: OperationTimes,
): { nexts: Int32Array; ends: Int32Array } {
  const gaps = new ColumnReader('chain_gaps', message.chainGaps);
  const lengths = new ColumnReader('chain_lengths', message.chainLengths);
  const count = message.chainGaps.length;
  const nexts = new Int32Array(count);
  const ends = new Int32Array(count);
  let end = 0;
  for (let chain = 0; chain < count; chain++) {
    const start = end + gaps.next();
    const length = lengths.next();
    end = start + length;
    if (length < 1 || end > times.end) {
      throw lengths.error(`1 … ${times.end - start} characters from ${start} on`, length);
    }
    if (!isOneAuthors(times, start, end)) {
      throw lengths.error(`characters of one author from ${start} on`, length);
    }
    nexts[chain] = start;
    ends[chain] = end;
  }
  lengths.end();
  return { nexts, ends };
}

function emptySpans(count: number): SpanColumns {
  return {
    start: new Int32Array(count),
    length: new Int32Array(count),
    left: new Int32Array(count),
    right: new Int32Array(count),
    flags: new Uint8Array(count),
  };
}
