/**
 * The wall clock of one machine: off by some amount, too fast or too slow, and it may be set. The
 * shapes are those of TigerBeetle's simulated time (linear drift, fixed offset, steps).
 */
import type { FaultRates } from '../scenario/faults.ts';
import type { World } from './world.ts';

/** What a right clock shows at virtual time 0, ms since 1970. */
export const wallStartMs = 1_790_000_000_000;

export class WallClock {
  readonly #world: World;
  readonly #driftPpm: number;
  #offsetMs: number;

  /** `owner`: whose machine; its offset and drift hang on the name. */
  constructor(world: World, owner: string, rates: FaultRates) {
    const { clockOffsetMaxMs, clockDriftMaxPpm } = rates;
    const site = world.site(`${owner} clock`);
    this.#world = world;
    this.#offsetMs = site.between(-clockOffsetMaxMs, clockOffsetMaxMs);
    this.#driftPpm = site.between(-clockDriftMaxPpm, clockDriftMaxPpm);
  }

  /** Whole milliseconds since 1970, as this machine believes. */
  get nowMs(): number {
    const { nowMs } = this.#world;
    const drift = Math.trunc((nowMs * this.#driftPpm) / 1_000_000);
    return wallStartMs + nowMs + this.#offsetMs + drift;
  }

  /** Somebody sets it. */
  step(byMs: number): void {
    this.#offsetMs += byMs;
  }
}
