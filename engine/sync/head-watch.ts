/**
 * When a room asks whether its log has gone on without it, and what the answer says.
 *
 * While the bus works, whatever comes next shows if something before it is missing, so only silence
 * is a reason to ask. Without the bus the log itself is asked again and again: soon after it moved,
 * less often while it stands still.
 */
import type { LogHead } from '../driver/ports.ts';
import type { Limits } from '../limits.ts';
import type { Random } from '../random.ts';
import { Backoff } from './backoff.ts';

/** Where a fold stands in its log. */
export interface FoldPlace {
  readonly epoch: number;
  readonly lsn: number;
  readonly at: number;
}

/** What a node knows of its connection to the bus. */
export interface Bus {
  /** There are no other nodes. */
  readonly isAlone: boolean;
  /** Whether other nodes are heard; true where there are none. */
  readonly isUp: boolean;
}

export class HeadWatch {
  readonly #limits: Limits;
  readonly #random: Random;
  readonly #bus: Bus;
  readonly #polls: Backoff;
  readonly #failures: Backoff;
  #dueMs: number | null = null;
  /** The fold's place when the question under way was asked. */
  #asked: FoldPlace | null = null;
  /** The last head that was read to; its time may be later than its row's (a closed moment). */
  #reached: FoldPlace | null = null;

  constructor(options: {
    readonly limits: Limits;
    readonly random: Random;
    readonly bus: Bus;
  }) {
    const { limits, random, bus } = options;
    this.#limits = limits;
    this.#random = random;
    this.#bus = bus;
    this.#polls = new Backoff(limits.pollMinMs, limits.pollMaxMs);
    this.#failures = new Backoff(limits.retryMinMs, limits.retryMaxMs);
  }

  /** When to ask if nothing is heard before; null: an answer or a read is under way. */
  get dueMs(): number | null {
    return this.#dueMs;
  }

  /** The log has gone on, and was heard. */
  moved(nowMs: number): void {
    this.#polls.reset();
    this.heard(nowMs);
  }

  /** The log was heard, and had nothing new. */
  heard(nowMs: number): void {
    const { silenceMs } = this.#limits;
    // Spread, so that rooms that began together do not ask together for ever.
    const wait = this.#bus.isUp
      ? this.#random.between(Math.ceil(silenceMs / 2), silenceMs)
      : this.#polls.next(this.#random);
    this.#dueMs = nowMs + wait;
  }

  /** A question or a read is on its way: nothing is due until it is answered. */
  wait(): void {
    this.#dueMs = null;
  }

  /** A read came to this head. */
  reached(head: FoldPlace | null): void {
    this.#reached = head;
  }

  /** The bus came or went: from now on other waits hold. */
  busChanged(nowMs: number): void {
    if (this.#dueMs !== null) this.moved(nowMs);
  }

  /** The question leaves now. */
  asked({ epoch, lsn, at }: FoldPlace): void {
    this.#asked = { epoch, lsn, at };
  }

  /** The question failed: it is asked again after a while. */
  failed(nowMs: number): void {
    this.#dueMs ??= nowMs + this.#failures.next(this.#random);
  }

  /**
   * Whether the answer calls for a read. Rows that were folded since the question was asked may be
   * missing in it.
   */
  differs(head: LogHead | null, { lsn }: FoldPlace): boolean {
    this.#failures.reset();
    const [asked, reached] = [this.#asked, this.#reached];
    if (head === null || asked === null) return asked !== null && asked.lsn > 0;
    if (head.state === 'deleted' || head.epoch !== asked.epoch) return true;
    if (head.lsn < asked.lsn || head.lsn > lsn) return true;
    if (head.lsn > asked.lsn || head.at === asked.at) return false;
    return reached?.epoch !== head.epoch || reached.lsn !== head.lsn || reached.at !== head.at;
  }
}
