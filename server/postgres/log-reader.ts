/** What playback needs of the log, for whoever never appends: pages of it, and times closed. */
import type { CloseOutcome, HistoryPort, LogPage, LogPort } from '../../engine/driver/ports.ts';
import { closeTime, readPage } from './log-statements.ts';
import type { ReaderPool } from './reader-pool.ts';

export class LogReader implements Pick<LogPort, 'read'>, HistoryPort {
  readonly #pool: ReaderPool;

  /** The pool stays the caller's. */
  constructor(pool: ReaderPool) {
    this.#pool = pool;
  }

  /** See LogPort. */
  read(
    document: string,
    afterLsn: number,
    bytesMax: number,
    done: (page: LogPage | null) => void,
  ): void {
    const page = this.#pool.with((client) => readPage(client, document, afterLsn, bytesMax));
    void page.catch(() => null).then(done);
  }

  /** See HistoryPort. */
  closeTime(document: string, at: number, done: (outcome: CloseOutcome) => void): void {
    const outcome = this.#pool.with((client) => closeTime(client, document, at));
    void outcome.catch((): CloseOutcome => 'unknown').then(done);
  }
}
