/**
 * One direction of a connection: a FIFO stream of messages with latency, as TCP gives it.
 *
 * While it lives nothing is lost, doubled or reordered. When it is cut, a suffix of what was on its
 * way is lost; the receiver may or may not hear that it ended. It can stand still for a while.
 */
import type { FaultCount } from '../scenario/faults.ts';
import type { Site, World } from './world.ts';

export type StreamItem =
  | { readonly type: 'opened' }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array; readonly what: string }
  | { readonly type: 'closed'; readonly code: number };

interface Queued {
  readonly item: StreamItem;
  readonly dueMs: number;
  /** The event in which it was sent. */
  readonly cause: number;
  drained: (() => void) | null;
}

export class SimStream {
  readonly #world: World;
  readonly #faults: FaultCount;
  readonly #deliver: (item: StreamItem) => void;
  readonly #latency: Site;
  readonly #slow: Site;
  readonly #queue: Queued[] = [];
  #lastDueMs = 0;
  #stalledUntilMs = 0;
  #plan = 0;
  #ended = false;

  constructor(options: {
    readonly world: World;
    readonly faults: FaultCount;
    /** Unique in the run: the stream's fates hang on it. */
    readonly name: string;
    readonly deliver: (item: StreamItem) => void;
  }) {
    this.#world = options.world;
    this.#faults = options.faults;
    this.#deliver = options.deliver;
    this.#latency = options.world.site(`${options.name} latency`);
    this.#slow = options.world.site(`${options.name} slow`);
  }

  /** Items on their way. */
  get size(): number {
    return this.#queue.length;
  }

  /**
   * Sends an item; into a stream that has ended it is lost without a word. `closed` ends the
   * stream.
   */
  push(item: StreamItem): void {
    if (this.#ended) return;
    if (item.type === 'closed') this.#ended = true;
    const { latencyMinMs, latencyMaxMs, slowPerMillion, slowFactor } = this.#faults.rates;
    const latency = this.#latency.between(latencyMinMs, latencyMaxMs);
    const isSlow = this.#slow.chance(slowPerMillion);
    if (isSlow) this.#faults.count('slow message');
    const arrivalMs = this.#world.nowMs + latency * (isSlow ? slowFactor : 1);
    this.#lastDueMs = Math.max(this.#lastDueMs, arrivalMs);
    const { cause } = this.#world;
    this.#queue.push({ item, dueMs: this.#lastDueMs, cause, drained: null });
    if (this.#queue.length === 1) this.#planHead();
  }

  /** Calls back when what was sent so far has left; never if the stream breaks before. */
  whenDrained(drained: () => void): void {
    const last = this.#queue.at(-1);
    if (last !== undefined) last.drained = drained;
    else if (!this.#ended) this.#world.after(0, drained);
  }

  /** Nothing arrives before `untilMs`. */
  stall(untilMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, untilMs);
  }

  /** The end of all stalls. */
  release(): void {
    this.#stalledUntilMs = 0;
    if (this.#queue.length > 0) this.#planHead();
  }

  /** Loses what is on its way from item `keep` on, and all that is sent later. */
  cut(keep: number): void {
    this.#ended = true;
    this.#queue.length = Math.min(this.#queue.length, keep);
  }

  /** After a cut: the receiver gets to know, behind what still arrives. */
  tellClosed(code: number): void {
    this.#ended = false;
    this.push({ type: 'closed', code });
  }

  #planHead(): void {
    const head = this.#queue[0];
    if (head === undefined) return;
    this.#plan++;
    const plan = this.#plan;
    const atMs = Math.max(head.dueMs, this.#stalledUntilMs);
    this.#world.after(atMs - this.#world.nowMs, () => {
      if (plan === this.#plan) this.#arrive();
    });
  }

  #arrive(): void {
    if (this.#stalledUntilMs > this.#world.nowMs) {
      this.#planHead();
      return;
    }
    const head = this.#queue.shift();
    if (head === undefined) return;
    this.#planHead();
    this.#world.resume(head.cause, () => {
      head.drained?.();
      this.#deliver(head.item);
    });
  }
}
