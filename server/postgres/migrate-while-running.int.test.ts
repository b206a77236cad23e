/**
 * Goal: a database with rows of schema version 1 becomes one of the newest version while nodes
 * append to it and read from it: they wait or hear `unknown`, lose nothing, and go on; rows are not
 * changed.
 *
 * Method: the real migrations, on a database that was filled before. Nodes of ours append all the
 * time (the statement is that of version 1), a session has the statements that read as version 1
 * had them, by name.
 */
import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type Answered,
  append,
  bodies,
  expectKept,
  readAll,
  row,
} from '../../properties/contracts/log-calls.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
import { migrate, readMigrations } from './migrate.ts';
import { PostgresLog } from './postgres-log.ts';

/** The read of version 1, in short; its columns and tables are the same. */
const readOfBefore = `
SELECT head.lsn, page.lsn, page.body FROM document_head AS head LEFT JOIN (
  SELECT lsn, body FROM log_row WHERE document = $1 AND lsn > $2 ORDER BY lsn LIMIT $3
) AS page ON true WHERE head.document = $1 ORDER BY page.lsn`;

/** Small ones, one with a body that is stored out of line, and one of many rows. */
const fill = `
INSERT INTO document_head
SELECT 'old-' || n, 1, 'live', 20, 1000020 FROM generate_series(1, 999) AS n;
INSERT INTO log_row
SELECT 'old-' || n, lsn, 1, 1000000 + lsn, convert_to('row ' || lsn || ' of ' || n, 'UTF8')
FROM generate_series(1, 999) AS n, generate_series(1, 20) AS lsn;
INSERT INTO document_head VALUES ('large', 7, 'live', 3, 3), ('long', 1, 'live', 20000, 20000);
INSERT INTO log_row
SELECT 'large', lsn, 7, lsn, string_agg(sha256((lsn || '.' || n)::bytea), '' ORDER BY n)
FROM generate_series(1, 3) AS lsn, generate_series(1, 10000) AS n GROUP BY lsn;
INSERT INTO log_row SELECT 'long', lsn, 1, lsn, 'x' FROM generate_series(1, 20000) AS lsn`;

/** Of all columns of the rows that were there before. */
const digest = `
SELECT md5(string_agg(
  md5(concat_ws(' ', document, lsn, epoch, at, body)), '' ORDER BY document, lsn))
FROM log_row WHERE document LIKE 'old-%' OR document IN ('large', 'long')`;

describeWithPostgres('a migration of a database in use', (serverUrl) => {
  let database: TestDatabase;
  let observer: Client;

  beforeEach(async () => {
    database = await createTestDatabase(serverUrl, { migrated: false });
    await migrate(database.url, (await readMigrations()).slice(0, 1));
    observer = new Client({ connectionString: database.url });
    await observer.connect();
  });

  afterEach(async () => {
    await observer?.end();
    await database?.drop();
  });

  /** The one value that the query gives. */
  async function single(sql: string): Promise<unknown> {
    const { rows } = await observer.query<unknown[]>({ text: sql, rowMode: 'array' });
    return rows[0]?.[0];
  }

  const waiting = `SELECT count(*)::integer FROM pg_stat_activity WHERE wait_event_type = 'Lock'
    AND datname = current_database() AND application_name = 'sync-vector-engine append'`;

  it('loses no row and changes none; nodes wait and go on', async () => {
    await execute(database.url, fill);
    const before = await single(digest);
    const nodes = [0, 1].map(() => ({ port: new PostgresLog({ url: database.url }) }));
    const documents = ['busy-0', 'busy-1', 'busy-2', 'busy-3'];
    const seen = documents.map((): Answered[] => []);
    let phase = 'before';
    const committedIn = new Map<string, number>();
    const tally = (kind: string) => committedIn.set(kind, (committedIn.get(kind) ?? 0) + 1);
    const write = async (index: number): Promise<void> => {
      const [document = '', node = nodes[0]] = [documents[index % 4], nodes[index % 2]];
      for (let n = index * 100_000; phase !== 'over' && node !== undefined; n++) {
        const result = await append(node, document, row(n));
        seen[index % 4]?.push({ n, result });
        if (result.outcome === 'committed') tally(phase);
      }
    };
    const read = async (): Promise<void> => {
      const client = new Client({ connectionString: database.url });
      await client.connect();
      while (phase !== 'over') {
        const values = ['old-5', 0, 4096];
        const { rows } = await client.query({ name: 'read', text: readOfBefore, values });
        expect(rows).toHaveLength(20);
        tally('pages');
      }
      await client.end();
    };
    const working = [0, 1, 2, 3, 4, 5].map(write);
    const reading = read();
    const enough = async (kind: string): Promise<void> => {
      const target = (committedIn.get(kind) ?? 0) + 100;
      while ((committedIn.get(kind) ?? 0) < target) await single('SELECT 1');
    };
    await enough('before');
    phase = 'during';
    let waits = 0;
    const migrating = migrate(database.url).finally(() => (phase = 'after'));
    while (phase === 'during') waits += Number(await single(waiting));
    expect(await migrating).toMatchObject({ version: (await readMigrations()).length });
    await enough('after');
    await enough('pages');
    phase = 'over';
    await Promise.all([...working, reading]);
    // Or nobody met it.
    expect(waits).toBeGreaterThan(0);
    expect(await single(digest)).toBe(before);
    for (const [index, document] of documents.entries()) {
      const [reader = { port: new PostgresLog({ url: database.url }) }] = nodes;
      expectKept(await readAll(reader, document), seen[index] ?? []);
    }
    await Promise.all(nodes.map(({ port }) => port.close()));
    expect(await single('SELECT count(*)::integer FROM log_row_0')).not.toBe(0);
  });

  it('lets nodes go on while somebody uses the table, and is made afterwards', async () => {
    const node = { port: new PostgresLog({ url: database.url }) };
    await append(node, 'patience', row(0));
    const dump = new Client({ connectionString: database.url });
    await dump.connect();
    await dump.query('BEGIN; LOCK TABLE log_row IN ROW EXCLUSIVE MODE');
    const migrating = migrate(database.url, undefined, {
      lockWaitMs: 50,
      pauseMs: 50,
      attemptsMax: 1_000,
    });
    // Twice: it waited, gave up, and waits again.
    const blocked = `SELECT max(query_start)::text FROM pg_stat_activity
      WHERE wait_event_type = 'Lock' AND datname = current_database()
        AND query LIKE '%LOCK TABLE%'`;
    const starts = new Set<unknown>();
    while (starts.size < 3) starts.add(await single(blocked));
    expect(await append(node, 'patience', row(1))).toMatchObject({ outcome: 'committed' });
    await dump.end();
    await migrating;
    expect(bodies(await readAll(node, 'patience'))).toEqual([row(0), row(1)]);
    await node.port.close();
  });

  it('gives up in the end, changes nothing, and says who is in the way', async () => {
    const dump = new Client({ connectionString: database.url });
    await dump.connect();
    await dump.query('BEGIN; LOCK TABLE log_row IN ROW EXCLUSIVE MODE');
    const patience = { lockWaitMs: 20, pauseMs: 1, attemptsMax: 3 };
    const attempt = migrate(database.url, undefined, patience);
    await expect(attempt).rejects.toThrow(/0002-partitions.sql failed: .*others use the tables/);
    await dump.end();
    expect(await single('SELECT max(version) FROM schema_migration')).toBe(1);
    expect((await migrate(database.url)).applied).toBeGreaterThan(0);
  });
});
