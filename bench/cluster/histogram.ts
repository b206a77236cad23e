/**
 * Times in milliseconds, counted in classes that grow by 2 %: what a quantile tells is at most that
 * much too high. The greatest is exact. Histograms of several processes add up.
 */
const growth = Math.log(1.02);
/** Everything up to here is one class. */
const leastMs = 0.02;

/** As it goes from process to process. */
export interface HistogramData {
  /** Class and how many are in it. */
  readonly counts: readonly (readonly [number, number])[];
  readonly maxMs: number;
}

export interface Quantiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export class Histogram {
  readonly #counts = new Map<number, number>();
  #maxMs = 0;
  #count = 0;

  /** The sum of all. */
  static of(parts: readonly HistogramData[]): Histogram {
    const sum = new Histogram();
    for (const { counts, maxMs } of parts) {
      for (const [index, count] of counts) sum.#note(index, count);
      sum.#maxMs = Math.max(sum.#maxMs, maxMs);
    }
    return sum;
  }

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    this.#note(Math.max(0, Math.ceil(Math.log(ms / leastMs) / growth)), 1);
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  /** So many of them are at most this; `share` is 0 … 1. 0 if there are none. */
  quantile(share: number): number {
    let left = Math.max(1, Math.ceil(share * this.#count));
    for (const [index, count] of this.#sorted()) {
      left -= count;
      if (left <= 0) return Math.min(this.#maxMs, leastMs * Math.exp(index * growth));
    }
    return 0;
  }

  /** Classes with something in them, ascending: the time up to which each goes. */
  classes(): { readonly upToMs: number; readonly count: number }[] {
    return this.#sorted().map(([index, count]) => {
      return { upToMs: leastMs * Math.exp(index * growth), count };
    });
  }

  quantiles(): Quantiles {
    const of = (share: number): number => rounded(this.quantile(share));
    return {
      count: this.#count,
      ...{ p50Ms: of(0.5), p90Ms: of(0.9), p99Ms: of(0.99) },
      maxMs: rounded(this.#maxMs),
    };
  }

  toJSON(): HistogramData {
    return { counts: this.#sorted(), maxMs: this.#maxMs };
  }

  #note(index: number, count: number): void {
    this.#counts.set(index, (this.#counts.get(index) ?? 0) + count);
    this.#count += count;
  }

  #sorted(): [number, number][] {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}

function rounded(ms: number): number {
  return Number(ms.toFixed(ms < 100 ? 1 : 0));
}
