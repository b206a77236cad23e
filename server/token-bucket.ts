/**
 * A token bucket that may go into debt: what came is always taken, and the answer is how long to
 * wait before more is. So nobody's text is thrown away, and one large frame is paid for afterwards
 * in place of being impossible.
 */

export interface Rate {
  /** Tokens a second; 0 = no limit. */
  readonly perSecond: number;
  /** How many may come at once after a rest. */
  readonly burst: number;
}

export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#atMs = nowMs;
  }

  /** Takes `count` tokens; returns how long until the bucket has any again, 0 = now. Ms. */
  take(count: number, nowMs: number): number {
    if (this.#rate.perSecond === 0) return 0;
    this.#refill(nowMs);
    this.#tokens -= count;
    return this.#waitMs();
  }

  /** Takes one token if there is one; else nothing, and false. */
  tryTake(nowMs: number): boolean {
    if (this.#rate.perSecond === 0) return true;
    this.#refill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** As `take` of nothing. */
  waitMs(nowMs: number): number {
    return this.take(0, nowMs);
  }

  /** Nothing is remembered of the past: a new bucket would be the same. */
  isFull(nowMs: number): boolean {
    if (this.#rate.perSecond === 0) return true;
    this.#refill(nowMs);
    return this.#tokens >= this.#rate.burst;
  }

  #waitMs(): number {
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens * 1000) / this.#rate.perSecond);
  }

  #refill(nowMs: number): void {
    const gained = (Math.max(0, nowMs - this.#atMs) * this.#rate.perSecond) / 1000;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + gained);
    this.#atMs = Math.max(this.#atMs, nowMs);
  }
}
