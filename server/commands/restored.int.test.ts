/**
 * Goal: `restored` gives documents new epochs and changes nothing else, in any company, and says
 * what to do when it cannot. Method: a real database with many documents, logs that append
 * meanwhile, and the process as an operator runs it.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { PostgresLog } from '../postgres/postgres-log.ts';
import { describeWithBinaries, describeWithPostgres } from '../testing/describe-postgres.ts';
import { appendTo, readAll } from '../testing/log-access.ts';
import { type ServerProcess, startServerProcess } from '../testing/server-process.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
import { runCommand } from './commands.ts';

/** Three batches, the last of them not full. */
const documents = 2_500;
const names = Array.from({ length: documents }, (_, i) => `d${i}`);
const root = join(import.meta.dirname, '..', '..');

/** The command as `npm run restored` starts it; rejects with what it said. */
async function run(...args: string[]): Promise<string> {
  const command = ['--import', 'tsx', 'server/main.ts', 'restored', ...args];
  const env = { PATH: process.env.PATH };
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root, env });
  return stdout;
}

describeWithPostgres('the command restored', (serverUrl) => {
  let database: TestDatabase;
  let logs: PostgresLog[];

  beforeEach(async () => {
    database = await createTestDatabase(serverUrl);
    logs = [];
  });

  afterEach(async () => {
    await Promise.all(logs.map((log) => log.close()));
    await database.drop();
  });

  async function restored(...args: string[]): Promise<string> {
    return (await runCommand('restored', args, { DATABASE_URL: database.url })).output;
  }

  function openLog(): PostgresLog {
    // A busy machine may hold a batch for long; a circle is found by PostgreSQL after a second.
    const log = new PostgresLog({ url: database.url, limits: { lockTimeoutMs: 4_000 } });
    logs.push(log);
    return log;
  }

  /** Every document once, with epoch 1. */
  async function fill(): Promise<PostgresLog> {
    const log = openLog();
    const results = await Promise.all(names.map((name) => appendTo(log, name)));
    expect(results.every(({ outcome }) => outcome === 'committed')).toBe(true);
    return log;
  }

  /** All heads, with the epoch apart. */
  async function heads(): Promise<ReadonlyMap<string, { epoch: number; rest: string }>> {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ document: string; epoch: string; rest: string }>(
      "SELECT document, epoch, concat_ws('/', state, lsn, at) AS rest FROM document_head",
    );
    await client.end();
    return new Map(rows.map(({ document, epoch, rest }) => [document, { epoch: +epoch, rest }]));
  }

  it('gives every document an epoch of its own and leaves the rest as it was', async () => {
    const log = await fill();
    const before = await heads();
    const told = JSON.parse(await restored('--json'));
    expect(told).toMatchObject({ documents, batches: 3 });
    const after = await heads();
    const epochs = new Set([...after.values()].map(({ epoch }) => epoch));
    expect(epochs.size).toBe(documents);
    // Random over all 53 bits, not only new.
    expect(Math.max(...epochs)).toBeGreaterThan(2 ** 52);
    expect([...after].map(([name, { rest }]) => [name, rest]).sort()).toEqual(
      [...before].map(([name, { rest }]) => [name, rest]).sort(),
    );
    expect(await readAll(log, 'd7')).toHaveLength(1);
    expect(await appendTo(log, 'd7')).toEqual({ outcome: 'rejected', code: 'epoch' });
  });

  it('gives another one when it is run again', async () => {
    await fill();
    await restored();
    const first = await heads();
    await restored();
    for (const [name, { epoch }] of await heads()) expect(epoch).not.toBe(first.get(name)?.epoch);
  });

  it('changes the documents that are named, and no other', async () => {
    await fill();
    const told = await restored('--document', 'd1', '--document=d2');
    expect(told).toContain('documents  2 with a new epoch');
    const changed = [...(await heads())].filter(([, { epoch }]) => epoch !== 1);
    expect(changed.map(([name]) => name).sort()).toEqual(['d1', 'd2']);
  });

  it('changes nothing when one of the names is not there', async () => {
    await appendTo(openLog(), 'here');
    await expect(restored('--document', 'here', '--document', 'gone')).rejects.toThrow(
      /not in this database: gone\. Nothing was changed\. Check the names/,
    );
    expect((await heads()).get('here')?.epoch).toBe(1);
  });

  it('runs beside nodes that append to the same documents', async () => {
    const appending = [await fill(), openLog(), openLog()];
    let done = false;
    const outcomes = new Set<string>();
    const round = async (log: PostgresLog): Promise<readonly string[]> => {
      // Groups in which the order of names is not the one in which the heads lie on disk.
      const mixed = names.map((_, i) => `d${(i * 997) % documents}`);
      const results = await Promise.all(mixed.map((name) => appendTo(log, name)));
      return results.map(({ outcome }) => outcome);
    };
    const writers = appending.map(async (log) => {
      do for (const outcome of await round(log)) outcomes.add(outcome);
      while (!done);
    });
    try {
      for (let i = 0; i < 3; i++) await restored();
    } finally {
      done = true;
      await Promise.all(writers);
    }
    // An append that had waited for this in a circle would be `unknown`.
    expect([...outcomes].sort()).toEqual(['committed', 'rejected']);
    for (const log of appending) expect(new Set(await round(log))).toEqual(new Set(['rejected']));
  });

  it('says what to do when a document stays locked', async () => {
    await appendTo(openLog(), 'held');
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE document_head IN ACCESS EXCLUSIVE MODE');
      await expect(restored()).rejects.toThrow(/stayed locked for 5 s\. Wait for the restore/);
    } finally {
      await holder.end();
    }
  });

  it('says what to do when the server is read only, or has no documents', async () => {
    await appendTo(openLog(), 'here');
    const readOnly = new URL(database.url);
    const set = readOnly.searchParams.get('options') ?? '';
    readOnly.searchParams.set('options', `${set} -c default_transaction_read_only=on`.trim());
    await expect(runCommand('restored', ['--database-url', readOnly.href], {})).rejects.toThrow(
      /Promote it, then run this again/,
    );
    await execute(database.url, 'DROP TABLE document_head');
    await expect(restored()).rejects.toThrow(/is this the database that the backup was restored/);
  });

  it('tells where the documents are, without the password, and what comes next', async () => {
    await appendTo(openLog(), 'here');
    const told = await run('--database-url', database.url);
    expect(told).toMatch(/^database {3}postgres(ql)?:\/\//m);
    expect(told).toMatch(/Start the nodes, or let them run/);
    const { password } = new URL(database.url);
    if (password !== '') expect(told).not.toContain(`:${password}@`);
  });
});

await describeWithBinaries('the command restored on a data folder', () => {
  let dataDir: string;
  let server: ServerProcess;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sve-restored-'));
    server = await startServerProcess({ dataDir });
  });

  afterAll(async () => {
    await server?.stop();
    await rm(dataDir, { recursive: true });
  });

  it('works beside a server on the folder, without one, and wants the folder there', async () => {
    expect(await run('--data-dir', dataDir)).toMatch(/\(of the server that runs there\)/);
    await server.stop();
    expect(await run('--data-dir', dataDir)).toMatch(
      /There are no documents: is this the database/,
    );
    await expect(run('--data-dir', join(dataDir, 'elsewhere'))).rejects.toThrow(
      /there is no database in .*elsewhere\/postgres: say where the documents are/,
    );
  });

  it('tells its help, and what is wrong with a command line', async () => {
    expect(await run('--help')).toMatch(/^Usage: sve restored/);
    await expect(run('--document')).rejects.toThrow('--document needs a value');
    await expect(run('--datebase-url', 'x')).rejects.toThrow('did you mean --database-url?');
    await expect(runCommand('restore', [], {})).rejects.toThrow(
      /unknown command restore: there is .*restored/,
    );
  });
});
