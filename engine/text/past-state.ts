/**
 * Which characters show if only a part of the operations had happened: those of a version, or all
 * but some. A character shows if its insertion is in the part and no deletion in the part hit it.
 *
 *   author     operations left out, as ranges of numbers
 *   A          [40, ∞)                 a version: all after a timestamp
 *   B          [3, 7) [12, 14)         all but some
 *
 * What the part has of half a surrogate pair does not count, so that every text is well-formed: an
 * inserted half is not there, and a deletion of one half hides both.
 *
 * Finding out costs O(operation numbers + deletion runs) and a byte per number, but nothing for the
 * present, where nothing is left out. Who was buried with the history (`buried`) never shows.
 */
import { must } from '../assert.ts';
import type { VersionVector } from '../causal/version-vector.ts';
import type { TextState } from './text-state.ts';

/** Above every number. */
const numbersEnd = 0x7fff_ffff;
const nothing = new Int32Array(0);

export class PastState {
  readonly #state: TextState;
  /** By author: [start, end) of what is left out, pair by pair, rising. */
  readonly #leftOut: readonly Int32Array[];
  /** By number: 1 where a deletion of the part hit the character; null: nothing is left out. */
  readonly #hidden: Uint8Array | null;
  /** Of the run that `#stretchEnd` told. */
  #isLeftOut = false;
  /** Of the run that `runEnd` told. */
  isShown = false;

  /** `leftOut`: by author, as the field; the ranges do not touch. */
  constructor(state: TextState, leftOut: readonly Int32Array[]) {
    this.#state = state;
    this.#leftOut = leftOut.map((ranges) => this.#withWholePairs(ranges));
    const isPresent = leftOut.every((ranges) => ranges.length === 0);
    this.#hidden = isPresent ? null : this.#findHidden();
  }

  /** The state that has the operations in `version`. */
  static at(state: TextState, version: VersionVector): PastState {
    const { numbers } = state;
    const leftOut = numbers.authors.map((author) => {
      const known = version.get(author.replica);
      return known >= author.last
        ? nothing
        : Int32Array.of(numbers.bound(author, known), numbersEnd);
    });
    return new PastState(state, leftOut);
  }

  /**
   * End of the run from `number` on, at most `end`, that is shown or not as a whole; sets
   * `isShown`. All of it is in the span.
   */
  runEnd(number: number, end: number, span: number): number {
    const { numbers, spans } = this.#state;
    const hidden = this.#hidden;
    const isDeleted = spans.isDeleted(span);
    if (hidden === null) {
      this.isShown = !isDeleted;
      return end;
    }
    const author = numbers.authorOf(number);
    const blockEnd = Math.min(end, numbers.blockEndOf(number));
    const stop = this.#stretchEnd(author.index, number, blockEnd);
    this.isShown = !this.#isLeftOut;
    if (this.#isLeftOut || !isDeleted) return stop;
    const isHidden = hidden[number] as number;
    this.isShown = isHidden === 0;
    let next = number + 1;
    while (next < stop && hidden[next] === isHidden) next++;
    return next;
  }

  /**
   * End of the run of the author's numbers from `number` on, at most `end`, that is left out or not
   * as a whole; sets `#isLeftOut`.
   */
  #stretchEnd(author: number, number: number, end: number): number {
    const ranges = must(this.#leftOut[author], 'ranges of the author');
    let low = 0;
    let high = ranges.length >>> 1;
    // The first range that ends above the number.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ranges[middle * 2 + 1] as number) <= number) low = middle + 1;
      else high = middle;
    }
    const start = low * 2 < ranges.length ? (ranges[low * 2] as number) : numbersEnd;
    this.#isLeftOut = start <= number;
    return Math.min(end, this.#isLeftOut ? (ranges[low * 2 + 1] as number) : start);
  }

  #findHidden(): Uint8Array {
    const { buried, deletions, numbers } = this.#state;
    const hidden = new Uint8Array(numbers.end);
    for (const { index } of numbers.authors) {
      for (let run = 0; run < deletions.count(index); run++) {
        const start = deletions.start(index, run);
        const end = start + deletions.length(index, run);
        const target = deletions.target(index, run);
        const isReversed = deletions.isReversed(index, run);
        for (let number = start; number < end; ) {
          const next = this.#stretchEnd(index, number, end);
          const from = isReversed ? target + end - next : target + number - start;
          if (!this.#isLeftOut) this.#hide(hidden, from, from + next - number);
          number = next;
        }
      }
    }
    for (let at = 0; at < buried.length; at += 2) hidden.fill(1, buried[at], buried[at + 1]);
    return hidden;
  }

  #hide(hidden: Uint8Array, from: number, to: number): void {
    const { units } = this.#state;
    const end = units.cutsPair(to) ? to + 1 : to;
    // Most deletions are of a few characters, for which a call of `fill` is slow.
    for (let number = units.cutsPair(from) ? from - 1 : from; number < end; number++) {
      hidden[number] = 1;
    }
  }

  /** The ranges, made longer where they have one half of a pair. */
  #withWholePairs(ranges: Int32Array): Int32Array {
    const { numbers, units } = this.#state;
    const cuts = (number: number) => number < numbers.end && units.cutsPair(number);
    return ranges.map((edge, at) => {
      if (!cuts(edge)) return edge;
      return at % 2 === 0 ? edge - 1 : edge + 1;
    });
  }
}
