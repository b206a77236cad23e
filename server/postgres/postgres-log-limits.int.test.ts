/**
 * Goal: a database that takes a statement and does not answer in time costs an outcome of
 * `unknown`, never a wait without end, and the log goes on by itself when the database does.
 *
 * Method: a server of our own: with a standby that does not exist, a commit never answers; a
 * process of PostgreSQL that is stopped (SIGSTOP) never says anything. Nothing is timed: the limits
 * are short, and the test waits for what follows.
 */
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  append,
  at,
  closeWhenPast,
  committed,
  read,
  readAll,
  row,
} from '../../properties/contracts/log-calls.ts';
import { Signal } from '../../properties/contracts/signal.ts';
import { describeWithBinaries } from '../testing/describe-postgres.ts';
import { type OwnPostgres, startOwnPostgres } from '../testing/own-postgres.ts';
import { execute } from '../testing/test-database.ts';
import { migrate } from './migrate.ts';
import { PostgresLog } from './postgres-log.ts';

const unknown = { outcome: 'unknown' };

/** Above what a busy machine takes for a statement. */
const limits = {
  lockTimeoutMs: 1_000,
  statementTimeoutMs: 2_000,
  answerTimeoutMs: 3_000,
  backoffMaxMs: 50,
};

await describeWithBinaries('a PostgreSQL that does not answer', () => {
  let server: OwnPostgres;
  let admin: Client;
  let node: { readonly port: PostgresLog };
  let signal: Signal;
  let connections: number;
  let reasons: string[];

  beforeAll(async () => {
    server = await startOwnPostgres();
    await migrate(server.url);
  });

  afterAll(() => server?.remove());

  beforeEach(async () => {
    admin = new Client({ connectionString: server.url });
    await admin.connect();
    signal = new Signal();
    connections = 0;
    reasons = [];
    node = {
      port: new PostgresLog({
        url: server.url,
        limits,
        onConnection(isUp, reason) {
          if (isUp) connections += 1;
          else reasons.push(reason);
          signal.tell();
        },
      }),
    };
    await signal.until(() => connections === 1);
  });

  afterEach(async () => {
    await node.port.close();
    await admin.end();
  });

  /** Processes of connections that append, oldest first. */
  async function appenders(condition: string): Promise<readonly number[]> {
    const { rows } = await admin.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity
       WHERE application_name = 'sync-vector-engine append' AND ${condition}
       ORDER BY backend_start`,
    );
    return rows.map(({ pid }) => pid);
  }

  /** Appends until one is committed; what the others were is unknown. */
  async function appendAtLast(document: string, n: number): Promise<number> {
    for (;;) {
      const result = await append(node, document, row(n));
      if (result.outcome === 'committed') return result.lsn;
      expect(result).toEqual(unknown);
    }
  }

  /** What is on its way there has arrived, or ended. */
  async function settled(): Promise<void> {
    while ((await appenders("state <> 'idle'")).length > 0);
  }

  async function waitForStandby(name: string): Promise<void> {
    await execute(server.url, `ALTER SYSTEM SET synchronous_standby_names = '${name}'`);
    await execute(server.url, 'SELECT pg_reload_conf()');
    const setting = 'SHOW synchronous_standby_names';
    for (;;) {
      const client = new Client({ connectionString: server.url });
      await client.connect();
      const { rows } = await client.query<{ synchronous_standby_names: string }>(setting);
      await client.end();
      if (rows[0]?.synchronous_standby_names === name) return;
    }
  }

  it('at its commit, for a standby that is away: unknown, and it is there afterwards', async () => {
    expect(await append(node, 'standby', row(1))).toEqual(committed(1));
    await waitForStandby('nobody');
    expect(await append(node, 'standby', row(2))).toEqual(unknown);
    // It waits on, with its lock; nobody sees its row.
    const stuck = await appenders("wait_event = 'SyncRep'");
    expect(stuck).toHaveLength(1);
    expect((await read(node, 'standby'))?.head?.lsn).toBe(1);
    expect(await append(node, 'standby', row(3))).toEqual(unknown);
    await waitForStandby('');
    await settled();
    await appendAtLast('standby', 4);
    const bodies = (await readAll(node, 'standby')).map(({ body }) => String(body));
    expect(bodies.slice(0, 2)).toEqual([row(1), row(2)].map(String));
    expect(bodies.filter((body) => body === String(row(4)))).toHaveLength(1);
    expect(new Set(bodies).size).toBe(bodies.length);
  });

  it('because its process stands still: unknown, and the next process goes on', async () => {
    expect(await append(node, 'frozen', row(1))).toEqual(committed(1));
    const [pid = 0] = await appenders('true');
    process.kill(pid, 'SIGSTOP');
    try {
      expect(await append(node, 'frozen', row(2))).toEqual(unknown);
      await signal.until(() => connections === 2);
      expect(await append(node, 'frozen', row(3))).toEqual(committed(2));
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    while ((await appenders(`pid = ${pid}`)).length > 0);
    // What was sent to it came late, or never; not twice.
    const bodies = (await readAll(node, 'frozen')).map(({ body }) => String(body));
    expect(bodies.slice(0, 2)).toEqual([row(1), row(3)].map(String));
    expect([[], [String(row(2))]]).toContainEqual(bodies.slice(2));
    expect(reasons.length).toBeGreaterThan(0);
  });

  it('while it stands in line for a head: that document waits, the others go on', async () => {
    expect(await append(node, 'frozen-line', row(1))).toEqual(committed(1));
    const holder = new Client({ connectionString: server.url });
    await holder.connect();
    await holder.query(
      "BEGIN; SELECT 1 FROM document_head WHERE document = 'frozen-line' FOR UPDATE",
    );
    const appending = append(node, 'frozen-line', row(2));
    let [pid = 0] = await appenders("wait_event_type = 'Lock'");
    while (pid === 0) [pid = 0] = await appenders("wait_event_type = 'Lock'");
    process.kill(pid, 'SIGSTOP');
    try {
      await holder.end();
      expect(await appending).toEqual(unknown);
      await signal.until(() => connections === 2);
      expect(await append(node, 'frozen-free', row(1))).toEqual(committed(1));
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    while ((await appenders(`pid = ${pid}`)).length > 0);
    const lsn = await appendAtLast('frozen-line', 3);
    expect(await readAll(node, 'frozen-line')).toHaveLength(lsn);
  });

  it('with an append in it: a time that is closed meanwhile keeps its rows', async () => {
    const first = at(await append(node, 'frozen-time', row(1)));
    const [pid = 0] = await appenders('true');
    process.kill(pid, 'SIGSTOP');
    const times: number[] = [];
    try {
      const appending = append(node, 'frozen-time', row(2));
      for (const time of [first.at, first.at + 1, first.at + 20]) {
        expect(await closeWhenPast(node, 'frozen-time', time)).toBe('closed');
        expect((await read(node, 'frozen-time'))?.head?.at).toBeGreaterThan(time);
        times.push(time);
      }
      expect(await appending).toEqual(unknown);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    while ((await appenders(`pid = ${pid}`)).length > 0);
    await appendAtLast('frozen-time', 3);
    const rows = await readAll(node, 'frozen-time');
    expect(rows.length).toBeGreaterThan(1);
    for (const time of times) expect(rows.filter((each) => each.at <= time)).toHaveLength(1);
  });

  it('because a transaction is kept open: unknown, and it goes on when that is over', async () => {
    expect(await append(node, 'idle', row(1))).toEqual(committed(1));
    const idle = new Client({ connectionString: server.url });
    await idle.connect();
    await idle.query("BEGIN; SELECT 1 FROM document_head WHERE document = 'idle' FOR UPDATE");
    expect(await append(node, 'idle', row(2))).toEqual(unknown);
    expect(await append(node, 'idle-other', row(1))).toEqual(committed(1));
    await idle.end();
    expect(await append(node, 'idle', row(3))).toEqual(committed(2));
    // A lock that was not to be had is no reason to connect again.
    expect(connections).toBe(1);
  });
});
