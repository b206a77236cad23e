/**
 * Connections that read: few, with time limits on every step, and with a bound on who may wait for
 * one. One that failed is not used again: it may be broken, or busy with what was given up.
 */
import { type ClientBase, Pool } from 'pg';

/** Milliseconds, unless it says otherwise. */
export interface ReaderLimits {
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly readersMax: number;
  /** Reads that may wait for a reader; more fail at once. */
  readonly readsWaitingMax: number;
}

export const readerLimits: ReaderLimits = {
  // Heads are locked for the time of one statement; a second means that somebody is stuck.
  lockTimeoutMs: 1_000,
  statementTimeoutMs: 5_000,
  answerTimeoutMs: 8_000,
  connectTimeoutMs: 3_000,
  readersMax: 4,
  readsWaitingMax: 1_000,
};

export class ReaderPool {
  readonly #pool: Pool;
  readonly #waitingMax: number;

  /** Connects when it is first asked. */
  constructor(url: string, limits: ReaderLimits = readerLimits) {
    this.#waitingMax = limits.readsWaitingMax;
    this.#pool = new Pool({
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
    this.#pool.on('error', () => {});
    // One that is taken out may break between its answer and its return, which no query would hear.
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  /** Rejects with what `work` rejects with, or if no connection is to be had. */
  async with<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    if (this.#pool.waitingCount >= this.#waitingMax) throw new Error('too many reads wait');
    const client = await this.#pool.connect();
    try {
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}
