/**
 * Goal: the index in PostgreSQL keeps the contract of every index of snapshots, lists and removes
 * what there is, and is not got past by an operator who acts at the same moment. Method: the suite
 * that runs against the model too; a head that is held where two would meet.
 */
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assert, must } from '../../engine/assert.ts';
import type { LogHead, SnapshotPointer } from '../../engine/driver/ports.ts';
import {
  type SnapshotIndexUnderTest,
  snapshotIndexContract,
} from '../../properties/contracts/snapshot-index-contract.ts';
import { giveNewEpochs } from '../commands/new-epochs.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { appendTo } from '../testing/log-access.ts';
import { startTcpProxy } from '../testing/tcp-proxy.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
import { deleteDocument, pruneDocument } from './log-maintenance.ts';
import { PostgresLog } from './postgres-log.ts';
import { ReaderPool, readerLimits } from './reader-pool.ts';
import { SnapshotIndex } from './snapshot-index.ts';

/** An index and a log on the database at `url`, which has the schema. */
async function openIndex(url: string): Promise<SnapshotIndexUnderTest> {
  const { hostname, port } = new URL(url);
  const proxy = await startTcpProxy({ host: hostname, port: Number(port || 5432) });
  const pool = new ReaderPool(proxy.through(url));
  const log = new PostgresLog({ url });
  return {
    port: new SnapshotIndex(pool),
    log,
    remove: async (document) => void (await deleteDocument(document, { url })),
    async prune(document, lsn) {
      const { outcome } = await pruneDocument(document, { epoch: 1, lsn }, { url });
      assert(outcome === 'pruned', outcome);
    },
    async renew(document) {
      await withClient(url, (client) => giveNewEpochs(client, [document]));
      const heads = await new Promise<ReadonlyMap<string, LogHead> | null>((done) =>
        log.heads([document], done),
      );
      return must(heads?.get(document), 'a head').epoch;
    },
    replaceLast: (document) =>
      execute(
        url,
        `UPDATE document_head SET at = at + 1000 WHERE document = '${document}';
         WITH gone AS (
           DELETE FROM log_row USING document_head AS head
           WHERE head.document = '${document}' AND log_row.document = '${document}'
             AND log_row.lsn = head.lsn
           RETURNING log_row.*
         )
         INSERT INTO log_row SELECT document, lsn, epoch, at + 1000, body FROM gone`,
      ),
    outage() {
      proxy.refuse(true);
      proxy.cutAll();
      return Promise.resolve(() => Promise.resolve(proxy.refuse(false)));
    },
    async close() {
      await Promise.all([pool.close(), log.close()]);
      await proxy.close();
    },
  };
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describeWithPostgres('the index of snapshots in PostgreSQL', (serverUrl) => {
  let database: TestDatabase;
  let pool: ReaderPool;
  let log: PostgresLog;
  let index: SnapshotIndex;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    // A busy machine may take a while between two who wait.
    pool = new ReaderPool(database.url, { ...readerLimits, lockTimeoutMs: 4_000 });
    log = new PostgresLog({ url: database.url });
    index = new SnapshotIndex(pool);
  });

  afterAll(async () => {
    await Promise.all([pool?.close(), log?.close()]);
    await database?.drop();
  });

  snapshotIndexContract(() => openIndex(database.url));

  /** Writes a row; a pointer to it that was not added yet. */
  async function write(
    document: string,
    key = `snapshots/${document}/1`,
  ): Promise<SnapshotPointer> {
    const result = await appendTo(log, document);
    assert(result.outcome === 'committed', result.outcome);
    const { lsn, at } = result;
    return { epoch: 1, lsn, at, key, bytes: 9, checksum: '0f'.repeat(32) };
  }

  const add = (document: string, pointer: SnapshotPointer): Promise<string> =>
    new Promise((done) => index.add(document, pointer, done));

  it('lists all pointers with what they are worth, and one no more that was removed', async () => {
    const first = await write('listed');
    const second = await write('listed', 'snapshots/listed/2');
    await add('listed', second);
    await add('listed', first);
    await execute(
      database.url,
      "INSERT INTO snapshot SELECT 'stray', document, 7, lsn, at, bytes, checksum FROM snapshot" +
        " WHERE key = 'snapshots/listed/2'",
    );
    const list = await index.list('listed');
    expect(list?.prunedLsn).toBe(0);
    expect(list?.snapshots.map(({ pointer, isOfThisLog }) => [pointer.key, isOfThisLog])).toEqual([
      [first.key, true],
      [second.key, true],
      ['stray', false],
    ]);
    expect(list?.snapshots[0]?.pointer).toEqual(first);
    for (const { madeAt } of list?.snapshots ?? [])
      expect(madeAt).toBeLessThanOrEqual(list?.now ?? 0);
    await index.remove(first.key);
    await index.remove(first.key);
    const left = await index.list('listed');
    expect(left?.snapshots.map(({ pointer }) => pointer.key)).toEqual([second.key, 'stray']);
    expect(await index.pointed([first.key, second.key, 'never'])).toEqual(new Set([second.key]));
    expect(await index.list('never')).toBeNull();
  });

  it('takes no pointer that waited for a deletion, and none is left that came before', async () => {
    const [before, after] = [await write('met'), await write('met', 'snapshots/met/2')];
    const [holder, observer] = [new Client(database.url), new Client(database.url)];
    await Promise.all([holder.connect(), observer.connect()]);
    await holder.query("BEGIN; SELECT 1 FROM document_head WHERE document = 'met' FOR UPDATE");
    const first = add('met', before);
    // Not the holder, for which the activity of others stands still.
    const isMet = async (by: number): Promise<boolean> => {
      const { rows } = await observer.query<{ waits: number }>(
        `SELECT count(*)::integer AS waits FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rows[0]?.waits === by;
    };
    while (!(await isMet(1)));
    const deleted = deleteDocument('met', database);
    while (!(await isMet(2)));
    const second = add('met', after);
    while (!(await isMet(3)));
    await holder.end();
    await observer.end();
    await deleted;
    expect(await second).toBe('stale');
    await first;
    expect((await index.list('met'))?.snapshots).toEqual([]);
  });
});
