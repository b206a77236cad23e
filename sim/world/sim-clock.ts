/**
 * The clocks of one process: a monotonic one that starts when the process does, and the wall clock
 * of its machine. One deadline at a time, as ClockPort has it.
 *
 * A deadline mostly moves later (each message heard moves the heartbeat's), so the planned task is
 * left where it is and looks again when it runs.
 */
import type { ClockPort } from '../../engine/driver/ports.ts';
import type { Instant } from '../../engine/ids.ts';
import type { WallClock } from './wall-clock.ts';
import type { World } from './world.ts';

export class SimClock implements ClockPort {
  readonly #world: World;
  readonly #bootMs: number;
  readonly #wall: WallClock;
  readonly #guard: (wake: () => void) => void;
  #due: { readonly atMs: number; readonly wake: () => void } | null = null;
  #plannedMs = Number.POSITIVE_INFINITY;
  #plan = 0;
  #stopped = false;

  constructor(options: {
    readonly world: World;
    readonly wall: WallClock;
    /** Calls the process's wake-up, and notes it. */
    readonly guard: (wake: () => void) => void;
  }) {
    this.#world = options.world;
    this.#bootMs = options.world.nowMs;
    this.#wall = options.wall;
    this.#guard = options.guard;
  }

  now(): Instant {
    return { monoMs: this.#world.nowMs - this.#bootMs, wallMs: this.#wall.nowMs };
  }

  wakeAt(monoMs: number | null, wake: () => void): void {
    if (this.#stopped) return;
    if (monoMs === null) {
      this.#due = null;
      return;
    }
    // Timers fire at whole milliseconds, never early.
    const atMs = Math.max(this.#world.nowMs, Math.ceil(monoMs) + this.#bootMs);
    this.#due = { atMs, wake };
    if (atMs < this.#plannedMs) this.#planFor(atMs);
  }

  /** The process is gone: no wake-up comes any more. */
  stop(): void {
    this.#stopped = true;
    this.#due = null;
  }

  #planFor(atMs: number): void {
    this.#plan++;
    const plan = this.#plan;
    this.#plannedMs = atMs;
    this.#world.after(atMs - this.#world.nowMs, () => {
      if (plan === this.#plan) this.#look();
    });
  }

  #look(): void {
    this.#plannedMs = Number.POSITIVE_INFINITY;
    const due = this.#due;
    if (due === null) return;
    if (due.atMs > this.#world.nowMs) {
      this.#planFor(due.atMs);
      return;
    }
    this.#due = null;
    this.#guard(due.wake);
  }
}
