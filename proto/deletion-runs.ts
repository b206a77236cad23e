/**
 * Collects deletions into runs, and makes them canonical: however a list of deletions was cut, the
 * runs are the same. A run takes in each deletion that its next number and the neighbour of its
 * targets fit, upwards or downwards; of two it is not yet known which.
 */
import type { OperationTimes } from './operation-times.ts';
import type { DeletionColumns } from './snapshot-state.ts';

/** `up`: the k-th deletion hits the k-th target; `down`: the k-th one from the end. */
export type Direction = 'up' | 'down';

export class DeletionRuns {
  readonly #times: OperationTimes;
  #count = 0;
  #start: Int32Array;
  #target: Int32Array;
  #length: Int32Array;
  #reversed: Uint8Array;
  /** First number that cannot belong to the last run: its stretch ends. */
  #stretchEnd = 0;

  constructor(times: OperationTimes, capacity: number) {
    this.#times = times;
    this.#start = new Int32Array(capacity);
    this.#target = new Int32Array(capacity);
    this.#length = new Int32Array(capacity);
    this.#reversed = new Uint8Array(capacity);
  }

  /**
   * Adds deletions start … start + length - 1 of the characters from `target` on, from the highest
   * one down if `direction` is down. They come in order of their numbers; none crosses the end of a
   * stretch.
   */
  add(start: number, target: number, length: number, direction: Direction): void {
    const taken = this.#extend(start, target, length, direction);
    if (taken === length) return;
    const rest = length - taken;
    const lowest = direction === 'down' ? target : target + taken;
    this.#push(start + taken, lowest, rest, rest > 1 ? direction : 'up');
  }

  finish(): DeletionColumns {
    return {
      start: this.#start.slice(0, this.#count),
      target: this.#target.slice(0, this.#count),
      length: this.#length.slice(0, this.#count),
      reversed: this.#reversed.slice(0, this.#count),
    };
  }

  /** How many of them the last run takes in: all, one, or none. */
  #extend(start: number, target: number, length: number, direction: Direction): number {
    if (this.#count === 0 || start >= this.#stretchEnd) return 0;
    const last = this.#count - 1;
    const lowest = this.#target[last] as number;
    const count = this.#length[last] as number;
    if (start !== (this.#start[last] as number) + count) return 0;
    const isDownwards = this.#reversed[last] === 1;
    const isDown = direction === 'down';
    const first = isDown ? target + length - 1 : target;
    if (first === lowest + count && (count === 1 || !isDownwards)) {
      const taken = isDown ? 1 : length;
      this.#length[last] = count + taken;
      return taken;
    }
    if (first === lowest - 1 && (count === 1 || isDownwards)) {
      const taken = isDown ? length : 1;
      this.#length[last] = count + taken;
      this.#target[last] = lowest - taken;
      this.#reversed[last] = 1;
      return taken;
    }
    return 0;
  }

  #push(start: number, target: number, length: number, direction: Direction): void {
    if (this.#count === this.#start.length) this.#grow();
    const at = this.#count++;
    this.#start[at] = start;
    this.#target[at] = target;
    this.#length[at] = length;
    this.#reversed[at] = direction === 'down' ? 1 : 0;
    this.#stretchEnd = this.#times.stretchEnd(start);
  }

  #grow(): void {
    const size = this.#start.length * 2 + 8;
    const grown = (column: Int32Array): Int32Array => {
      const larger = new Int32Array(size);
      larger.set(column);
      return larger;
    };
    this.#start = grown(this.#start);
    this.#target = grown(this.#target);
    this.#length = grown(this.#length);
    const reversed = new Uint8Array(size);
    reversed.set(this.#reversed);
    this.#reversed = reversed;
  }
}
