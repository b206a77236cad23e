/**
 * Group commit: the one connection through which this node appends.
 *
 * At most one statement is in flight. What arrives meanwhile waits and goes into the next one
 * together, so the number of commits follows the disk and the number of rows follows the load.
 *
 * | state      | appends                | leaves it                                              |
 * | ---------- | ---------------------- | ------------------------------------------------------ |
 * | connecting | wait                   | up; or all that wait are `unknown` and we back off     |
 * | up         | go into the next group | the connection breaks: its group is `unknown`; connect |
 * | backingOff | are `unknown` at once  | after a random delay: connect                          |
 * | closed     | are `unknown` at once  | never                                                  |
 *
 * Invariants: every callback is called once and never within append(); `committed` is reported only
 * after the server has said that the transaction ended (ReadyForQuery), which it says after the
 * flush. In the extended protocol the rows and even "INSERT 0 1" arrive before the commit and prove
 * nothing.
 */
import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import { Client } from 'pg';
import { assert } from '../../engine/assert.ts';
import type { AppendResult, LogHead } from '../../engine/driver/ports.ts';
import { AppendQueue, type AppendQueueLimits, type PendingAppend } from './append-queue.ts';
import { appendGroup, classifyError, readHeads } from './log-statements.ts';

/** One statement of the append, as measured here. */
export interface GroupReport {
  readonly documents: number;
  /** Rows written; fewer than documents if heads refused some. */
  readonly rows: number;
  /** Bytes of the bodies sent. */
  readonly bytes: number;
  /** From sending to the end of the transaction. */
  readonly ms: number;
}

export interface AppendWriterOptions extends AppendQueueLimits {
  readonly url: string;
  /** How long a group waits for a locked head. */
  readonly lockTimeoutMs: number;
  /** The server's limit for one statement; above `lockTimeoutMs`. */
  readonly statementTimeoutMs: number;
  /** This side's limit, for a server that does not answer; above `statementTimeoutMs`. */
  readonly answerTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly backoffMaxMs: number;
  readonly onGroup?: ((report: GroupReport) => void) | undefined;
  /** The connection came up (after a break: rows may have been missed), or broke for `reason`. */
  readonly onConnection?: ((up: boolean, reason: string) => void) | undefined;
}

/** The results by document (absent = unknown), or what is wrong with the whole group. */
type Attempt = ReadonlyMap<string, AppendResult> | 'row' | 'busy' | 'broken';

/** First delay of the backoff; the first attempt after a break is made at once. */
const backoffMinMs = 100;

const unknown: AppendResult = { outcome: 'unknown' };

export class AppendWriter {
  readonly #options: AppendWriterOptions;
  readonly #queue: AppendQueue;
  readonly #closing = new AbortController();
  #state: 'connecting' | 'up' | 'backingOff' | 'closed' = 'connecting';
  /** Set exactly while up, and at the end of closing until the queue is empty. */
  #client: Client | null = null;
  /** Breaks and failed attempts since a group was last answered. */
  #failures = 0;
  /** The loop that empties the queue, while it runs. */
  #run: Promise<void> | null = null;

  /** Connects in the background. */
  constructor(options: AppendWriterOptions) {
    assert(
      options.lockTimeoutMs < options.statementTimeoutMs,
      'a lock gives up before a statement',
    );
    assert(
      options.statementTimeoutMs < options.answerTimeoutMs,
      'the server gives up before we do',
    );
    this.#options = options;
    this.#queue = new AppendQueue(options);
    void this.#connect();
  }

  get connected(): boolean {
    return this.#state === 'up';
  }

