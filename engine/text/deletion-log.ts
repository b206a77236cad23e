/**
 * Every deletion, as runs: operation number → number of the character that it hit.
 *
 *   run     start | target | count × 2 + reversed       12 bytes, a list per author
 *
 * The k-th operation of a run (number start + k) hit character target + k or, if reversed (holding
 * backspace), target + count - 1 - k. An author's runs are in the order of their numbers, which is
 * that of its timestamps, so one is found by binary search. An insertion needs no record of its
 * own: spans keep ids and origins for ever. Two deletions of one character are both kept.
 */

import type { Direction } from '../../proto/deletion-runs.ts';
import { must } from '../assert.ts';

const stride = 3;

export class DeletionLog {
  /** By author. */
  readonly #runs: Int32Array[] = [];
  readonly #counts: number[] = [];

  /** Runs of an author. */
  count(author: number): number {
    return this.#counts[author] ?? 0;
  }

  /** Memory of its tables. */
  get bytes(): number {
    return this.#runs.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  start(author: number, run: number): number {
    return this.#field(author, run, 0);
  }

  target(author: number, run: number): number {
    return this.#field(author, run, 1);
  }

  length(author: number, run: number): number {
    return this.#field(author, run, 2) >> 1;
  }

  isReversed(author: number, run: number): boolean {
    return (this.#field(author, run, 2) & 1) === 1;
  }

  /** Records `count` deletions; their numbers are above all of the author's. */
  add(author: number, start: number, target: number, count: number, direction: Direction): void {
    while (this.#runs.length <= author) {
      this.#runs.push(new Int32Array(stride));
      this.#counts.push(0);
    }
    const runs = must(this.#runs[author], 'runs of the author');
    const next = this.count(author) * stride;
    if (next > 0 && this.#join(runs, next - stride, start, target, count, direction)) return;
    this.#put(author, next, start, target, count * 2 + (direction === 'down' ? 1 : 0));
  }

  /** The author's last run that starts at or before `number`; -1 if there is none. */
  floor(author: number, number: number): number {
    const runs = this.#runs[author];
    let high = this.count(author);
    if (runs === undefined || high === 0) return -1;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((runs[middle * stride] as number) <= number) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The number of the character that deletion `number` hit; -1 if it is no deletion. */
  targetOf(author: number, number: number): number {
    const run = this.floor(author, number);
    if (run < 0) return -1;
    const passed = number - this.start(author, run);
    const length = this.length(author, run);
    if (passed >= length) return -1;
    const offset = this.isReversed(author, run) ? length - 1 - passed : passed;
    return this.target(author, run) + offset;
  }

  clone(): DeletionLog {
    const copy = new DeletionLog();
    for (const runs of this.#runs) copy.#runs.push(runs.slice());
    copy.#counts.push(...this.#counts);
    return copy;
  }

  /** Makes the run before longer if the new one goes on with it, up or down. */
  #join(
    runs: Int32Array,
    at: number,
    start: number,
    target: number,
    count: number,
    direction: Direction,
  ): boolean {
    const packed = runs[at + 2] as number;
    const length = packed >> 1;
    if ((runs[at] as number) + length !== start) return false;
    const before = runs[at + 1] as number;
    const wasReversed = (packed & 1) === 1;
    // A single deletion has no direction and fits both.
    const mayRise = (!wasReversed || length === 1) && (direction === 'up' || count === 1);
    if (mayRise && target === before + length) {
      runs[at + 2] = (length + count) * 2;
      return true;
    }
    const mayFall = (wasReversed || length === 1) && (direction === 'down' || count === 1);
    if (!mayFall || target + count !== before) return false;
    runs[at + 1] = target;
    runs[at + 2] = (length + count) * 2 + 1;
    return true;
  }

  #put(author: number, at: number, start: number, target: number, packed: number): void {
    let runs = must(this.#runs[author], 'runs of the author');
    if (at === runs.length) {
      const larger = new Int32Array(stride * Math.ceil((at / stride) * 1.25 + 2));
      larger.set(runs);
      this.#runs[author] = larger;
      runs = larger;
    }
    runs[at] = start;
    runs[at + 1] = target;
    runs[at + 2] = packed;
    this.#counts[author] = this.count(author) + 1;
  }

  #field(author: number, run: number, field: number): number {
    const runs = must(this.#runs[author], 'runs of the author');
    return runs[run * stride + field] as number;
  }
}
