/**
 * The object store as S3 gives it: what was put is seen at once by everybody; a call can fail on
 * its way there, when nothing was done, or on its way back, when all of it was.
 *
 * A process that dies hears nothing, but what it has sent goes on.
 */
import { assertObjectKey } from '../../engine/driver/object-key.ts';
import type { ObjectStorePort } from '../../engine/driver/ports.ts';
import type { FaultCount } from '../scenario/faults.ts';
import type { Site, World } from './world.ts';

/** Chance at one node's calls. */
interface LaneSites {
  readonly way: Site;
  readonly failure: Site;
  readonly place: Site;
}

/** One call: what the store does, and how the node is told. */
interface Call<T> {
  readonly lane: string;
  readonly what: string;
  readonly work: () => T;
  readonly done: (result: T | 'failed') => void;
}

export class SimObjects {
  readonly #world: World;
  readonly #faults: FaultCount;
  readonly #bodies = new Map<string, Uint8Array>();
  readonly #sites = new Map<string, LaneSites>();
  #downUntilMs = 0;

  constructor(world: World, faults: FaultCount) {
    this.#world = world;
    this.#faults = faults;
  }

  /** The port of one process on the machine `lane`. */
  connect(lane: string, isAlive: () => boolean): ObjectStorePort {
    const call = <T>(what: string, work: () => T, done: (result: T | 'failed') => void): void =>
      this.#call<T>({ lane, what, work, done: (result) => isAlive() && done(result) });
    return {
      put: (key, bytes, done) => {
        assertObjectKey(key);
        // Who changes bytes on their way should see what comes of it.
        const work = (): boolean => this.#put(key, Uint8Array.from(bytes));
        call(`put ${key} ${bytes.length}B`, work, (result) => done(result !== 'failed'));
      },
      get: (key, done) => {
        assertObjectKey(key);
        call(`get ${key}`, () => this.#bodies.get(key) ?? null, done);
      },
      list: (prefix, done) =>
        call(
          `list ${prefix}`,
          () => this.#keys(prefix),
          (result) => done(result === 'failed' ? null : result),
        ),
      remove: (key, done) => {
        assertObjectKey(key);
        const work = (): boolean => this.#bodies.delete(key);
        call(`remove ${key}`, work, (result) => done(result !== 'failed'));
      },
    };
  }

  /** Every call fails for `forMs`. */
  outage(forMs: number): void {
    this.#downUntilMs = Math.max(this.#downUntilMs, this.#world.nowMs + forMs);
  }

  /** Calls work again. */
  heal(): void {
    this.#downUntilMs = 0;
  }

  #call<T>({ lane, what, work, done }: Call<T>): void {
    const { way, failure, place } = this.#sitesOf(lane);
    const { objectFailurePerMillion, objectLatencyMaxMs } = this.#faults.rates;
    const isFailing = failure.chance(objectFailurePerMillion);
    const isFailingThere = place.chance(500_000);
    const there = way.between(0, objectLatencyMaxMs);
    const back = way.between(0, objectLatencyMaxMs);
    this.#world.note(lane, 'object call', what);
    this.#world.after(there, () => {
      const isDown = this.#isDown;
      if (isFailing) this.#faults.count('failed object call');
      const result = isDown || (isFailing && isFailingThere) ? 'failed' : work();
      if (result !== 'failed') this.#world.note('objects', 'done', what);
      this.#world.after(back, () => {
        const told = isFailing || this.#isDown ? 'failed' : result;
        this.#world.note(
          lane,
          'object call settled',
          `${what}${told === 'failed' ? ': failed' : ''}`,
        );
        done(told);
      });
    });
  }

  get #isDown(): boolean {
    return this.#world.nowMs < this.#downUntilMs;
  }

  #put(key: string, bytes: Uint8Array): boolean {
    this.#bodies.set(key, bytes);
    return true;
  }

  #keys(prefix: string): readonly string[] {
    const keys = [...this.#bodies.keys()].filter((key) => key.startsWith(prefix));
    return keys.sort((a, b) => (a < b ? -1 : 1));
  }

  #sitesOf(lane: string): LaneSites {
    const known = this.#sites.get(lane);
    if (known !== undefined) return known;
    const site = (what: string): Site => this.#world.site(`${lane} objects ${what}`);
    const sites = { way: site('way'), failure: site('failure'), place: site('place') };
    this.#sites.set(lane, sites);
    return sites;
  }
}
