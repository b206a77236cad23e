/**
 * When to look at a Redis Cluster again: at once after an alarm, then with backoff for as long as
 * looking does not help, and now and then when all is well.
 *
 * Invariant: however many alarms there are, one look follows the other after a delay; only the
 * first after a calm time is made at once.
 */
import { backOffMs, type RedisBusLimits } from './redis-link.ts';

/** What a look found: `changed` is progress, `well` leaves nothing to be done. */
export type Finding = 'changed' | 'well' | 'unwell';

/** Finds what nobody tells, such as a master that was cut off from the others. */
const calmMs = 10_000;

export class ClusterWatch {
  readonly #look: () => Promise<Finding>;
  readonly #limits: RedisBusLimits;
  /** Looks since all was well; 0 = it is. */
  #rounds = 0;
  #isAlarmed = false;
  #isClosed = false;
  #wake = (): void => {};

  /** `look` must not reject. */
  constructor(look: () => Promise<Finding>, limits: RedisBusLimits) {
    this.#look = look;
    this.#limits = limits;
    void this.#run();
  }

  alarm(): void {
    this.#isAlarmed = true;
    if (this.#rounds === 0) this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#pause();
      if (this.#isClosed) return;
      const wasAlarmed = this.#isAlarmed;
      this.#isAlarmed = false;
      const finding = await this.#look();
      if (finding === 'changed') this.#rounds = 1;
      else this.#rounds = wasAlarmed || finding === 'unwell' ? this.#rounds + 1 : 0;
    }
  }

  async #pause(): Promise<void> {
    if (this.#isClosed || (this.#rounds === 0 && this.#isAlarmed)) return;
    const delayMs = this.#rounds === 0 ? calmMs : backOffMs(this.#rounds, this.#limits);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
