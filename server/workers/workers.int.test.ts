/**
 * Goal: several processes are one service: documents are shared across them, metrics are of all, a
 * worker that dies comes back, and the end leaves nothing. Method: the real command with its own
 * PostgreSQL, raw sockets (the primary hands them out in turn), and a list of the processes.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { must } from '../../engine/assert.ts';
import { SnapshotReader } from '../../proto/snapshot-format.ts';
import { describeWithBinaries, describeWithPostgres } from '../testing/describe-postgres.ts';
import { stillRunning, treeOf } from '../testing/process-tree.ts';
import { RawClient, typing } from '../testing/raw-client.ts';
import { type ServerProcess, startServerProcess } from '../testing/server-process.ts';
import { createTestDatabase } from '../testing/test-database.ts';

await describeWithBinaries('a service of two workers', () => {
  let dataDir: string;
  let server: ServerProcess;
  const clients: RawClient[] = [];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sve-workers-'));
    const flags = ['--workers', '2'];
    server = await startServerProcess({ dataDir, flags, startTimeoutMs: 110_000 });
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.cut()));
  });

  afterAll(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** A client that has been welcomed to the document, and the text that it was welcomed with. */
  async function enter(document: string): Promise<{ client: RawClient; text: string }> {
    const client = await RawClient.open(server.syncUrl);
    clients.push(client);
    client.hello({ document });
    const { welcome } = await client.next((frame) => frame.welcome !== null);
    const snapshot = welcome?.snapshot ?? null;
    return { client, text: snapshot === null ? '' : new SnapshotReader(snapshot).text };
  }

  const workerPids = (): readonly number[] => {
    const [, pids = ''] = /workers +2: processes ([\d, ]+)/.exec(server.logs()) ?? [];
    return pids.split(', ').map(Number);
  };

  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`${server.url}metrics`)).text();
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  }

  const readiness = async (): Promise<unknown> =>
    await (await fetch(`${server.url}readyz`, { headers: { Connection: 'close' } })).json();

  it('shows to the clients of each what is typed at the other, and counts as one', async () => {
    const { client: author } = await enter('shared');
    const readers = [await enter('shared'), await enter('shared'), await enter('shared')];
    author.send(typing('hello'));
    for (const { client } of readers) {
      const { rows } = await client.next((frame) => frame.rows.length > 0);
      const ops = rows.flatMap((row) => row.batches.flatMap((batch) => batch.ops));
      expect(ops).toMatchObject([{ text: 'hello' }]);
    }
    expect(await metric('sve_connections')).toBe(4);
    // In both processes.
    expect(await metric('sve_documents')).toBe(2);
    expect(await metric('sve_workers')).toBe(2);
    expect(await metric('sve_log_rows_total')).toBe(1);
    expect(await readiness()).toMatchObject({ ready: true, degraded: false, bus: 'up' });
  });

  it('starts a worker again that was killed; documents are what they were', async () => {
    await enter('kept').then(({ client }) => client.send(typing('kept')));
    await vi.waitFor(async () => expect((await enter('kept')).text).toBe('kept'));
    const [pid = 0] = workerPids();
    const ended = must(clients[0], 'there is one').closed;
    process.kill(pid, 'SIGKILL');
    await Promise.race([ended, must(clients[1], 'there is another').closed]);
    await vi.waitFor(() => expect(server.logs()).toContain('"event":"worker-back"'), {
      timeout: 30_000,
    });
    expect(server.logs()).toMatch(/"event":"worker-ended","worker":1,.*"signal":"SIGKILL"/);
    for (let n = 0; n < 2; n++) expect((await enter('kept')).text).toBe('kept');
    await vi.waitFor(async () => expect(await readiness()).toMatchObject({ degraded: false }));
  });

  it('drains all when it is told to stop, and leaves no process', async () => {
    const both = [await enter('last'), await enter('last')];
    const all = treeOf(server.pid);
    expect(all.length).toBeGreaterThan(3);
    const closed = Promise.all(both.map(({ client }) => client.closed));
    await server.stop();
    expect(await closed).toMatchObject([{ code: 4503 }, { code: 4503 }]);
    expect(stillRunning(all)).toEqual([]);
  });
});

describeWithPostgres('a service of two workers that cannot listen', (postgresUrl) => {
  it('tells once why it cannot start', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sve-workers-'));
    const database = await createTestDatabase(postgresUrl);
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const flags = ['--workers', '2'];
    const databaseUrl = database.url;
    const starting = startServerProcess({ dataDir: folder, databaseUrl, port, flags });
    const message: string = await starting.then(
      () => 'it started',
      (error: Error) => error.message,
    );
    taken.close();
    await database.drop();
    await rm(folder, { recursive: true });
    expect(message.match(/cannot listen on 127\.0\.0\.1 port \d+/g)).toHaveLength(1);
  });
});
