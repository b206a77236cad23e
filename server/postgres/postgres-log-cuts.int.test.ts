/**
 * Connections that break and servers that die, at every step of an append: the outcome is `unknown`
 * whenever the end of the transaction was not heard, the log then shows the row once or not at all,
 * and what was called committed stays.
 *
 * Method: a TCP proxy between the log and PostgreSQL breaks the connection at a chosen byte; a
 * second log without the proxy reads what is there. Crashes: SIGKILL to all processes of a server
 * of our own.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { AppendResult } from '../../engine/driver/ports.ts';
import { describeWithBinaries, describeWithPostgres } from '../testing/describe-postgres.ts';
import { appendTo, readAll, readFrom } from '../testing/log-access.ts';
import { type Cut, startTcpProxy, type TcpProxy } from '../testing/tcp-proxy.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { migrate } from './migrate.ts';
import { PostgresLog } from './postgres-log.ts';

const unknown: AppendResult = { outcome: 'unknown' };
const committed = (lsn: number) => ({ outcome: 'committed', lsn, at: expect.any(Number) });

/** Resolves each time the log has its connection (again). */
class ConnectionWatch {
  #ups = 0;
  #waiting: (() => void) | null = null;
  #expected = 0;

  readonly onConnection = (up: boolean) => {
    if (up) this.#ups += 1;
    if (this.#ups >= this.#expected) this.#waiting?.();
  };

  /** The `count`-th connection, counted from the first. */
  async up(count: number): Promise<void> {
    this.#expected = count;
    if (this.#ups < count) await new Promise<void>((resolve) => (this.#waiting = resolve));
  }
}

describeWithPostgres('an append whose connection breaks', (serverUrl) => {
  let database: TestDatabase;
  let direct: PostgresLog;
  let proxy: TcpProxy;
  let log: PostgresLog;
  let watch: ConnectionWatch;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    direct = new PostgresLog({ url: database.url });
  });

  afterAll(async () => {
    await direct?.close();
    await database?.drop();
  });

  beforeEach(async () => {
    const { hostname, port } = new URL(database.url);
    proxy = await startTcpProxy({ host: hostname, port: Number(port || 5432) });
    watch = new ConnectionWatch();
    log = new PostgresLog({
      url: proxy.through(database.url),
      onConnection: watch.onConnection,
      limits: { backoffMaxMs: 1 },
    });
    await watch.up(1);
  });

  afterEach(async () => {
    await log.close();
    await proxy.close();
  });

  async function appendWithCut(document: string, cut: Cut): Promise<AppendResult> {
    const made = proxy.cut(cut);
    const result = await appendTo(log, document);
    await made;
    return result;
  }

  it('is unknown and not there when the statement did not reach the server', async () => {
    expect(await appendWithCut('before', { at: 'beforeRequest' })).toEqual(unknown);
    await watch.up(2);
    expect(await readAll(direct, 'before')).toHaveLength(0);
    expect(await appendTo(log, 'before')).toEqual(committed(1));
  });

  it('is unknown and there once when no answer came back', async () => {
    expect(await appendWithCut('after', { at: 'afterRequest' })).toEqual(unknown);
    await watch.up(2);
    expect(await readAll(direct, 'after')).toHaveLength(1);
    expect(await appendTo(log, 'after')).toEqual(committed(2));
  });

  it('is committed for no prefix of the answer but the whole', async () => {
    await appendTo(log, 'reply-0');
    let replyBytes = 1;
    for (; ; replyBytes += 1) {
      // The answer to the statement alone: without the preparation that a new connection needs.
      await appendTo(log, 'prepare');
      void proxy.cut({ at: 'inReply', replyBytes });
      const result = await appendTo(log, `reply-${replyBytes}`);
      if (result.outcome !== 'unknown') break;
      expect(await readAll(direct, `reply-${replyBytes}`)).toHaveLength(1);
      await watch.up(replyBytes + 1);
    }
    // Bind complete, row description, one row, command complete, ready for query.
    expect(replyBytes).toBeGreaterThan(100);
    expect(await readAll(direct, `reply-${replyBytes}`)).toHaveLength(1);
  });

  it('is not committed when the server reports the row and then fails to commit', async () => {
    await execute(
      database.url,
      `CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'refused at commit' USING ERRCODE = 'check_violation'; END $$;
       CREATE CONSTRAINT TRIGGER refuse_commit AFTER INSERT ON log_row DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW WHEN (NEW.document = 'refused-late') EXECUTE FUNCTION refuse_commit()`,
    );
    const names = ['refused-late', 'beside'];
    const results = await Promise.all(names.map((name) => appendTo(log, name)));
    expect(results).toEqual([{ outcome: 'rejected', code: 'invalid' }, committed(1)]);
    expect(await readAll(direct, 'refused-late')).toHaveLength(0);
  });

  it('fails alone: what waited behind it is appended on the next connection', async () => {
    void proxy.cut({ at: 'beforeRequest' });
    const results = await Promise.all([appendTo(log, 'behind'), appendTo(log, 'behind')]);
    expect(results).toEqual([unknown, committed(1)]);
  });

  it('is unknown when the server does not answer, and so is a read', async () => {
    // Limits that a busy machine may break even without a stall: nothing else is asked of this log.
    const connection = new ConnectionWatch();
    const impatient = new PostgresLog({
      url: proxy.through(database.url),
      onConnection: connection.onConnection,
      limits: {
        connectTimeoutMs: 300,
        lockTimeoutMs: 100,
        statementTimeoutMs: 200,
        answerTimeoutMs: 300,
      },
    });
    await connection.up(1);
    proxy.stall(true);
    const read = readFrom(impatient, 'stalled');
    expect(await appendTo(impatient, 'stalled')).toEqual(unknown);
    expect(await read).toBeNull();
    proxy.stall(false);
    await impatient.close();
    const again = await appendTo(log, 'stalled');
    // The first one may have been delivered late, before or after.
    const rows = await readAll(direct, 'stalled');
    expect(again).toMatchObject({ outcome: 'committed' });
    expect([1, 2]).toContain(rows.length);
  });

  it('is unknown, each once, while there is no server, and works when it is back', async () => {
    proxy.refuse(true);
    proxy.cutAll();
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) => appendTo(log, `down-${index % 10}`)),
    );
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['unknown']));
    expect(await log.ready()).toBe(false);
    proxy.refuse(false);
    await watch.up(2);
    expect(await appendTo(log, 'down-0')).toEqual(committed(1));
    expect(await log.ready()).toBe(true);
  });

  it('never shows a row twice, nor loses a committed one, under random cuts', async () => {
    const documents = ['cuts-a', 'cuts-b', 'cuts-c'];
    const seen = new Map<string, AppendResult>();
    let cuts = 0;
    for (let round = 0; round < 60; round += 1) {
      if (round % 2 === 0) {
        const steps: Cut[] = [
          { at: 'beforeRequest' },
          { at: 'afterRequest' },
          { at: 'inReply', replyBytes: (round * 37) % 200 },
        ];
        void proxy.cut(steps[round % 3] ?? { at: 'afterRequest' }).then(() => (cuts += 1));
      }
      await Promise.all(
        documents.map(async (document) => {
          const body = `${document}/${round}`;
          seen.set(body, await appendTo(log, document, body));
        }),
      );
      await watch.up(cuts + 1);
    }
    expect(cuts).toBeGreaterThan(20);
    const outcomes = new Set([...seen.values()].map(({ outcome }) => outcome));
    expect(outcomes).toEqual(new Set(['committed', 'unknown']));
    for (const document of documents) await expectKept(direct, document, seen);
  });
});

