/**
 * The log on a real PostgreSQL, beyond what every log must keep: groups, of which only the guilty
 * document fails, bounds, closing, and the schema. The rest is in postgres-log-contract.int.test.ts
 * and, for connections that break, in postgres-log-cuts.int.test.ts.
 */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppendResult } from '../../engine/driver/ports.ts';
import { closeTime, closeWhenPast, at as timeOf } from '../../properties/contracts/log-calls.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { appendTo, readAll, readFrom } from '../testing/log-access.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
import type { GroupReport } from './append-writer.ts';
import { PostgresLog, type PostgresLogLimits } from './postgres-log.ts';

const committed = (lsn: number) => ({ outcome: 'committed', lsn, at: expect.any(Number) });
const rejected = (code: string) => ({ outcome: 'rejected', code });

describeWithPostgres('the log in PostgreSQL', (serverUrl) => {
  let database: TestDatabase;
  const groups: GroupReport[] = [];
  let log: PostgresLog;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    log = new PostgresLog({ url: database.url, onGroup: (group) => groups.push(group) });
  });

  afterAll(async () => {
    await log?.close();
    await database?.drop();
  });

  async function withLog<T>(
    limits: Partial<PostgresLogLimits>,
    work: (other: PostgresLog) => Promise<T>,
  ): Promise<T> {
    const other = new PostgresLog({ url: database.url, limits });
    try {
      return await work(other);
    } finally {
      await other.close();
    }
  }

  /** A connection of its own, with a transaction that was begun by `sql`. */
  async function transaction(sql: string): Promise<Client> {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(`BEGIN; ${sql}`);
    return client;
  }

  /** A statement with these words waits for a lock; a transaction would see one look only. */
  async function untilBlocked(words: string): Promise<void> {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const blocked = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'
      AND datname = current_database() AND query LIKE '%${words}%'`;
    while ((await client.query(blocked)).rows.length === 0);
    await client.end();
  }

  describe('append', () => {
    it('puts one turn into one statement, and the same document into the next', async () => {
      groups.length = 0;
      const names = ['turn-a', 'turn-b', 'turn-c', 'turn-a'];
      const results = await Promise.all(names.map((name) => appendTo(log, name)));
      expect(results).toEqual([committed(1), committed(1), committed(1), committed(2)]);
      expect(groups.map(({ documents, rows, bytes }) => [documents, rows, bytes])).toEqual([
        [3, 3, 9],
        [1, 1, 3],
      ]);
    });

    it('fails the guilty documents of a group alone, each with its reason', async () => {
      await appendTo(log, 'other-epoch', 'row', 7);
      await appendTo(log, 'gone');
      await execute(
        database.url,
        "UPDATE document_head SET state = 'deleted', epoch = 2 WHERE document = 'gone'",
      );
      const results = await Promise.all([
        appendTo(log, 'innocent-a'),
        appendTo(log, 'other-epoch', 'row', 8),
        appendTo(log, 'empty-body', ''),
        appendTo(log, 'gone', 'row', 1),
        appendTo(log, 'not/a/name'),
        appendTo(log, 'nul\0'),
        appendTo(log, 'large', new Uint8Array(8 * 2 ** 20 + 1)),
        appendTo(log, 'innocent-b'),
      ]);
      expect(results).toEqual([
        committed(1),
        rejected('epoch'),
        rejected('invalid'),
        rejected('deleted'),
        rejected('invalid'),
        rejected('invalid'),
        rejected('invalid'),
        committed(1),
      ]);
      expect(await readFrom(log, 'empty-body')).toEqual({ head: null, rows: [] });
      expect(await readAll(log, 'other-epoch')).toHaveLength(1);
      expect(await readAll(log, 'gone')).toHaveLength(1);
      expect(await readAll(log, 'innocent-a')).toHaveLength(1);
    });

    it('is unknown for a document whose head stays locked, and not for the others', async () => {
      await appendTo(log, 'locked');
      const holder = await transaction(
        "SELECT 1 FROM document_head WHERE document = 'locked' FOR UPDATE",
      );
      await withLog({ lockTimeoutMs: 100 }, async (impatient) => {
        const names = ['free-a', 'locked', 'free-b'];
        const results = await Promise.all(names.map((name) => appendTo(impatient, name)));
        expect(results).toEqual([committed(1), { outcome: 'unknown' }, committed(1)]);
        await holder.end();
        expect(await appendTo(impatient, 'locked')).toEqual(committed(2));
      });
    });

    it('reads the clock when the head is locked, not before it waited', async () => {
      await appendTo(log, 'waited');
      const holder = await transaction(
        "SELECT 1 FROM document_head WHERE document = 'waited' FOR UPDATE",
      );
      const waiting = appendTo(log, 'waited');
      // The statement is there and has read whatever it reads before the lock.
      await untilBlocked('INSERT INTO document_head');
      const { rows } = await holder.query<{ now: string }>(
        'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now',
      );
      await holder.query('COMMIT');
      await holder.end();
      const result = await waiting;
      expect(result).toEqual(committed(2));
      expect(result.outcome === 'committed' && result.at).toBeGreaterThanOrEqual(
        Number(rows[0]?.now),
      );
    });

    it('is unknown, not in memory, when too much waits', async () => {
      await withLog({ queuedBytesMax: 2_000 }, async (small) => {
        const names = ['full-a', 'full-b', 'full-c'];
        const body = new Uint8Array(1_000);
        const results = await Promise.all(names.map((name) => appendTo(small, name, body)));
        expect(results).toEqual([committed(1), { outcome: 'unknown' }, { outcome: 'unknown' }]);
      });
    });

    it('settles what waits when it is closed, and is unknown afterwards', async () => {
      const other = new PostgresLog({ url: database.url });
      await appendTo(other, 'closing');
      const waiting = ['closing', 'closing', 'closing-b'].map((name) => appendTo(other, name));
      await other.close();
      expect(await Promise.all(waiting)).toEqual([committed(2), committed(3), committed(1)]);
      expect(await appendTo(other, 'closing')).toEqual({ outcome: 'unknown' });
      expect(await readFrom(other, 'closing')).toBeNull();
      expect(await other.ready()).toBe(false);
    });

    it('is not ready on a server that takes no rows, such as a standby', async () => {
      const url = new URL(database.url);
      url.searchParams.set('options', '-c default_transaction_read_only=on');
      let standby = log;
      await new Promise<void>((resolve) => {
        standby = new PostgresLog({ url: url.href, onConnection: () => resolve() });
      });
      expect(await standby.ready()).toBe(false);
      await standby.close();
      expect(await log.ready()).toBe(true);
    });
  });

  describe('read', () => {
    it('bounds a page in rows, however small they are', async () => {
      await appendTo(log, 'many');
      await execute(
        database.url,
        `INSERT INTO log_row SELECT 'many', lsn, 1, 0, 'x' FROM generate_series(2, 5000) AS lsn;
         UPDATE document_head SET lsn = 5000 WHERE document = 'many'`,
      );
      const page = await readFrom(log, 'many', 0, 1e9);
      expect(page?.head?.lsn).toBe(5000);
      expect(page?.rows.length).toBe(4096);
      expect(await readAll(log, 'many')).toHaveLength(5000);
    });
  });

  describe('closing a time', () => {
    /** Closes while the transaction `sql` is open, which ends when that was met. */
    async function closeBehind(document: string, past: number, sql: string) {
      const flight = await transaction(sql);
      return await withLog({ lockTimeoutMs: 4_000 }, async (patient) => {
        const closing = closeWhenPast({ port: patient }, document, past);
        await untilBlocked('raised');
        await flight.query('COMMIT');
        await flight.end();
        return await closing;
      });
    }

    it('waits for an append that has its time, and is not committed', async () => {
      const { at: past } = timeOf(await appendTo(log, 'close-flight'));
      const outcome = await closeBehind(
        'close-flight',
        past,
        `UPDATE document_head SET lsn = lsn + 1 WHERE document = 'close-flight';
         INSERT INTO log_row
         SELECT document, lsn, epoch, at, 'flight' FROM document_head
         WHERE document = 'close-flight'`,
      );
      expect(outcome).toBe('closed');
      expect((await readAll(log, 'close-flight')).map(({ at }) => at)).toEqual([past, past]);
    });

    it('that an append has passed meanwhile is heard from the next look', async () => {
      const { at: past } = timeOf(await appendTo(log, 'close-passed'));
      const outcome = await closeBehind(
        'close-passed',
        past,
        "UPDATE document_head SET at = at + 1 WHERE document = 'close-passed'",
      );
      expect(outcome).toBe('closed');
    });

    it('writes nothing when it is closed, or future', async () => {
      const { at: past } = timeOf(await appendTo(log, 'close-once'));
      await closeWhenPast({ port: log }, 'close-once', past);
      const version = `SELECT xmin, xmax, ctid FROM document_head WHERE document = 'close-once'`;
      const client = await transaction('');
      const before = (await client.query(version)).rows;
      expect(await closeTime({ port: log }, 'close-once', past)).toBe('closed');
      expect(await closeTime({ port: log }, 'close-once', past + 3_600_000)).toBe('future');
      expect((await client.query(version)).rows).toEqual(before);
      await client.end();
    });
  });

  describe('the schema', () => {
    it('refuses to update a row of the log, even for its owner and in its partition', async () => {
      await appendTo(log, 'kept');
      const client = await transaction('');
      const { rows } = await client.query<{ partition: string }>(
        "SELECT tableoid::regclass AS partition FROM log_row WHERE document = 'kept'",
      );
      await client.end();
      for (const table of ['log_row', rows[0]?.partition ?? '']) {
        const update = `UPDATE ${table} SET body = 'y' WHERE document = 'kept'`;
        await expect(execute(database.url, update)).rejects.toThrow(
          `rows of ${table} are never updated`,
        );
      }
    });

    it('refuses to move a head back within its epoch', async () => {
      await appendTo(log, 'forward');
      await execute(
        database.url,
        "UPDATE document_head SET pruned_lsn = 1 WHERE document = 'forward'",
      );
      for (const change of ['lsn = lsn - 1, pruned_lsn = 0', 'at = at - 1', 'pruned_lsn = 0']) {
        const update = `UPDATE document_head SET ${change} WHERE document = 'forward'`;
        await expect(execute(database.url, update)).rejects.toThrow(
          'the head of forward went back',
        );
      }
      await execute(
        database.url,
        "UPDATE document_head SET lsn = 0, pruned_lsn = 0, epoch = 2 WHERE document = 'forward'",
      );
    });
  });

  it('keeps LSNs gapless and times in order for three nodes on the same documents', async () => {
    const rounds = 12;
    let statements = 0;
    const onGroup = () => (statements += 1);
    const nodes = [0, 1, 2].map(() => new PostgresLog({ url: database.url, onGroup }));
    const names = Array.from({ length: 200 }, (_, index) => `shared-${index}`);
    const results: { readonly document: string; readonly body: string; result: AppendResult }[] =
      [];
    let calls = 0;
    let writing = true;

    const write = async (node: PostgresLog, nodeIndex: number) => {
      for (let round = 0; round < rounds; round += 1) {
        // 40 of 200, every node in an order of its own, so that unordered locking would deadlock.
        const chosen = Array.from(
          { length: 40 },
          (_, index) => (index * 73 + round * 31 + nodeIndex * 17) % 200,
        );
        if (nodeIndex === 1) chosen.reverse();
        await Promise.all(
          chosen.map(async (index) => {
            const document = names[index] ?? '';
            const body = `${nodeIndex}/${round}/${index}`;
            const result = await appendTo(node, document, body);
            calls += 1;
            results.push({ document, body, result });
          }),
        );
      }
    };
    // readAll throws when it sees a hole, or a head that its rows do not reach.
    const watch = async () => {
      for (let index = 0; writing; index = (index + 7) % 200)
        await readAll(log, names[index] ?? '');
    };
    const watching = watch();
    await Promise.all(nodes.map(write));
    writing = false;
    await watching;
    await Promise.all(nodes.map((node) => node.close()));

    expect(calls).toBe(3 * rounds * 40);
    // A deadlock would have split a group into single appends.
    expect(statements).toBe(3 * rounds);
    const expected = new Map<string, string[]>();
    for (const { document, body, result } of results) {
      if (result.outcome !== 'committed') throw new Error(`${document}: ${JSON.stringify(result)}`);
      const bodies = expected.get(document) ?? [];
      expect(bodies[result.lsn - 1]).toBeUndefined();
      bodies[result.lsn - 1] = body;
      expected.set(document, bodies);
    }
    for (const [document, bodies] of expected) {
      const rows = await readAll(log, document);
      expect(rows.map((row) => Buffer.from(row.body).toString())).toEqual(bodies);
      const times = rows.map(({ at }) => at);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  });
});
