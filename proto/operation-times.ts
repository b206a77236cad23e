/**
 * Timestamps and authors of canonical operation numbers (snapshot-state.ts).
 */
import type { StretchColumns } from './snapshot-state.ts';

export class OperationTimes {
  readonly #stretches: StretchColumns;
  /** First number of each stretch, and the end of the last. */
  readonly #starts: Int32Array;
  readonly #isLone: boolean;
  /** The stretch asked for last: most questions are near the one before. */
  #at = 0;

  constructor(stretches: StretchColumns) {
    const { author, length } = stretches;
    this.#stretches = stretches;
    this.#starts = new Int32Array(length.length + 1);
    for (let at = 0; at < length.length; at++) {
      this.#starts[at + 1] = (this.#starts[at] as number) + (length[at] as number);
    }
    this.#isLone = length.length > 0 && author[0] === author[length.length - 1];
  }

  /** All numbers are below this. */
  get end(): number {
    return this.#starts[this.#starts.length - 1] as number;
  }

  /** Position of the author in `replicas`. */
  authorOf(number: number): number {
    return this.#stretches.author[this.#find(number)] as number;
  }

  /** First number after those of the stretch that holds `number`. */
  stretchEnd(number: number): number {
    return this.#starts[this.#find(number) + 1] as number;
  }

  /** First timestamp minus first number is the same in the whole stretch. */
  timestampOf(number: number): number {
    const at = this.#find(number);
    return (this.#stretches.first[at] as number) + number - (this.#starts[at] as number);
  }

  /**
   * Something that orders operations as their timestamps do: of a lone author the numbers
   * themselves.
   */
  timeOf(number: number): number {
    return this.#isLone ? number : this.timestampOf(number);
  }

  #find(number: number): number {
    const starts = this.#starts;
    let low = this.#at;
    if (number >= (starts[low] as number) && number < (starts[low + 1] as number)) return low;
    low = 0;
    let high = starts.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] as number) <= number) low = middle;
      else high = middle;
    }
    this.#at = low;
    return low;
  }
}
