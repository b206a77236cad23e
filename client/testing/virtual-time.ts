/**
 * Time that stands still until a test moves it; what is due happens in order of time, then of
 * asking.
 */
import type { ClockPort } from '../../engine/driver/ports.ts';
import type { Instant } from '../../engine/ids.ts';

interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

/** Wall clock at the beginning. */
const epochMs = 1_700_000_000_000;

export class VirtualTime {
  #nowMs = 0;
  readonly #due = new Set<Due>();

  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many calls wait for their time. */
  get waiting(): number {
    return this.#due.size;
  }

  /** Calls `run` after so many milliseconds; what comes back prevents it. */
  after(delayMs: number, run: () => void): () => void {
    const due = { atMs: this.#nowMs + delayMs, run };
    this.#due.add(due);
    return () => void this.#due.delete(due);
  }

  /** A clock with one deadline of its own. */
  clock(): ClockPort {
    let cancel = (): void => {};
    const now = (): Instant => ({ monoMs: this.#nowMs, wallMs: epochMs + this.#nowMs });
    const wakeAt = (monoMs: number | null, wake: () => void): void => {
      cancel();
      cancel = () => {};
      if (monoMs !== null) cancel = this.after(Math.max(0, monoMs - this.#nowMs), wake);
    };
    return { now, wakeAt };
  }

  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      let next: Due | null = null;
      for (const due of this.#due) {
        if (due.atMs <= endMs && (next === null || due.atMs < next.atMs)) next = due;
      }
      if (next === null) break;
      this.#due.delete(next);
      this.#nowMs = next.atMs;
      next.run();
    }
    this.#nowMs = endMs;
  }
}
