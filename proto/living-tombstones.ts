/**
 * The tombstones of a document at a moment of its history at which some of them still lived, and
 * the place where an author was: what tells, nearly always, which characters are deleted next.
 *
 *   document    Th[e ]quick [brwn]brown fox[es]       [ ]: spans that are deleted in the end
 *   cursor                       ^
 *   rank             left 1   left 0            right 0
 *
 * Backspaces hit the end of left 0, an editor that deletes forwards the start of right 0, a jump
 * the start or the end of some living tombstone near by: visible text does not count, and what was
 * not yet typed or is deleted already is passed over. A cursor inside a tombstone cuts it in two:
 * its part on the left is left 0, that on the right is right 0.
 *
 * Both sides of the format keep this model by the same calls, so it may be inexact: of a span that
 * was deleted in its middle it keeps the hull of what lives, and it plays one author after the
 * other, with the typing of all others done before. A Fenwick tree over the tombstones counts those
 * that live: every step is O(log n).
 */
import type { Direction } from './deletion-runs.ts';
import type { OperationTimes } from './operation-times.ts';
import type { SpansByNumber } from './snapshot-spans.ts';
import { flagDeleted, type SpanColumns } from './snapshot-state.ts';

export class LivingTombstones {
  readonly #spans: SpanColumns;
  readonly #byNumber: SpansByNumber;
  readonly #times: OperationTimes;
  /** For each span the number of tombstones before it. */
  readonly #tombsBefore: Int32Array;
  /** Position of each tombstone's span. */
  readonly #tombs: Int32Array;
  readonly #count: number;
  /** Of each tombstone: the hull [low, high) of its living characters, how many never died. */
  readonly #low: Int32Array;
  readonly #high: Int32Array;
  readonly #rest: Int32Array;
  readonly #lives: Uint8Array;
  /** Fenwick tree, from 1, over `#lives`, and the highest power of two within it. */
  readonly #tree: Int32Array;
  readonly #treeTop: number;
  /** The cursor: before this tombstone, or inside or at an edge of it, before this number. */
  #tomb = 0;
  #isAtTomb = false;
  #number = 0;
  /** Position in number order of the next span to be typed. */
  #typed = 0;
  /** What `select` found: position of the span, living characters [low, high) of it. */
  span = -1;
  low = 0;
  high = 0;

  constructor(spans: SpanColumns, byNumber: SpansByNumber, times: OperationTimes) {
    this.#spans = spans;
    this.#byNumber = byNumber;
    this.#times = times;
    const { start, length, flags } = spans;
    this.#tombsBefore = new Int32Array(start.length);
    let count = 0;
    for (let span = 0; span < start.length; span++) {
      this.#tombsBefore[span] = count;
      count += (flags[span] as number) & flagDeleted;
    }
    this.#count = count;
    this.#tombs = new Int32Array(count);
    this.#low = new Int32Array(count);
    this.#high = new Int32Array(count);
    this.#rest = new Int32Array(count);
    this.#lives = new Uint8Array(count).fill(1);
    this.#tree = new Int32Array(count + 1);
    for (let node = 1; node <= count; node++) this.#tree[node] = node & -node;
    this.#treeTop = count === 0 ? 0 : 2 ** (31 - Math.clz32(count));
    for (let span = 0; span < start.length; span++) {
      if (((flags[span] as number) & flagDeleted) === 0) continue;
      const tomb = this.#tombsBefore[span] as number;
      this.#tombs[tomb] = span;
      this.#low[tomb] = start[span] as number;
      this.#rest[tomb] = length[span] as number;
      this.#high[tomb] = (start[span] as number) + (length[span] as number);
    }
  }