await describeWithBinaries('a server that is killed', () => {
  let dataDir: string;
  let server: EmbeddedPostgres;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sve-crash-'));
    server = await startEmbeddedPostgres({ dataDir });
    await migrate(server.url);
  });

  afterAll(async () => {
    await server?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('has every committed row when it is started again', async () => {
    const watch = new ConnectionWatch();
    const log = new PostgresLog({
      url: server.url,
      onConnection: watch.onConnection,
      limits: { backoffMaxMs: 50 },
    });
    const documents = Array.from({ length: 20 }, (_, index) => `crash-${index}`);
    const seen = new Map<string, AppendResult>();
    for (let crash = 1; crash <= 3; crash += 1) {
      await watch.up(crash);
      let count = 0;
      let killed = Promise.resolve();
      const enough = new Promise<void>((resolve) => {
        const writing = documents.map(async (document) => {
          for (let index = 0; ; index += 1) {
            const body = `${document}/${crash}/${index}`;
            const result = await appendTo(log, document, body);
            seen.set(body, result);
            if (result.outcome !== 'committed') return;
            count += 1;
            if (count === 500) killed = server.kill();
          }
        });
        void Promise.all(writing).then(() => resolve());
      });
      await enough;
      await killed;
      await server.restart();
    }
    await watch.up(4);
    expect(await appendTo(log, 'crash-0', 'crash-0/after')).toMatchObject({ outcome: 'committed' });
    const kept = [...seen.values()].filter(({ outcome }) => outcome === 'committed');
    expect(kept.length).toBeGreaterThanOrEqual(1_500);
    for (const document of documents) await expectKept(log, document, seen);
    await log.close();
  });
});

/** Committed bodies are at their place, unknown ones there at most once, others not at all. */
async function expectKept(
  log: PostgresLog,
  document: string,
  seen: ReadonlyMap<string, AppendResult>,
): Promise<void> {
  const rows = await readAll(log, document);
  const bodies = rows.map((row) => Buffer.from(row.body).toString());
  expect(new Set(bodies).size).toBe(bodies.length);
  for (const [body, result] of seen) {
    if (!body.startsWith(`${document}/`) || result.outcome !== 'committed') continue;
    expect(bodies[result.lsn - 1]).toBe(body);
    expect(rows[result.lsn - 1]?.at).toBe(result.at);
  }
}
