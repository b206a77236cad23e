/**
 * Exponential backoff with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter",
 * 2015).
 */
import type { Random } from '../random.ts';

export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #failures = 0;

  constructor(minMs: number, maxMs: number) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  /** Milliseconds to wait after one more failure; at least minMs, so that a storm cannot spin. */
  next(random: Random): number {
    const ceiling = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#failures, 30));
    this.#failures++;
    return random.between(this.#minMs, Math.max(this.#minMs, ceiling));
  }

  reset(): void {
    this.#failures = 0;
  }
}