  /** Number at which the next span begins that is still to be typed; the end if there is none. */
  get nextTyped(): number {
    const { order } = this.#byNumber;
    if (this.#typed === order.length) return this.#times.end;
    return this.#spans.start[order[this.#typed] as number] as number;
  }

  /** The author of `number` begins: nothing of its text is there yet. */
  begin(number: number): void {
    const { order } = this.#byNumber;
    const author = this.#times.authorOf(number);
    for (let at = this.#typed; at < order.length; at++) {
      const span = order[at] as number;
      if (this.#times.authorOf(this.#spans.start[span] as number) !== author) break;
      if (this.#isTomb(span)) this.#setLives(this.#tombsBefore[span] as number, 0);
    }
    this.#isAtTomb = false;
    this.#tomb = 0;
  }

  /** The author types the next span; returns the number after it. */
  type(): number {
    const span = this.#byNumber.order[this.#typed++] as number;
    const end = (this.#spans.start[span] as number) + (this.#spans.length[span] as number);
    this.#tomb = this.#tombsBefore[span] as number;
    this.#isAtTomb = this.#isTomb(span);
    this.#number = end;
    if (this.#isAtTomb && (this.#rest[this.#tomb] as number) > 0) this.#setLives(this.#tomb, 1);
    return end;
  }

  /** Finds the tombstone of a rank; false if there is none. Its living part is [low, high). */
  select(side: 'left' | 'right', rank: number): boolean {
    const isRight = side === 'right';
    let beyond = rank;
    if (this.#hasPart(isRight)) {
      if (rank === 0) {
        this.#setPart(isRight);
        return true;
      }
      beyond--;
    }
    const place = isRight
      ? this.#livingBefore(this.#tomb + (this.#isAtTomb ? 1 : 0)) + beyond
      : this.#livingBefore(this.#tomb) - 1 - beyond;
    const tomb = place < 0 ? this.#count : this.#living(place);
    if (tomb >= this.#count) return false;
    this.#setTomb(tomb);
    return true;
  }

  /**
   * The rank at which `select` finds the living characters [start, end), all of one span: 2 × rank
   * + 1 on the right, 2 × rank on the left; -1 if it does not.
   */
  rankOf(span: number, start: number, end: number): number {
    if (!this.#isTomb(span)) return -1;
    const tomb = this.#tombsBefore[span] as number;
    if (this.#lives[tomb] === 0) return -1;
    if (this.#isAtTomb && tomb === this.#tomb) {
      const isRight = start >= this.#number;
      this.#setPart(isRight);
      return start >= this.low && end <= this.high ? Number(isRight) : -1;
    }
    this.#setTomb(tomb);
    if (start < this.low || end > this.high) return -1;
    const place = this.#livingBefore(tomb);
    if (tomb < this.#tomb) {
      const own = this.#hasPart(false) ? 1 : 0;
      return 2 * (this.#livingBefore(this.#tomb) - 1 - place + own);
    }
    const own = this.#hasPart(true) ? 1 : 0;
    return 2 * (place - this.#livingBefore(this.#tomb + (this.#isAtTomb ? 1 : 0)) + own) + 1;
  }

  /** Takes a span's characters [start, end) away; the cursor goes to where they were. */
  delete(span: number, start: number, end: number, direction: Direction): void {
    const tomb = this.#tombsBefore[span] as number;
    if (this.#lives[tomb] === 1) {
      if (start <= (this.#low[tomb] as number)) {
        this.#low[tomb] = Math.max(this.#low[tomb] as number, end);
      } else if (end >= (this.#high[tomb] as number)) {
        this.#high[tomb] = Math.min(this.#high[tomb] as number, start);
      }
    }
    const rest = (this.#rest[tomb] as number) - (end - start);
    this.#rest[tomb] = rest;
    if (rest <= 0 || (this.#low[tomb] as number) >= (this.#high[tomb] as number)) {
      this.#setLives(tomb, 0);
      // Also when its author has not yet come: it does not live again.
      this.#rest[tomb] = 0;
    }
    this.#tomb = tomb;
    this.#isAtTomb = true;
    this.#number = direction === 'down' ? start : end;
  }

  #isTomb(span: number): boolean {
    return ((this.#spans.flags[span] as number) & flagDeleted) !== 0;
  }

  /** Whether the cursor's own tombstone has something living on that side of the cursor. */
  #hasPart(isRight: boolean): boolean {
    if (!this.#isAtTomb || this.#lives[this.#tomb] === 0) return false;
    return isRight
      ? (this.#high[this.#tomb] as number) > this.#number
      : (this.#low[this.#tomb] as number) < this.#number;
  }

  #setTomb(tomb: number): void {
    this.span = this.#tombs[tomb] as number;
    this.low = this.#low[tomb] as number;
    this.high = this.#high[tomb] as number;
  }

  #setPart(isRight: boolean): void {
    this.#setTomb(this.#tomb);
    if (isRight) this.low = Math.max(this.low, this.#number);
    else this.high = Math.min(this.high, this.#number);
  }

  #setLives(tomb: number, lives: 0 | 1): void {
    const change = lives - (this.#lives[tomb] as number);
    if (change === 0) return;
    this.#lives[tomb] = lives;
    for (let node = tomb + 1; node <= this.#count; node += node & -node) {
      this.#tree[node] = (this.#tree[node] as number) + change;
    }
  }

  /** Living tombstones among the first `count`. */
  #livingBefore(count: number): number {
    let sum = 0;
    for (let node = count; node > 0; node &= node - 1) sum += this.#tree[node] as number;
    return sum;
  }

  /** The tombstone with `place` living ones before it, living itself; `#count` if there is none. */
  #living(place: number): number {
    let node = 0;
    let rest = place + 1;
    for (let step = this.#treeTop; step > 0; step >>>= 1) {
      const next = node + step;
      if (next <= this.#count && (this.#tree[next] as number) < rest) {
        node = next;
        rest -= this.#tree[next] as number;
      }
    }
    return node;
  }
}
