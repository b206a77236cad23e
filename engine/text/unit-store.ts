/**
 * The content of every character: one UTF-16 unit per operation number.
 *
 *   number     0   1   2   3   4   5 …        a deletion has a number too, and the unit 0
 *   units    | H | i | . | 0 | 0 | ? |        8 bits each until one does not fit, then 16
 *   counts   |  line feeds, low halves |      of each page of 64 units, a byte each
 *
 * Units are written once and stay: deleting a character changes spans, not its content. The counts
 * make the number of line feeds in a long span cheap to find. Low halves of surrogate pairs are
 * counted only when there are 16-bit units, so most documents have none.
 */
import { cutsPair, textOfUnits } from '../../proto/text.ts';
import { spanUnitsMax } from './span-table.ts';

const pageShift = 6;
const pageUnits = 1 << pageShift;
const lineFeed = 10;

/** What a unit counts as, for sums over a range. */
export interface UnitCounts {
  lineFeeds: number;
  /** Low halves of surrogate pairs: units minus these are code points. */
  lowHalves: number;
}

export class UnitStore {
  #units: Uint8Array | Uint16Array = new Uint8Array(32);
  #lineFeeds: Uint8Array = new Uint8Array(1);
  /** null: no unit has more than 8 bits. */
  #lowHalves: Uint8Array | null = null;

  /** Whether every unit fits 8 bits; then there are no surrogates. */
  get isNarrow(): boolean {
    return this.#lowHalves === null;
  }

  /** Memory of its tables. */
  get bytes(): number {
    const marks = this.#lineFeeds.byteLength + (this.#lowHalves?.byteLength ?? 0);
    return this.#units.byteLength + marks;
  }

  at(number: number): number {
    return this.#units[number] as number;
  }

  /** Makes room for units up to `end` (exclusive); exactly that much if `isExact`. */
  reserve(end: number, isExact = false): void {
    if (end <= this.#units.length) return;
    const size = isExact ? end : Math.max(end, Math.ceil(this.#units.length * 1.5));
    const units = this.isNarrow ? new Uint8Array(size) : new Uint16Array(size);
    units.set(this.#units);
    this.#units = units;
    const pages = ((size - 1) >>> pageShift) + 1;
    this.#lineFeeds = grown(this.#lineFeeds, pages);
    if (this.#lowHalves !== null) this.#lowHalves = grown(this.#lowHalves, pages);
  }

  /** Writes source[from … to) at `number` on; there is room. */
  write(number: number, source: Uint16Array, from: number, to: number): void {
    for (let at = from; at < to; at++) this.put(number + at - from, source[at] as number);
  }

  /** Writes units [from, to) of a text; there is room. */
  writeText(number: number, text: string, from = 0, to = text.length): void {
    for (let at = from; at < to; at++) this.put(number + at - from, text.charCodeAt(at));
  }

  /** Whether units [number, …) are source[from … to). */
  equals(number: number, source: Uint16Array, from: number, to: number): boolean {
    for (let at = from; at < to; at++) {
      if (this.#units[number + at - from] !== source[at]) return false;
    }
    return true;
  }

  /** The text of [start, end). */
  text(start: number, end: number): string {
    return textOfUnits(this.#units, start, end);
  }

  /** Copies [start, end) to `into` at `at`. */
  copy(start: number, end: number, into: Uint8Array | Uint16Array, at: number): void {
    const units = this.#units;
    if (end - start > 64) into.set(units.subarray(start, end), at);
    else for (let n = start; n < end; n++) into[at + n - start] = units[n] as number;
  }

  /** Whether `number` is the low half of a pair, so that nothing may be put before it. */
  cutsPair(number: number): boolean {
    if (this.#lowHalves === null || number === 0) return false;
    const pair = String.fromCharCode(this.at(number - 1), this.at(number));
    return cutsPair(pair, 1);
  }

  /** Whether [start, end) has half of a surrogate pair without the other half. */
  hasLoneHalf(start: number, end: number): boolean {
    for (let at = start; at < end; at++) {
      const kind = this.at(at) & 0xfc00;
      if (kind === 0xdc00) return true;
      if (kind !== 0xd800) continue;
      if (++at === end || (this.at(at) & 0xfc00) !== 0xdc00) return true;
    }
    return false;
  }

  /** How many of `count` units from `number` on one span takes; it does not end inside a pair. */
  spanLength(number: number, count: number): number {
    if (count <= spanUnitsMax) return count;
    return this.cutsPair(number + spanUnitsMax) ? spanUnitsMax - 1 : spanUnitsMax;
  }

  lineFeedsIn(start: number, end: number): number {
    // Of a keystroke or a word there is less to count than to decide.
    if (end - start <= pageUnits) return this.#countLineFeeds(start, end);
    const from = nextPage(start);
    const to = end & ~(pageUnits - 1);
    let count = this.#countLineFeeds(start, from) + this.#countLineFeeds(to, end);
    for (let page = from >>> pageShift; page < to >>> pageShift; page++) {
      count += this.#lineFeeds[page] as number;
    }
    return count;
  }

  lowHalvesIn(start: number, end: number): number {
    const pages = this.#lowHalves;
    if (pages === null) return 0;
    if (end - start <= pageUnits) return this.#countLowHalves(start, end);
    const from = nextPage(start);
    const to = end & ~(pageUnits - 1);
    let count = this.#countLowHalves(start, from) + this.#countLowHalves(to, end);
    for (let page = from >>> pageShift; page < to >>> pageShift; page++) {
      count += pages[page] as number;
    }
    return count;
  }

  #countLineFeeds(start: number, end: number): number {
    const units = this.#units;
    let count = 0;
    for (let at = start; at < end; at++) if (units[at] === lineFeed) count++;
    return count;
  }

  #countLowHalves(start: number, end: number): number {
    let count = 0;
    for (let at = start; at < end; at++) if (isLowHalf(this.#units[at] as number)) count++;
    return count;
  }

  /** Writes one unit; there is room. */
  put(number: number, unit: number): void {
    if (unit > 0xff && this.#lowHalves === null) this.#widen();
    this.#units[number] = unit;
    if (unit === lineFeed) (this.#lineFeeds[number >>> pageShift] as number)++;
    else if (this.#lowHalves !== null && isLowHalf(unit)) {
      (this.#lowHalves[number >>> pageShift] as number)++;
    }
  }

  #widen(): void {
    this.#units = Uint16Array.from(this.#units);
    this.#lowHalves = new Uint8Array(this.#lineFeeds.length);
  }

  /** A copy that changes on its own. */
  clone(): UnitStore {
    const copy = new UnitStore();
    copy.#units = this.#units.slice();
    copy.#lineFeeds = this.#lineFeeds.slice();
    copy.#lowHalves = this.#lowHalves?.slice() ?? null;
    return copy;
  }
}

/** First number of a page at or after this one. */
function nextPage(number: number): number {
  return (number + pageUnits - 1) & ~(pageUnits - 1);
}

function isLowHalf(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}

function grown(bytes: Uint8Array, length: number): Uint8Array {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}
