/**
 * Connections that break, as only PostgreSQL has it: byte by byte, in a group, and by a commit that
 * fails after the rows were reported. What every log must keep is in
 * postgres-log-contract.int.test.ts.
 *
 * Method: a TCP proxy between the log and PostgreSQL breaks the connection at a chosen byte; a
 * second log without the proxy reads what is there.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { AppendResult } from '../../engine/driver/ports.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { appendTo, readAll, readFrom } from '../testing/log-access.ts';
import { startTcpProxy, type TcpProxy } from '../testing/tcp-proxy.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
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

  it('is unknown when the server does not answer, and a read fails', async () => {
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
});
