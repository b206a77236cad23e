/**
 * The search for the highest rate that a server bears: rising steps until one fails, then halves of
 * the interval that is left. A rate fails when it failed `attempts` times: one bad moment of a
 * shared machine is no limit of the server.
 */
export interface RateSearchOptions {
  readonly start: number;
  /** Factor from one rising step to the next. */
  readonly growth: number;
  /** The search ends when the interval is no wider than this share of its lower end. */
  readonly precision: number;
  readonly attempts: number;
  /** No higher rate is tried. */
  readonly ceiling: number;
}

export class RateSearch {
  readonly #options: RateSearchOptions;
  /** The highest rate that was borne; 0: none. */
  #good = 0;
  /** The lowest that was not. */
  #bad = Infinity;
  #rate: number;
  #failures = 0;

  constructor(options: RateSearchOptions) {
    this.#options = options;
    this.#rate = options.start;
  }

  /** The highest rate that was borne so far; 0: none. */
  get highest(): number {
    return this.#good;
  }

  /** The rate to try; null: the search is over. */
  get next(): number | null {
    const { precision, ceiling } = this.#options;
    if (this.#good >= ceiling) return null;
    const isNarrow = this.#bad - this.#good <= Math.max(1, precision * this.#good);
    return isNarrow || this.#rate < 1 ? null : this.#rate;
  }

  /** Whether the rate that `next` told was borne. */
  tell(isBorne: boolean): void {
    const { growth, attempts, ceiling } = this.#options;
    this.#failures = isBorne ? 0 : this.#failures + 1;
    if (!isBorne && this.#failures < attempts) return;
    this.#failures = 0;
    if (isBorne) this.#good = Math.max(this.#good, this.#rate);
    else this.#bad = Math.min(this.#bad, this.#rate);
    const isRising = this.#bad === Infinity;
    const goal = isRising ? Math.min(ceiling, this.#rate * growth) : (this.#good + this.#bad) / 2;
    this.#rate = Math.floor(goal);
  }
}
