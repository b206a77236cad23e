/** The clocks of this machine: monotonic for deadlines, wall for what people are shown. */
import type { ClockPort } from '../engine/driver/ports.ts';
import type { Instant } from '../engine/ids.ts';

/** Longer ones fire at once in Node. */
const timerMsMax = 2 ** 31 - 1;

export class SystemClock implements ClockPort {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  now(): Instant {
    return { monoMs: performance.now(), wallMs: Date.now() };
  }

  /** See ClockPort. A deadline in the past comes soon, never within the call. */
  wakeAt(monoMs: number | null, wake: () => void): void {
    clearTimeout(this.#timer);
    if (monoMs === null || this.#stopped) return;
    // Node cuts fractions off, which would fire before the deadline.
    const delayMs = Math.min(Math.max(0, Math.ceil(monoMs - performance.now())), timerMsMax);
    this.#timer = setTimeout(() => {
      if (performance.now() < monoMs) this.wakeAt(monoMs, wake);
      else wake();
    }, delayMs);
  }

  /** No deadline fires any more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
