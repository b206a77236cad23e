/**
 * The platform's clocks, timers and entropy as the engine wants them. They are declared here, and
 * only here: no ES library has them and every platform that a client runs on does.
 */
import type { ClockPort } from '../engine/driver/ports.ts';
import type { Instant } from '../engine/ids.ts';

declare function setTimeout(callback: () => void, delayMs: number): unknown;
declare function clearTimeout(timer: unknown): void;
declare function queueMicrotask(callback: () => void): void;
declare const performance: { now(): number };
declare const crypto: { getRandomValues(bytes: Uint8Array<ArrayBuffer>): void };

export class SystemClock implements ClockPort {
  #timer: unknown = null;

  now(): Instant {
    return { monoMs: performance.now(), wallMs: Date.now() };
  }

  wakeAt(monoMs: number | null, wake: () => void): void {
    clearTimeout(this.#timer);
    if (monoMs === null) return;
    const delayMs = Math.max(0, Math.ceil(monoMs - performance.now()));
    this.#timer = setTimeout(wake, delayMs);
  }
}

/** Bytes that nobody can guess. */
export function randomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  crypto.getRandomValues(bytes);
  return bytes;
}

/** Throws where nobody can catch it, as the platform reports a faulty listener. */
export function reportError(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
