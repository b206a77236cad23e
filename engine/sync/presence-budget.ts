/**
 * What a node may spend on telling presence: a fixed part of its time, whatever number of people
 * moves their carets.
 *
 * With n people in a document each move is told to n − 1 others, so that the cost grows with the
 * square of n, while text must not wait (G7). So whoever wants to tell something reserves time for
 * it, at what it will cost about, and the next one comes after a pause of many times that: with
 * much to tell everybody tells less often, and the latest state wins. With little to tell the pause
 * is over before the next news have been gathered.
 */

/** What a frame to one socket takes, the system call included, and each byte of it: ms. */
const frameMs = 0.012;
const byteMs = 2e-6;

/** What it takes about to send a receiver these frames. */
export function sendingMs(frames: number, bytes: number): number {
  return frames * frameMs + bytes * byteMs;
}

export class PresenceBudget {
  readonly #gatherMs: number;
  readonly #pauseFactor: number;
  #freeAtMs = 0;

  /** News is gathered for `gatherMs`; one part of `pauseFactor` of the time is for telling it. */
  constructor(limits: { readonly presenceMs: number; readonly presencePauseFactor: number }) {
    this.#gatherMs = limits.presenceMs;
    this.#pauseFactor = limits.presencePauseFactor;
  }

  /** When news of now may be told, if that costs so much; nobody else gets that time. */
  reserve(nowMs: number, costMs: number): number {
    const slotMs = Math.max(nowMs + this.#gatherMs, Math.ceil(this.#freeAtMs));
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + costMs * this.#pauseFactor;
    return slotMs;
  }
}
