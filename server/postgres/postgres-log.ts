/**
 * The log in PostgreSQL: LogPort and HistoryPort (engine/driver/ports.ts) over one connection that
 * appends (append-writer.ts) and a small pool that reads and closes times. What an acknowledgement
 * rests on: docs/durability.md.
 *
 * The addresses must lead to PostgreSQL itself, or to a pooler in session mode: named statements
 * and the time limits belong to the session. The schema must be there (migrate.ts).
 */
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
import { LogReader } from './log-reader.ts';
import { askReady, readHeads } from './log-statements.ts';
import { type ReaderLimits, ReaderPool, readerLimits } from './reader-pool.ts';

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
export interface PostgresLogLimits extends ReaderLimits {
  readonly queuedBytesMax: number;
  readonly groupBytesMax: number;
  readonly groupRowsMax: number;
  readonly backoffMaxMs: number;
}

const defaultLimits: PostgresLogLimits = {
  ...readerLimits,
  // What a busy node types in some seconds of a slow disk.
  queuedBytesMax: 64 * 1024 * 1024,
  // A statement of this size takes tens of milliseconds; larger ones would only add latency.
  groupBytesMax: 4 * 1024 * 1024,
  groupRowsMax: 512,
  backoffMaxMs: 5_000,
};

export class PostgresLog implements LogPort, HistoryPort {
  readonly #writer: AppendWriter;
  readonly #readers: ReaderPool;
  readonly #reader: LogReader;

  /** Connects in the background; appends made before that wait. */
  constructor({ url, onGroup, onConnection, limits }: PostgresLogOptions) {
    const bounds = { ...defaultLimits, ...limits };
    this.#writer = new AppendWriter({ url, onGroup, onConnection, ...bounds });
    this.#readers = new ReaderPool(url, bounds);
    this.#reader = new LogReader(this.#readers);
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
    this.#reader.read(document, afterLsn, bytesMax, done);
  }

  /** See LogPort. */
  heads(
    documents: readonly string[],
    done: (heads: ReadonlyMap<string, LogHead> | null) => void,
  ): void {
    const heads = this.#readers.with((client) => readHeads(client, documents));
    void heads.catch(() => null).then(done);
  }

  /** See HistoryPort. */
  closeTime(document: string, at: number, done: (outcome: CloseOutcome) => void): void {
    this.#reader.closeTime(document, at, done);
  }

  /**
   * The settings that durability rests on, as they apply to the log's connections; rejects if down.
   */
  checkDurability(): Promise<DurabilityReport> {
    return this.#readers.with(readDurability);
  }

  /** Whether appends and reads can be answered now. Never rejects. */
  ready(): Promise<boolean> {
    if (!this.#writer.connected) return Promise.resolve(false);
    return this.#readers.with(askReady).then(
      (takesRows) => takesRows && this.#writer.connected,
      () => false,
    );
  }

  /** Settles every append that waits, then ends all connections. Later calls fail as outcomes. */
  async close(): Promise<void> {
    await Promise.all([this.#writer.close(), this.#readers.close()]);
  }
}
