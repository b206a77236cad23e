/**
 * Spans: the runs that the document is made of, as records of six numbers, found by number.
 *
 *   span     start | length × 16 + flags | left | right | leaf | next        24 bytes
 *
 *   start    operation number of the first character; the k-th character has start + k
 *   left     number of the first character's left origin, -1 = document start; each later
 *            character has the one before it
 *   right    number of the right origin of all of them, -1 = document end
 *   leaf     the leaf of the span tree that holds the span
 *   next     the next span that starts on the same page of numbers; free spans: the next free one
 *   flags    see below
 *
 * In the tree of FugueMax each character after the first is the right child of the one before. Two
 * spans that stand side by side and fit are one, up to `spanUnitsMax`, which bounds what moving a
 * boundary costs.
 *
 * number → span: numbers are divided into pages of 64. Of each page the table knows the span that
 * covers its first number from before (`cover`) and the first span that starts on it (`first`), the
 * head of a list by `next`. O(1): at most 64 steps, as a rule one or two.
 */

export const deletedFlag = 1;
/** The first character is a left child of the right origin; else a right child of the left one. */
export const leftChildFlag = 2;
/** The last character has a right child; every other one has the character after it. */
export const branchedFlag = 4;
/** The first character has left children; no other one can, they would part the span. */
export const foreBranchedFlag = 8;

/** Longest span, in units. */
export const spanUnitsMax = 4096;

const stride = 6;
const startField = 0;
const lengthField = 1;
const leftField = 2;
const rightField = 3;
const leafField = 4;
const nextField = 5;
const flagBits = 4;
const flagMask = 15;
const pageShift = 6;

export class SpanTable {
  #records: Int32Array = new Int32Array(stride * 2);
  /** Records used, free ones included. */
  #count = 0;
  #free = -1;
  #live = 0;
  #first: Int32Array = new Int32Array(1).fill(-1);
  #cover: Int32Array = new Int32Array(1).fill(-1);

  /** How many spans there are. */
  get live(): number {
    return this.#live;
  }

  /** Memory of its tables. */
  get bytes(): number {
    return this.#records.byteLength + this.#first.byteLength + this.#cover.byteLength;
  }

  start(span: number): number {
    return this.#records[span * stride + startField] as number;
  }

