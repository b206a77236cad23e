/**
 * One socket's frames on their way in: who sends more than the buckets allow is not read for a
 * while. Nothing is thrown away; the sender's kernel fills up and its client waits, so that a large
 * paste is slowed and not refused.
 *
 *   reading ──a bucket is in debt, or the core says so──▶ paused ──paid, and allowed──▶ reading
 *
 * What had been read when the pause began, at most a piece of 64 KB, is held back. No client that
 * means well has many frames in that: more than `heldFramesMax` are a flood.
 *
 * A pause for a debt ends after `pauseMaxMs` even if it is not paid: a socket that is not read for
 * longer would look dead.
 */
import type { Cost, IntakeBuckets } from './address-limits.ts';

/** Bounds what one socket can make this process keep: the piece, and an object for each frame. */
const heldFramesMax = 256;

export interface IntakeParts {
  /** Its own, its address's; all must have something left. */
  readonly buckets: readonly IntakeBuckets[];
  readonly pauseMaxMs: number;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** Stops and continues reading. */
  readonly socket: { pause(): void; resume(): void };
  /** Hands a frame on; returns the operations that it is worth. */
  readonly deliver: (bytes: Uint8Array) => number;
  /** It sends what no client does. */
  readonly onFlood: () => void;
  /** +1 for each pause that begins, -1 for each that ends. */
  readonly onPaused: (change: 1 | -1) => void;
}

export class SocketIntake {
  readonly #parts: IntakeParts;
  #held: Uint8Array[] = [];
  #timer: NodeJS.Timeout | null = null;
  #isHeldByCore = false;
  #isPaused = false;
  #isOver = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** A binary message. */
  received(bytes: Uint8Array): void {
    if (this.#isOver) return;
    if (!this.#isPaused) this.#deliver(bytes);
    else if (this.#held.length < heldFramesMax) this.#held.push(bytes);
    else this.#flood();
  }

  /** A ping or a pong, which only costs; false: it is not to be answered. */
  pinged(bytes: number): boolean {
    if (this.#isOver) return false;
    this.#charge({ frames: 1, bytes, operations: 0 });
    return !this.#isPaused;
  }

  /** What the core wants: nothing more for now, or everything again. */
  hold(state: 'paused' | 'free'): void {
    this.#isHeldByCore = state === 'paused';
    this.#settle();
  }

  /** The socket is closing: what comes from it is not wanted any more, but must be read. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = [];
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#settle();
  }

  #deliver(bytes: Uint8Array): void {
    const operations = this.#parts.deliver(bytes);
    this.#charge({ frames: 1, bytes: bytes.length, operations });
  }

  #charge(cost: Cost): void {
    const waitMs = this.#take(cost);
    if (waitMs === 0 || this.#timer !== null || this.#isOver) return;
    const pauseMs = Math.min(waitMs, this.#parts.pauseMaxMs);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#settle();
    }, pauseMs);
    this.#settle();
  }

  #take(cost: Cost): number {
    const now = this.#parts.now();
    return this.#parts.buckets.reduce((ms, buckets) => Math.max(ms, buckets.take(cost, now)), 0);
  }

  #flood(): void {
    this.end();
    this.#parts.onFlood();
  }

  /** Pauses or goes on, as the reasons are now. */
  #settle(): void {
    const isPaused = !this.#isOver && (this.#isHeldByCore || this.#timer !== null);
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    this.#parts.onPaused(isPaused ? 1 : -1);
    if (isPaused) {
      this.#parts.socket.pause();
      return;
    }
    // Each of them may begin the next pause.
    const held = this.#held;
    this.#held = [];
    for (const [i, bytes] of held.entries()) {
      if (this.#isOver) return;
      if (this.#isPaused) {
        this.#held.push(...held.slice(i));
        return;
      }
      this.#deliver(bytes);
    }
    if (!this.#isPaused) this.#parts.socket.resume();
  }
}
