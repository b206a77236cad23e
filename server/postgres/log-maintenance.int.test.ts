/**
 * What an operator does to a real log, beyond what every log must keep: rows go in batches, a
 * connection that breaks in the middle leaves what a second call finishes, locked heads are told.
 *
 * Method: a trigger of the test ends the connection in the middle of a batch.
 */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { appendTo, readAll, readFrom } from '../testing/log-access.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
import { deleteDocument, pruneDocument } from './log-maintenance.ts';
import { PostgresLog } from './postgres-log.ts';

describeWithPostgres('the maintenance of the log', (serverUrl) => {
  let database: TestDatabase;
  let log: PostgresLog;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    log = new PostgresLog({ url: database.url });
    // Row 1500 of a document `cut-…` ends the connection that removes it.
    await execute(
      database.url,
      `CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN OLD; END $$;
       CREATE TRIGGER cut BEFORE DELETE ON log_row FOR EACH ROW
         WHEN (OLD.document LIKE 'cut-%' AND OLD.lsn = 1500) EXECUTE FUNCTION cut()`,
    );
  });

  afterAll(async () => {
    await log?.close();
    await database?.drop();
  });

  /** A document with `rows` rows, in epoch 1. */
  async function fill(document: string, rows: number): Promise<void> {
    await appendTo(log, document);
    await execute(
      database.url,
      `INSERT INTO log_row
       SELECT '${document}', lsn, 1, 0, 'x' FROM generate_series(2, ${rows}) AS lsn;
       UPDATE document_head SET lsn = ${rows} WHERE document = '${document}'`,
    );
  }

  async function rowsLeft(document: string): Promise<number> {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM log_row WHERE document = $1',
      [document],
    );
    await client.end();
    return rows[0]?.count ?? 0;
  }

  describe('delete', () => {
    it('removes every row of the document and of no other', async () => {
      await fill('whole', 2_500);
      await fill('whole-neighbour', 3);
      const result = await deleteDocument('whole', database);
      expect(result).toEqual({ outcome: 'deleted', rowsRemoved: 2_500 });
      expect(await rowsLeft('whole')).toBe(0);
      expect(await readAll(log, 'whole-neighbour')).toHaveLength(3);
      const again = await deleteDocument('whole', database);
      expect(again).toEqual({ outcome: 'deleted', rowsRemoved: 0 });
    });

    it('that breaks in the middle has deleted it, and a second one clears the rest', async () => {
      await fill('cut-delete', 3_000);
      const first = deleteDocument('cut-delete', { ...database, batchRowsMax: 200 });
      await expect(first).rejects.toThrow('cut-delete: it may be half done, and try again');
      expect(await rowsLeft('cut-delete')).toBe(1_600);
      const page = await readFrom(log, 'cut-delete', 2_000);
      expect(page).toMatchObject({ head: { state: 'deleted' }, rows: [] });
      expect(await appendTo(log, 'cut-delete')).toEqual({ outcome: 'rejected', code: 'deleted' });
      await execute(database.url, 'ALTER TABLE log_row DISABLE TRIGGER cut');
      const { epoch } = page?.head ?? {};
      const second = await deleteDocument('cut-delete', database);
      await execute(database.url, 'ALTER TABLE log_row ENABLE TRIGGER cut');
      expect(second).toEqual({ outcome: 'deleted', rowsRemoved: 1_600 });
      expect(await rowsLeft('cut-delete')).toBe(0);
      expect((await readFrom(log, 'cut-delete'))?.head?.epoch).toBe(epoch);
    });

    it('gives up a head that stays locked, and says so', async () => {
      await appendTo(log, 'held');
      const holder = new Client({ connectionString: database.url });
      await holder.connect();
      await holder.query("BEGIN; SELECT 1 FROM document_head WHERE document = 'held' FOR UPDATE");
      const attempt = deleteDocument('held', { ...database, lockTimeoutMs: 50 });
      await expect(attempt).rejects.toThrow('held: its head stayed locked for 50 ms');
      await holder.end();
      expect(await readAll(log, 'held')).toHaveLength(1);
    });
  });

  describe('prune', () => {
    it('removes the rows up to the LSN and no others', async () => {
      await fill('pruned', 2_500);
      const through = { epoch: 1, lsn: 1_201 };
      const result = await pruneDocument('pruned', through, database);
      expect(result).toEqual({ outcome: 'pruned', rowsRemoved: 1_201 });
      expect(await rowsLeft('pruned')).toBe(1_299);
      const page = await readFrom(log, 'pruned', 1_201);
      expect(page?.rows.map(({ lsn }) => lsn)).toEqual(
        Array.from({ length: 1_299 }, (_, index) => 1_202 + index),
      );
      const again = await pruneDocument('pruned', through, database);
      expect(again).toEqual({ outcome: 'pruned', rowsRemoved: 0 });
    });

    it('means one history: another epoch is refused', async () => {
      await fill('other-history', 10);
      const result = await pruneDocument('other-history', { epoch: 2, lsn: 5 }, database);
      expect(result).toEqual({ outcome: 'epoch' });
      expect(await readAll(log, 'other-history')).toHaveLength(10);
    });

    it('that breaks in the middle shows no hole, and the next one clears the rest', async () => {
      await fill('cut-prune', 3_000);
      const first = pruneDocument('cut-prune', { epoch: 1, lsn: 2_000 }, database);
      await expect(first).rejects.toThrow('it may be half done, and try again');
      expect(await rowsLeft('cut-prune')).toBe(2_000);
      expect(await readFrom(log, 'cut-prune')).toMatchObject({
        head: { prunedLsn: 2_000, lsn: 3_000 },
        rows: [],
      });
      expect((await readFrom(log, 'cut-prune', 2_000))?.rows).toHaveLength(1_000);
      await execute(database.url, 'ALTER TABLE log_row DISABLE TRIGGER cut');
      // Any later one will do.
      const second = await pruneDocument('cut-prune', { epoch: 1, lsn: 10 }, database);
      await execute(database.url, 'ALTER TABLE log_row ENABLE TRIGGER cut');
      expect(second).toEqual({ outcome: 'pruned', rowsRemoved: 1_000 });
      expect(await rowsLeft('cut-prune')).toBe(1_000);
    });
  });
});
