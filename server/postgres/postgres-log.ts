/**
 * The log in PostgreSQL: LogPort and HistoryPort (engine/driver/ports.ts) over one connection that
 * appends (append-writer.ts) and a small pool that reads and closes times. What an acknowledgement
 * rests on: docs/durability.md.
 *
 * The addresses must lead to PostgreSQL itself, or to a pooler in session mode: named statements
 * and the time limits belong to the session. The schema must be there (migrate.ts).
 */
import { type ClientBase, Pool } from 'pg';
import { assert } from '../../engine/assert.ts';
import type {
  AppendResult,
  CloseOutcome,
  HistoryPort,
  LogHead,
  LogPage,
  LogPort,
} from '../../engine/driver/ports.ts';
import { AppendWriter, type GroupReport } from './append-writer.ts';
import { type DurabilityReport, readDurability } from './durability-check.ts';
import { askReady, closeTime, readHeads, readPage } from './log-statements.ts';

export interface PostgresLogOptions {
  readonly url: string;
  /** Called after each append statement that was answered. */
  readonly onGroup?: (report: GroupReport) => void;
  /**
   * The append connection came up or went down. After each `true` but the first, what other nodes
   * wrote meanwhile may have been missed, and the database may be another one: check every resident
   * document.
   */
  readonly onConnection?: (up: boolean, reason: string) => void;
  /** Changes to `defaultLimits`. */
  readonly limits?: Partial<PostgresLogLimits>;
}

/** Bounds on memory and time; bytes and milliseconds. */
export interface PostgresLogLimits {
  readonly queuedBytesMax: number;
  readonly groupBytesMax: number;
  readonly groupRowsMax: number;
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly backoffMaxMs: number;
  readonly readersMax: number;
  /** Reads that may wait for a reader; more fail at once. */
  readonly readsWaitingMax: number;
}

const defaultLimits: PostgresLogLimits = {
  // What a busy node types in some seconds of a slow disk.
  queuedBytesMax: 64 * 1024 * 1024,
  // A statement of this size takes tens of milliseconds; larger ones would only add latency.
  groupBytesMax: 4 * 1024 * 1024,
  groupRowsMax: 512,
  // Heads are locked for the time of one statement; a second means that somebody is stuck.
  lockTimeoutMs: 1_000,
  statementTimeoutMs: 5_000,
  answerTimeoutMs: 8_000,
  connectTimeoutMs: 3_000,
  backoffMaxMs: 5_000,
  readersMax: 4,
  readsWaitingMax: 1_000,
};

export class PostgresLog implements LogPort, HistoryPort {
  readonly #writer: AppendWriter;
  readonly #readers: Pool;
  readonly #limits: PostgresLogLimits;

  /** Connects in the background; appends made before that wait. */
  constructor({ url, onGroup, onConnection, limits }: PostgresLogOptions) {
    this.#limits = { ...defaultLimits, ...limits };
    this.#writer = new AppendWriter({ url, onGroup, onConnection, ...this.#limits });
    this.#readers = new Pool({
      connectionString: url,
      application_name: 'sync-vector-engine read',
      max: this.#limits.readersMax,
      connectionTimeoutMillis: this.#limits.connectTimeoutMs,
      lock_timeout: this.#limits.lockTimeoutMs,
      statement_timeout: this.#limits.statementTimeoutMs,
      query_timeout: this.#limits.answerTimeoutMs,
      keepAlive: true,
    });
    // An idle reader that broke was taken out of the pool already.
    this.#readers.on('error', () => {});
    // One that is taken out may break between its answer and its return, which no query would hear.
    this.#readers.on('connect', (client) => client.on('error', () => {}));
  }

  /** See LogPort. `body` must not change before the callback. */
  append(
    document: string,
    epoch: number,
    body: Uint8Array,
    done: (result: AppendResult) => void,
  ): void {
    assert(Number.isSafeInteger(epoch) && epoch > 0, `an epoch, got ${epoch}`);
    this.#writer.append({ document, epoch, body, done });
  }

  /** See LogPort. The page holds at most `bytesMax` bytes of bodies, or one row that is larger. */
  read(
    document: string,
    afterLsn: number,
    bytesMax: number,
    done: (page: LogPage | null) => void,
  ): void {
    const page = this.#withReader((client) => readPage(client, document, afterLsn, bytesMax));
    void page.catch(() => null).then(done);
  }

  /** See LogPort. */
  heads(
    documents: readonly string[],
    done: (heads: ReadonlyMap<string, LogHead> | null) => void,
  ): void {
    const heads = this.#withReader((client) => readHeads(client, documents));
    void heads.catch(() => null).then(done);
  }

  /** See HistoryPort. */
  closeTime(document: string, at: number, done: (outcome: CloseOutcome) => void): void {
    assert(Number.isSafeInteger(at) && at >= 0, `a time, got ${at}`);
    const outcome = this.#withReader((client) => closeTime(client, document, at));
    void outcome.catch((): CloseOutcome => 'unknown').then(done);
  }

  /**
   * The settings that durability rests on, as they apply to the log's connections; rejects if down.
   */
  checkDurability(): Promise<DurabilityReport> {
    return this.#withReader(readDurability);
  }

  /** Whether appends and reads can be answered now. Never rejects. */
  ready(): Promise<boolean> {
    if (!this.#writer.connected) return Promise.resolve(false);
    return this.#withReader(askReady).then(
      (takesRows) => takesRows && this.#writer.connected,
      () => false,
    );
  }

  /** Settles every append that waits, then ends all connections. Later calls fail as outcomes. */
  async close(): Promise<void> {
    await Promise.all([this.#writer.close(), this.#readers.end()]);
  }

  async #withReader<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    if (this.#readers.waitingCount >= this.#limits.readsWaitingMax) {
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
}
