/**
 * A room's reads of its log: first of the newest snapshot, then of the tail: one at a time, once
 * more if something happened meanwhile, again after a backoff when one failed. Which rows are
 * folded is the room's business.
 */
import type { ErrorCode } from '../../proto/codes.ts';
import type { LogPage } from '../driver/ports.ts';
import type { Limits } from '../limits.ts';
import type { Random } from '../random.ts';
import { Backoff } from './backoff.ts';
import type { FoldPlace } from './head-watch.ts';

export class TailReader {
  readonly #random: Random;
  readonly #backoff: Backoff;
  readonly #load: () => void;
  readonly #read: (afterLsn: number) => void;
  /** It is known which snapshot there is. */
  #hasBegun = false;
  #isReading = false;
  /** Something happened since the read under way began: read once more. */
  #again = false;
  /**
   * The fold's place when the read under way began: rows folded since may be missing in its page.
   */
  #from: FoldPlace | null = null;
  #retryAtMs: number | null = null;

  constructor(options: {
    readonly limits: Limits;
    readonly random: Random;
    /** Asks for the newest snapshot; the answer goes to `began`. */
    readonly load: () => void;
    /** Sends a read on its way; its answer goes to `answered`. */
    readonly read: (afterLsn: number) => void;
  }) {
    const { limits, random, load, read } = options;
    this.#random = random;
    this.#backoff = new Backoff(limits.retryMinMs, limits.retryMaxMs);
    this.#load = load;
    this.#read = read;
  }

  /** What is read follows a snapshot, or it is known that there is none. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  /** A read is under way, or failed and will be tried again. */
  get isBusy(): boolean {
    return this.#isReading || this.#retryAtMs !== null;
  }

  /** When to read again after a failure; null = the last read did not fail. */
  get retryAtMs(): number | null {
    return this.#retryAtMs;
  }

  /** Reads from the last folded row on; once more if a read is under way. */
  read(place: FoldPlace): void {
    if (this.#isReading) this.#again = true;
    else if (!this.#hasBegun) this.#begin();
    // With the last row: if it is not the one we folded, the history has changed.
    else this.readAfter(Math.max(0, place.lsn - 1), place);
  }

  readAfter(afterLsn: number, { epoch, lsn, at }: FoldPlace): void {
    this.#isReading = true;
    this.#retryAtMs = null;
    this.#from = { epoch, lsn, at };
    this.#read(afterLsn);
  }

  /** It is known what to begin with. */
  began(): void {
    this.#isReading = false;
    this.#hasBegun = true;
    this.#backoff.reset();
  }

  /** It is not known what to begin with: `retryAtMs` says when to ask again. */
  failedToBegin(nowMs: number): void {
    this.#isReading = false;
    this.#retryAtMs = nowMs + this.#backoff.next(this.#random);
  }

  /**
   * Whether there is a page of the present history; if not, the next answer is on its way, or
   * `retryAtMs` says when to try again.
   */
  answered(page: LogPage | null, nowMs: number): page is LogPage {
    this.#isReading = false;
    if (!this.#hasBegun) {
      this.#begin();
      return false;
    }
    if (page === null) this.#retryAtMs = nowMs + this.#backoff.next(this.#random);
    else this.#backoff.reset();
    return page !== null;
  }

  /** Why a fold at this place cannot go on with the page, as code and message; null = it can. */
  obstacle(page: LogPage, { lsn }: FoldPlace): readonly [ErrorCode, string] | null {
    if (page.head?.state === 'deleted') {
      return ['document-deleted', 'the document was deleted by an operator'];
    }
    if (!this.#isOfOneHistory(page)) {
      return ['history-changed', 'the log has another history than the one served here'];
    }
    const isPruned = (page.head?.prunedLsn ?? 0) > lsn;
    return isPruned ? ['unreadable-log', 'the rows that come next were pruned'] : null;
  }

  /** Whether to read once more, although the head was reached. */
  takeAgain(): boolean {
    const again = this.#again;
    this.#again = false;
    return again;
  }

  /** The history is over: what is still under way is compared with nothing. */
  forget(): void {
    this.#hasBegun = false;
    this.#again = false;
    this.#from = null;
  }

  #begin(): void {
    this.#isReading = true;
    this.#retryAtMs = null;
    this.#load();
  }

  /** Whether the page is of the history that the read began in. */
  #isOfOneHistory({ head, rows }: LogPage): boolean {
    const from = this.#from;
    if (from === null || from.lsn === 0) return true;
    if (head === null || head.epoch !== from.epoch || head.lsn < from.lsn) return false;
    const last = rows[0];
    return last?.lsn !== from.lsn || last.at === from.at;
  }
}
