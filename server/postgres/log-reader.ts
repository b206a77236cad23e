/**
 * What is read from the log, and times that are closed, over a small pool of connections. Nothing
 * here appends.
 */
import { type ClientBase, Pool } from 'pg';
import { assert } from '../../engine/assert.ts';
import type {
  CloseOutcome,
  HistoryPort,
  LogHead,
  LogPage,
  LogPort,
} from '../../engine/driver/ports.ts';
import { closeTime, readHeads, readPage } from './log-statements.ts';

/** Bounds on connections and time; milliseconds. */
export interface LogReaderLimits {
  readonly readersMax: number;
  /** Reads that may wait for a reader; more fail at once. */
  readonly readsWaitingMax: number;
  readonly connectTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly answerTimeoutMs: number;
}

export const defaultReaderLimits: LogReaderLimits = {
  readersMax: 4,
  readsWaitingMax: 1_000,
  connectTimeoutMs: 3_000,
  // Heads are locked for the time of one statement; a second means that somebody is stuck.
  lockTimeoutMs: 1_000,
  statementTimeoutMs: 5_000,
  answerTimeoutMs: 8_000,
};

export class LogReader implements Pick<LogPort, 'read' | 'heads'>, HistoryPort {
  readonly #readers: Pool;
  readonly #readsWaitingMax: number;

  /** Connects when it is first asked. */
  constructor({ url, limits }: { readonly url: string; readonly limits: LogReaderLimits }) {
    this.#readsWaitingMax = limits.readsWaitingMax;
    this.#readers = new Pool({
      connectionString: url,
      application_name: 'sync-vector-engine read',
      max: limits.readersMax,
      connectionTimeoutMillis: limits.connectTimeoutMs,
      lock_timeout: limits.lockTimeoutMs,
      statement_timeout: limits.statementTimeoutMs,
      query_timeout: limits.answerTimeoutMs,
      keepAlive: true,
    });
    // An idle reader that broke was taken out of the pool already.
    this.#readers.on('error', () => {});
    // One that is taken out may break between its answer and its return, which no query would hear.
    this.#readers.on('connect', (client) => client.on('error', () => {}));
  }

  /** See LogPort. The page holds at most `bytesMax` bytes of bodies, or one row that is larger. */
  read(
    document: string,
    afterLsn: number,
    bytesMax: number,
    done: (page: LogPage | null) => void,
  ): void {
    const page = this.use((client) => readPage(client, document, afterLsn, bytesMax));
    void page.catch(() => null).then(done);
  }

  /** See LogPort. */
  heads(
    documents: readonly string[],
    done: (heads: ReadonlyMap<string, LogHead> | null) => void,
  ): void {
    const heads = this.use((client) => readHeads(client, documents));
    void heads.catch(() => null).then(done);
  }

  /** See HistoryPort. */
  closeTime(document: string, at: number, done: (outcome: CloseOutcome) => void): void {
    assert(Number.isSafeInteger(at) && at >= 0, `a time, got ${at}`);
    const outcome = this.use((client) => closeTime(client, document, at));
    void outcome.catch((): CloseOutcome => 'unknown').then(done);
  }

  /** Runs `work` on a connection, which goes back to the pool unless `work` rejects. */
  async use<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    if (this.#readers.waitingCount >= this.#readsWaitingMax) {
      throw new Error('too many reads wait');
    }
    const client = await this.#readers.connect();
    try {
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      // It may be broken, or busy with what we stopped waiting for.
      client.release(true);
      throw error;
    }
  }

  /** Ends the connections. Later calls fail as outcomes. */
  async close(): Promise<void> {
    await this.#readers.end();
  }
}
