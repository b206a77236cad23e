/**
 * Kills the server while edits are in flight, some times spread over a replay, and measures how
 * long everybody needs to get over it.
 */
import { must } from '../../engine/assert.ts';
import type { Random } from '../../engine/random.ts';
import type { Replay } from './replay.ts';
import { type Counts, covers } from './schedule.ts';

/** The time from being due to the kill is at most this: the moment is to fall anywhere. */
const delayMsMax = 10;

export interface CrashOptions {
  readonly count: number;
  /** Of the whole replay. */
  readonly transactions: number;
  readonly random: Random;
  /** SIGKILL; resolves when the process is gone. */
  readonly kill: () => Promise<void>;
  /** Starts the server on the same data and the same port; resolves when it is ready. */
  readonly restart: () => Promise<void>;
  readonly onCrash: (crash: { readonly number: number; readonly inFlight: number }) => void;
  readonly onRecovered: (recoverMs: number) => void;
}

interface Outage {
  readonly since: number;
  readonly sent: Counts;
  readonly welcomes: Counts;
}

export class Crashes {
  /**
   * Of each crash: from the kill until every client was welcomed again and had what was in
   * flight acknowledged.
   */
  readonly recoverMs: number[] = [];
  readonly #options: CrashOptions;
  /** Acknowledged transactions at which the next crashes are due. */
  readonly #dues: number[];
  #state: 'idle' | 'waiting' | 'due' = 'idle';
  #outage: Outage | null = null;
  #kills = 0;

  constructor(options: CrashOptions) {
    this.#options = options;
    const { count, transactions, random } = options;
    // One in each of `count` equal parts of the first nine tenths.
    this.#dues = Array.from({ length: count }, (_, i) =>
      Math.floor(((i + random.below(1000) / 1000) / count) * 0.9 * transactions),
    );
  }

  /** How often the server was killed. */
  get kills(): number {
    return this.#kills;
  }

  /** To be called whenever the replay moved on. */
  observe(replay: Replay): void {
    if (this.#outage !== null) this.#checkRecovery(replay, this.#outage);
    else if (this.#state === 'idle' && replay.acked > (this.#dues[0] ?? Infinity)) {
      this.#state = 'waiting';
      setTimeout(() => {
        this.#state = 'due';
        this.observe(replay);
      }, this.#options.random.below(delayMsMax));
    } else if (this.#state === 'due' && replay.inFlight > 0 && replay.begun) this.#crash(replay);
  }

  #crash(replay: Replay): void {
    const { kill, restart, onCrash } = this.#options;
    this.#dues.shift();
    this.#state = 'idle';
    const { ledger, welcomes, inFlight } = replay;
    this.#outage = { since: performance.now(), sent: [...ledger.sent], welcomes };
    this.#kills++;
    onCrash({ number: this.#kills, inFlight });
    kill()
      .then(restart)
      .catch((error: unknown) => replay.abort(String(error)));
  }

  #checkRecovery(replay: Replay, { since, sent, welcomes }: Outage): void {
    const back = replay.welcomes.every((count, i) => count > must(welcomes[i], 'a client'));
    if (!back || !covers(replay.ledger.acked, sent)) return;
    this.#outage = null;
    const recoverMs = performance.now() - since;
    this.recoverMs.push(recoverMs);
    this.#options.onRecovered(recoverMs);
  }
}
