/** Names for rows of the log, in PostgreSQL: given once, taken away, and what an operator does. */
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { giveNewEpochs } from '../commands/new-epochs.ts';
import { deleteDocument, pruneDocument } from '../postgres/log-maintenance.ts';
import { PostgresLog } from '../postgres/postgres-log.ts';
import { ReaderPool } from '../postgres/reader-pool.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { appendTo, readAll } from '../testing/log-access.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
import { type NewVersion, Versions } from './versions.ts';

describeWithPostgres('named versions', (serverUrl) => {
  let database: TestDatabase;
  let log: PostgresLog;
  let pool: ReaderPool;
  let versions: Versions;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    log = new PostgresLog({ url: database.url });
    pool = new ReaderPool(database.url);
    versions = new Versions(pool, { max: 5 });
  });

  afterAll(async () => {
    await pool?.close();
    await log?.close();
    await database?.drop();
  });

  /** A document with so many rows; a name for one of them. */
  async function written(document: string, rows: number) {
    for (let row = 0; row < rows; row++) await appendTo(log, document);
    const times = (await readAll(log, document)).map(({ at }) => at);
    return (name: string, lsn: number): NewVersion => ({
      ...{ name, lsn, at: times[lsn - 1] ?? 0, createdBy: 'anna' },
    });
  }

  const namesOf = async (document: string, after = '', max = 10) =>
    (await versions.list(document, after, max)).map(({ name }) => name);

  it('are found under their names, and the same place may be named again', async () => {
    const named = await written('found', 2);
    const { version, isNew } = await versions.put('found', named('draft 1', 1));
    expect([version, isNew]).toEqual([
      { ...named('draft 1', 1), createdAt: expect.any(Number), isOfThisLog: true },
      true,
    ]);
    expect(await versions.put('found', named('draft 1', 1))).toEqual({ version, isNew: false });
    expect(await versions.lsnOf('found', 'draft 1')).toBe(1);
    expect(await versions.lsnOf('found', 'Draft 1')).toBeNull();
    const nowhere = versions.lsnOf('nowhere', 'draft 1');
    await expect(nowhere).rejects.toMatchObject({ code: 'unknown-document' });
  });

  it('stay where they are: a name is not given to another row', async () => {
    const named = await written('stays', 2);
    await versions.put('stays', named('v', 1));
    const again = versions.put('stays', named('v', 2));
    await expect(again).rejects.toMatchObject({ code: 'version-exists' });
    expect(await versions.lsnOf('stays', 'v')).toBe(1);
  });

  it('named by many at once are one, and exactly one of them was first', async () => {
    const named = await written('race', 8);
    const asked = Array.from({ length: 8 }, (_, n) => versions.put('race', named('v', n + 1)));
    const settled = await Promise.allSettled(asked);
    const won = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(won.map(({ isNew }) => isNew)).toEqual([true]);
    expect(await versions.lsnOf('race', 'v')).toBe(won[0]?.version.lsn);
  });

  it('are listed by name, page by page, and taken away', async () => {
    const named = await written('list', 1);
    for (const name of ['c', 'a', 'é', 'b']) await versions.put('list', named(name, 1));
    expect(await namesOf('list')).toEqual(['a', 'b', 'c', 'é']);
    expect(await namesOf('list', 'a', 2)).toEqual(['b', 'c']);
    expect(await versions.remove('list', 'b')).toBe(true);
    expect(await versions.remove('list', 'b')).toBe(false);
    expect(await namesOf('list')).toEqual(['a', 'c', 'é']);
  });

  it('are not more than so many', async () => {
    const named = await written('many', 1);
    for (const name of ['1', '2', '3', '4', '5']) await versions.put('many', named(name, 1));
    const another = versions.put('many', named('6', 1));
    await expect(another).rejects.toMatchObject({ code: 'too-large' });
    expect((await versions.put('many', named('5', 1))).isNew).toBe(false);
  });

  it('are of rows that are there', async () => {
    const named = await written('rows', 1);
    for (const wrong of [named('v', 2), { ...named('v', 1), at: 1 }]) {
      const put = versions.put('rows', wrong);
      await expect(put).rejects.toMatchObject({ code: 'history-changed' });
    }
  });

  it('keep their place when the document gets another epoch', async () => {
    const named = await written('epoch', 2);
    await versions.put('epoch', named('v', 2));
    const operator = new Client({ connectionString: database.url });
    await operator.connect();
    await giveNewEpochs(operator, ['epoch']);
    await operator.end();
    expect(await versions.lsnOf('epoch', 'v')).toBe(2);
  });

  it('whose row a restored backup does not have stand for nothing', async () => {
    const named = await written('backup', 3);
    await versions.put('backup', named('kept', 1));
    await versions.put('backup', named('other', 2));
    await versions.put('backup', named('lost', 3));
    await execute(
      database.url,
      `WITH gone AS (
         DELETE FROM log_row WHERE document = 'backup' AND lsn >= 2 RETURNING log_row.*
       )
       INSERT INTO log_row SELECT document, lsn, epoch, at + 1, body FROM gone WHERE lsn = 2;
       UPDATE document_head SET epoch = 2, lsn = 2 WHERE document = 'backup'`,
    );
    expect(await versions.lsnOf('backup', 'kept')).toBe(1);
    expect(await versions.lsnOf('backup', 'other')).toBeNull();
    expect(await versions.lsnOf('backup', 'lost')).toBeNull();
    expect(await versions.find('backup', 'lost')).toMatchObject({ lsn: 3, isOfThisLog: false });
  });

  it('of pruned rows are told as what they were', async () => {
    const named = await written('pruned', 3);
    await versions.put('pruned', named('v', 1));
    await pruneDocument('pruned', { epoch: 1, lsn: 2 }, { url: database.url });
    expect(await versions.lsnOf('pruned', 'v')).toBe(1);
    const late = versions.put('pruned', named('late', 2));
    await expect(late).rejects.toMatchObject({ code: 'history-changed' });
  });

  it('go with their document', async () => {
    const named = await written('gone', 1);
    await versions.put('gone', named('v', 1));
    await deleteDocument('gone', { url: database.url });
    for (const ask of [() => namesOf('gone'), () => versions.put('gone', named('v', 1))]) {
      await expect(ask()).rejects.toMatchObject({ code: 'document-deleted' });
    }
    await execute(
      database.url,
      `DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM version WHERE document = 'gone'); END $$`,
    );
  });

  it('cannot be asked for while the database is away', async () => {
    const closed = new ReaderPool(database.url);
    await closed.close();
    const asked = new Versions(closed).lsnOf('found', 'draft 1');
    await expect(asked).rejects.toMatchObject({ code: 'unavailable' });
  });
});