  /** See LogPort.append. `append.body` must not change before the callback. */
  append(append: PendingAppend): void {
    const waits = this.#state === 'connecting' || this.#state === 'up';
    if (waits && this.#queue.push(append)) this.#start();
    else setImmediate(append.done, unknown);
  }

  /** Finishes what waits if there is a connection, then ends it. Later appends are `unknown`. */
  async close(): Promise<void> {
    this.#state = 'closed';
    this.#closing.abort();
    while (this.#run !== null) await this.#run;
    settleAll(this.#queue.takeAll(), unknown);
    const client = this.#client;
    this.#client = null;
    await client?.end();
  }

  /**
   * Runs the loop from the next turn of the event loop on, so that one turn's appends go together.
   */
  #start(): void {
    if (this.#run !== null || this.#client === null || this.#queue.empty) return;
    this.#run = new Promise((resolve) => setImmediate(resolve))
      .then(() => this.#drain())
      .finally(() => {
        this.#run = null;
        this.#start();
      });
  }

  /**
   * The callbacks of a group are called when the next one is on its way, so that the database works
   * meanwhile. Two appends to one document are called back in order all the same: a group's answer
   * comes later than that.
   */
  async #drain(): Promise<void> {
    let callBack = (): void => {};
    while (this.#client !== null && !this.#queue.empty) {
      const client = this.#client;
      const group = this.#queue.takeGroup();
      const answered = this.#attempt(client, group);
      callBack();
      callBack = await this.#settle(client, group, answered);
    }
    callBack();
  }

  /**
   * Resolves with what calls back. A group that fails for one of its rows is tried row by row.
   */
  async #settle(
    client: Client,
    group: readonly PendingAppend[],
    answered: Promise<Attempt>,
  ): Promise<() => void> {
    const results = await answered;
    if (results === 'broken') return () => settleAll(group, unknown);
    if (typeof results !== 'string') {
      return () => {
        for (const { document, done } of group) done(results.get(document) ?? unknown);
      };
    }
    if (group.length === 1) {
      const invalid: AppendResult = { outcome: 'rejected', code: 'invalid' };
      return () => settleAll(group, results === 'row' ? invalid : unknown);
    }
    // Heads that stay locked cost a time-out each: the others in the queue must not wait for all of
    // them.
    const deadlineMs = performance.now() + this.#options.answerTimeoutMs;
    for (const append of group) {
      if (client === this.#client && performance.now() < deadlineMs) {
        const alone = [append];
        const callBack = await this.#settle(client, alone, this.#attempt(client, alone));
        callBack();
      } else append.done(unknown);
    }
    return () => {};
  }

  async #attempt(client: Client, group: readonly PendingAppend[]): Promise<Attempt> {
    const silence = setTimeout(
      () => client.connection.stream.destroy(),
      this.#options.answerTimeoutMs,
    );
    const startMs = performance.now();
    try {
      const places = await appendGroup(client, group);
      this.#failures = 0;
      this.#report(group, places.size, performance.now() - startMs);
      const results = new Map<string, AppendResult>();
      for (const [document, place] of places) {
        results.set(document, { outcome: 'committed', ...place });
      }
      if (places.size < group.length) await this.#explainRefused(client, group, results);
      return results;
    } catch (error) {
      const failure = classifyError(error);
      if (failure === 'broken') this.#break(client, error);
      return failure;
    } finally {
      clearTimeout(silence);
    }
  }

  /**
   * Adds why a head was not raised. Without an answer it stays open; what is committed stays
   * committed.
   */
  async #explainRefused(
    client: Client,
    group: readonly PendingAppend[],
    results: Map<string, AppendResult>,
  ): Promise<void> {
    const refused = group.filter(({ document }) => !results.has(document));
    try {
      const heads = await readHeads(
        client,
        refused.map(({ document }) => document),
      );
      for (const { document, epoch } of refused) {
        const code = refusal(heads.get(document), epoch);
        if (code !== null) results.set(document, { outcome: 'rejected', code });
      }
    } catch (error) {
      this.#break(client, error);
    }
  }

  #report(group: readonly PendingAppend[], rows: number, ms: number): void {
    const bytes = group.reduce((sum, { body }) => sum + body.length, 0);
    this.#options.onGroup?.({ documents: group.length, rows, bytes, ms });
  }

  /**
   * Gives up a connection that broke, or that said something which makes it useless for appends.
   */
  #break(client: Client, reason: unknown): void {
    if (client !== this.#client) return;
    this.#client = null;
    this.#failures += 1;
    client.end().catch(() => {});
    this.#options.onConnection?.(false, String(reason));
    if (!this.#closing.signal.aborted) void this.#connect();
  }

  async #connect(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      if (this.#failures > 1) await this.#backOff(signal);
      if (signal.aborted) return;
      this.#state = 'connecting';
      const client = this.#newClient();
      try {
        await client.connect();
      } catch (error) {
        this.#failures += 1;
        this.#options.onConnection?.(false, String(error));
        continue;
      }
      if (signal.aborted) return void client.end().catch(() => {});
      this.#state = 'up';
      this.#client = client;
      this.#options.onConnection?.(true, 'connected');
      return this.#start();
    }
  }

  #newClient(): Client {
    const client = new Client({
      connectionString: this.#options.url,
      application_name: 'sync-vector-engine append',
      connectionTimeoutMillis: this.#options.connectTimeoutMs,
      lock_timeout: this.#options.lockTimeoutMs,
      statement_timeout: this.#options.statementTimeoutMs,
      keepAlive: true,
    });
    client.on('error', (error) => this.#break(client, error));
    client.on('end', () => this.#break(client, 'the server closed the connection'));
    return client;
  }

  async #backOff(signal: AbortSignal): Promise<void> {
    this.#state = 'backingOff';
    settleAll(this.#queue.takeAll(), unknown);
    const ceilingMs = Math.min(this.#options.backoffMaxMs, backoffMinMs * 2 ** this.#failures);
    // Nodes that lost the same server must not come back in step.
    const delayMs = ceilingMs * (0.5 + Math.random() / 2);
    await setTimeoutPromise(delayMs, undefined, { signal }).catch(() => {});
  }
}

function settleAll(group: readonly PendingAppend[], result: AppendResult): void {
  for (const append of group) append.done(result);
}

/**
 * Why a head was not raised; null if it would be now, or is gone: then nothing certain can be said.
 */
function refusal(head: LogHead | undefined, epoch: number): 'epoch' | 'deleted' | null {
  if (head === undefined) return null;
  if (head.state === 'deleted') return 'deleted';
  return head.epoch === epoch ? null : 'epoch';
}