  length(span: number): number {
    return (this.#records[span * stride + lengthField] as number) >> flagBits;
  }

  /** Number after the last character. */
  end(span: number): number {
    const at = span * stride;
    return (
      (this.#records[at + startField] as number) +
      ((this.#records[at + lengthField] as number) >> flagBits)
    );
  }

  flags(span: number): number {
    return (this.#records[span * stride + lengthField] as number) & flagMask;
  }

  isDeleted(span: number): boolean {
    return ((this.#records[span * stride + lengthField] as number) & deletedFlag) !== 0;
  }

  /** Units that show: the length, or 0 for a tombstone. */
  visible(span: number): number {
    const packed = this.#records[span * stride + lengthField] as number;
    return (packed & deletedFlag) === 0 ? packed >> flagBits : 0;
  }

  /** Whether the last character has a right child. */
  isBranched(span: number): boolean {
    return ((this.#records[span * stride + lengthField] as number) & branchedFlag) !== 0;
  }

  left(span: number): number {
    return this.#records[span * stride + leftField] as number;
  }

  right(span: number): number {
    return this.#records[span * stride + rightField] as number;
  }

  leaf(span: number): number {
    return this.#records[span * stride + leafField] as number;
  }

  setLeaf(span: number, leaf: number): void {
    this.#records[span * stride + leafField] = leaf;
  }

  setLeft(span: number, left: number): void {
    this.#records[span * stride + leftField] = left;
  }

  setFlag(span: number, flag: number): void {
    (this.#records[span * stride + lengthField] as number) |= flag;
  }

  clearFlag(span: number, flag: number): void {
    (this.#records[span * stride + lengthField] as number) &= ~flag;
  }

  /** The span that holds the character with this number; -1 if the number is no character's. */
  find(number: number): number {
    const page = number >>> pageShift;
    if (page >= this.#first.length) return -1;
    const records = this.#records;
    let found = -1;
    let span = this.#first[page] as number;
    while (span >= 0 && (records[span * stride] as number) <= number) {
      found = span;
      span = records[span * stride + nextField] as number;
    }
    if (found < 0) found = this.#cover[page] as number;
    return found >= 0 && number < this.end(found) ? found : -1;
  }

  /** A new span; returns its index. It has no leaf yet. */
  add(start: number, length: number, left: number, right: number, flags: number): number {
    let span = this.#free;
    if (span >= 0) this.#free = this.#records[span * stride + nextField] as number;
    else {
      span = this.#count++;
      if (this.#count * stride > this.#records.length) this.reserve(Math.ceil(span * 1.5) + 1);
    }
    const at = span * stride;
    this.#records[at + startField] = start;
    this.#records[at + lengthField] = (length << flagBits) | flags;
    this.#records[at + leftField] = left;
    this.#records[at + rightField] = right;
    this.#records[at + leafField] = -1;
    this.#live++;
    this.#index(span);
    return span;
  }

  /** Makes room for `count` spans. */
  reserve(count: number): void {
    if (count * stride <= this.#records.length) return;
    const records = new Int32Array(count * stride);
    records.set(this.#records);
    this.#records = records;
  }

  /** Makes room for the pages of numbers up to `end`. */
  reserveNumbers(end: number): void {
    const pages = Math.ceil(end / 2 ** pageShift);
    if (pages <= this.#first.length) return;
    this.#first = withPages(this.#first, pages);
    this.#cover = withPages(this.#cover, pages);
  }

  remove(span: number): void {
    this.#unindex(span);
    this.#records[span * stride + nextField] = this.#free;
    this.#free = span;
    this.#live--;
  }

  /** Makes the span `count` characters longer at its end. */
  extend(span: number, count: number): void {
    const at = span * stride;
    const end = this.end(span);
    (this.#records[at + lengthField] as number) += count << flagBits;
    const last = (end + count - 1) >>> pageShift;
    if (last === (end - 1) >>> pageShift) return;
    this.#growPages(last);
    for (let page = ((end - 1) >>> pageShift) + 1; page <= last; page++) this.#cover[page] = span;
  }

  /** Gives the span another start and length. */
  setExtent(span: number, start: number, length: number): void {
    this.#unindex(span);
    const at = span * stride;
    this.#records[at + startField] = start;
    const flags = (this.#records[at + lengthField] as number) & flagMask;
    this.#records[at + lengthField] = (length << flagBits) | flags;
    this.#index(span);
  }

  clone(): SpanTable {
    const copy = new SpanTable();
    copy.#records = this.#records.slice();
    copy.#count = this.#count;
    copy.#free = this.#free;
    copy.#live = this.#live;
    copy.#first = this.#first.slice();
    copy.#cover = this.#cover.slice();
    return copy;
  }

  #index(span: number): void {
    const records = this.#records;
    const start = records[span * stride + startField] as number;
    const page = start >>> pageShift;
    const last = (this.end(span) - 1) >>> pageShift;
    if (last >= this.#first.length) this.#growPages(last);
    let before = -1;
    let after = this.#first[page] as number;
    while (after >= 0 && (records[after * stride] as number) < start) {
      before = after;
      after = records[after * stride + nextField] as number;
    }
    records[span * stride + nextField] = after;
    if (before < 0) this.#first[page] = span;
    else records[before * stride + nextField] = span;
    for (let at = page + 1; at <= last; at++) this.#cover[at] = span;
  }

  #unindex(span: number): void {
    const records = this.#records;
    const page = (records[span * stride + startField] as number) >>> pageShift;
    const last = (this.end(span) - 1) >>> pageShift;
    const after = records[span * stride + nextField] as number;
    let before = this.#first[page] as number;
    if (before === span) this.#first[page] = after;
    else {
      while ((records[before * stride + nextField] as number) !== span) {
        before = records[before * stride + nextField] as number;
      }
      records[before * stride + nextField] = after;
    }
    for (let at = page + 1; at <= last; at++) if (this.#cover[at] === span) this.#cover[at] = -1;
  }

  #growPages(page: number): void {
    if (page >= this.#first.length) this.reserveNumbers(Math.ceil((page + 1) * 1.5) << pageShift);
  }
}

function withPages(pages: Int32Array, length: number): Int32Array {
  const larger = new Int32Array(length).fill(-1);
  larger.set(pages);
  return larger;
}
