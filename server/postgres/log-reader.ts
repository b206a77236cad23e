/**
 * What playback needs of the log, for whoever never appends: pages of it, times closed, and a look
 * at one row. The log itself reads its pages with it too.
 */
import { assert } from '../../engine/assert.ts';
import type { CloseOutcome, HistoryPort, LogPage, LogPort } from '../../engine/driver/ports.ts';
import { closeTime, readPage } from './log-statements.ts';
import type { ReaderPool } from './reader-pool.ts';

/** Every statement of the reader, beside those of log-statements.ts. */
export const readerStatements = {
  /** A page would be sized first, over thousands of rows. */
  look: `
SELECT head.epoch, head.state, head.at, head.pruned_lsn, log_row.at
FROM document_head AS head
LEFT JOIN log_row ON log_row.document = $1 AND log_row.lsn = $2 AND $2 > head.pruned_lsn
WHERE head.document = $1`,
} as const;

/** The head, and one row, as of one moment. */
export interface LogLook {
  readonly epoch: number;
  readonly state: string;
  /** As in LogHead. */
  readonly headAt: number;
  /** 0 = nothing was pruned. */
  readonly prunedLsn: number;
  /** Commit time of the row; null: it is not there. */
  readonly rowAt: number | null;
}

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

  /** null: the document has never been written. Rejects if the database does not answer. */
  async look(document: string, lsn: number): Promise<LogLook | null> {
    type Columns = [string, string, string, string, string | null];
    const { rows } = await this.#pool.with((client) =>
      client.query<Columns>({
        name: 'look',
        text: readerStatements.look,
        values: [document, lsn],
        rowMode: 'array',
      }),
    );
    if (rows[0] === undefined) return null;
    const [epoch, state, headAt, prunedLsn, rowAt] = rows[0];
    return {
      ...{ epoch: Number(epoch), state, headAt: Number(headAt), prunedLsn: Number(prunedLsn) },
      rowAt: rowAt === null ? null : Number(rowAt),
    };
  }

  /** See HistoryPort. */
  closeTime(document: string, at: number, done: (outcome: CloseOutcome) => void): void {
    assert(Number.isSafeInteger(at) && at >= 0, `a time, got ${at}`);
    const outcome = this.#pool.with((client) => closeTime(client, document, at));
    void outcome.catch((): CloseOutcome => 'unknown').then(done);
  }
}
