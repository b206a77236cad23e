/** How long edits waited while nobody was acknowledged: the longest such time. */
export class Availability {
  #waitingSinceMs: number | null = null;
  #longestMs = 0;

  /** Somebody who is online typed. */
  edited(nowMs: number): void {
    this.#waitingSinceMs ??= nowMs;
  }

  /** Somebody was acknowledged, and edits of people who are online still wait. */
  acknowledged(nowMs: number): void {
    this.nobodyWaits(nowMs);
    this.#waitingSinceMs = nowMs;
  }

  /** Everything was acknowledged, or whoever waited went offline by choice. */
  nobodyWaits(nowMs: number): void {
    this.#longestMs = this.longestMs(nowMs);
    this.#waitingSinceMs = null;
  }

  /** Until now. */
  longestMs(nowMs: number): number {
    const present = this.#waitingSinceMs === null ? 0 : nowMs - this.#waitingSinceMs;
    return Math.max(this.#longestMs, present);
  }
}
