/**
 * The one interpreter: feeds inputs to a core and performs its effects, in order, to the end,
 * before the next input.
 *
 * An effect may answer at once; its answer is queued behind the effects that are still to be
 * performed, so that a core is never entered while a step of it runs. The real server and the
 * simulator use the same class.
 */
import { assert } from '../assert.ts';
import type { Core } from '../sync/effects.ts';
import type { ClockPort } from './ports.ts';

export class Driver<I, E> {
  readonly #core: Core<I, E>;
  readonly #clock: ClockPort;
  readonly #perform: (effect: E) => void;
  readonly #tick: I;
  readonly #queue: I[] = [];
  #running = false;
  #wakeAtMs: number | null = null;
  readonly #wake = (): void => {
    this.#wakeAtMs = null;
    this.submit(this.#tick);
  };

  constructor(options: {
    readonly core: Core<I, E>;
    readonly clock: ClockPort;
    /** Performs one effect; answers go to `submit`. */
    readonly perform: (effect: E) => void;
    /** The input that tells the core that its deadline has come. */
    readonly tick: I;
  }) {
    this.#core = options.core;
    this.#clock = options.clock;
    this.#perform = options.perform;
    this.#tick = options.tick;
  }

  /** Takes an input; if no step is running, also everything that follows from it. */
  submit(input: I): void {
    this.#queue.push(input);
    if (this.#running) return;
    this.#running = true;
    let wakeAtMs: number | null = null;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        const ready = this.#core.step(this.#clock.now(), next);
        for (const effect of ready.effects) this.#perform(effect);
        wakeAtMs = ready.wakeAtMs;
      }
    } finally {
      this.#running = false;
    }
    assert(wakeAtMs === null || Number.isFinite(wakeAtMs), `deadline ${wakeAtMs} is no time`);
    if (wakeAtMs === this.#wakeAtMs) return;
    this.#wakeAtMs = wakeAtMs;
    this.#clock.wakeAt(wakeAtMs, this.#wake);
  }
}
