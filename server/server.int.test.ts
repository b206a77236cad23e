/**
 * Goal: the server as it is started by `npm start`, with its own PostgreSQL: an edit from hello to
 * ack, a second client that sees it, an orderly end, and a violent one after which everything that
 * was acknowledged is there. Method: the real process and raw sockets, no client of ours in
 * between.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { must } from '../engine/assert.ts';
import { SnapshotReader } from '../proto/snapshot-format.ts';
import { isRunning, readPostmasterFile } from './postgres/postmaster-file.ts';
import { describeWithBinaries } from './testing/describe-postgres.ts';
import { RawClient, typing } from './testing/raw-client.ts';
import { type ServerProcess, startServerProcess } from './testing/server-process.ts';

await describeWithBinaries('the server process', () => {
  let dataDir: string;
  let server: ServerProcess;
  const clients: RawClient[] = [];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sve-server-'));
    server = await startServerProcess({ dataDir, flags: ['--heartbeat-ms', '2000'] });
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.cut()));
    if (!server.running) await server.start();
  });

  afterAll(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true });
  });

  async function connect(): Promise<RawClient> {
    const client = await RawClient.open(server.syncUrl);
    clients.push(client);
    return client;
  }

  /** A client that has been welcomed to the document, and the text that it was welcomed with. */
  async function enter(document: string): Promise<{ client: RawClient; text: string }> {
    const client = await connect();
    client.hello({ document });
    const { welcome } = await client.next((frame) => frame.welcome !== null);
    const snapshot = welcome?.snapshot ?? null;
    return { client, text: snapshot === null ? '' : new SnapshotReader(snapshot).text };
  }

  /** A new client types `text` at the start, and waits for the acknowledgement of all of it. */
  async function type(document: string, text: string): Promise<RawClient> {
    const { client } = await enter(document);
    client.send(typing(text));
    const { ack } = await client.next((frame) => frame.ack !== null);
    expect(ack?.through).toBe(text.length);
    return client;
  }

  it('announces where it is, what it runs itself, and that it is durable', async () => {
    expect(server.logs()).toMatch(/^ {2}embedded +PostgreSQL, bus \(one node\)$/m);
    expect(server.logs()).toMatch(/^ {2}durability +ok: fsync on/m);
    expect(server.logs()).toMatch(/^ {2}WARNING +NO AUTHENTICATION: whoever is on this machine/m);
    expect(server.logs()).toMatch(/"event":"no-authentication"/);
    const response = await fetch(`${server.url}readyz`);
    expect(await response.json()).toMatchObject({ ready: true, durability: { ok: true } });
  });

  it('acknowledges an edit, shows it to a second client, and keeps it for a third', async () => {
    const { client: reader } = await enter('greeting');
    const author = await type('greeting', 'hello');
    const { rows } = await reader.next((frame) => frame.rows.length > 0);
    expect(rows.flatMap((row) => row.batches.flatMap(({ ops }) => ops))).toEqual([
      { type: 'insert', timestamp: 1, left: null, right: null, text: 'hello' },
    ]);
    author.send(typing(' world', { first: 6, base: 1 }));
    expect((await author.next((frame) => frame.ack !== null)).ack?.through).toBe(11);
    expect((await enter('greeting')).text).toBe('hello world');
    expect((await enter('another')).text).toBe('');
  });

  it('answers over HTTP what a document was', async () => {
    await type('remembered', 'as it was');
    const headers = { Accept: 'text/plain' };
    const response = await fetch(`${server.url}v1/documents/remembered?lsn=1`, { headers });
    expect([response.status, await response.text()]).toEqual([200, 'as it was']);
    expect(response.headers.get('SVE-Closed')).toBe('true');
  });

  it('counts what it does, without a word of which document', async () => {
    await type('secret-name', 'counted');
    const text = await (await fetch(`${server.url}metrics`)).text();
    const sample = (name: string): number =>
      Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]);
    expect(sample('sve_connections')).toBeGreaterThanOrEqual(1);
    expect(sample('sve_sessions{state="open"}')).toBeGreaterThanOrEqual(1);
    for (const times of ['ack_age_seconds', 'broadcast_seconds', 'stale_seconds']) {
      expect(sample(`sve_${times}_count`)).toBeGreaterThanOrEqual(1);
    }
    expect(sample('sve_broadcast_seconds_sum')).toBeGreaterThan(sample('sve_ack_age_seconds_sum'));
    expect(sample('sve_appends_total{outcome="committed"}')).toBeGreaterThanOrEqual(1);
    expect(sample('sve_frames_received_total')).toBeGreaterThanOrEqual(2);
    expect(sample('sve_received_bytes_total')).toBeGreaterThan(sample('sve_frames_received_total'));
    expect(sample('sve_sent_bytes_total')).toBeGreaterThan(sample('sve_frames_sent_total'));
    expect(sample('sve_log_durable')).toBe(1);
    expect(sample('sve_documents')).toBeGreaterThanOrEqual(1);
    expect(sample('sve_log_up')).toBe(1);
    expect(sample('sve_log_rows_total')).toBeGreaterThanOrEqual(1);
    expect(sample('sve_log_commit_seconds_count')).toBeGreaterThanOrEqual(1);
    expect(sample('sve_log_commit_seconds_sum')).toBeGreaterThan(0);
    expect(text).toMatch(/^# TYPE nodejs_gc_duration_seconds histogram$/m);
    expect(text).not.toContain('secret-name');
  });

  it('tells its clients to connect again when it is stopped, and ends', async () => {
    const { client } = await enter('farewell');
    const { pid } = server;
    const stopped = server.stop();
    const { error } = await client.next((frame) => frame.error !== null);
    expect(error).toMatchObject({ code: 'draining', retry: true });
    expect(await client.closed).toEqual({ code: 4503, reason: 'draining' });
    await stopped;
    expect(isRunning(pid)).toBe(false);
    await expect(fetch(`${server.url}livez`)).rejects.toThrow();
  });

  it('settles what was sent before it was stopped', async () => {
    const { client } = await enter('last-words');
    for (let i = 0; i < 50; i++) client.send(typing('x', { first: i + 1, base: 0 }));
    // The first ack shows that the edits have arrived; most are still on their way to the log.
    const first = await client.next((frame) => frame.ack !== null);
    await server.stop();
    await client.closed;
    const through = Math.max(...[first, ...client.frames].map(({ ack }) => ack?.through ?? 0));
    await server.start();
    expect((await enter('last-words')).text).toHaveLength(through);
  });

  it('has all that was acknowledged after SIGKILL and a restart on the same data', async () => {
    const texts = ['one', 'two', 'three'];
    await Promise.all(texts.map((text) => type(`kept-${text}`, text)));
    await server.restart('SIGKILL');
    for (const text of texts) expect((await enter(`kept-${text}`)).text).toBe(text);
    await type('kept-after', 'still works');
  });

  it('starts its PostgreSQL again when that ends by itself, and loses nothing', async () => {
    const author = await type('revived', 'before');
    // The folder as the launcher tells it: it is not always below the data folder.
    const folder = [...server.logs().matchAll(/ runs in ([^"\s]+)/g)].at(-1)?.[1];
    const postmaster = await readPostmasterFile(must(folder, 'a server tells its folder'));
    process.kill(must(postmaster, 'PostgreSQL runs').pid, 'SIGKILL');
    author.send(typing(' and after', { first: 7, base: 1 }));
    expect((await author.next((frame) => frame.ack !== null)).ack?.through).toBe(16);
    expect((await enter('revived')).text).toBe('before and after');
  });

  it('refuses a second server on the same data folder, and says who has it', async () => {
    await expect(startServerProcess({ dataDir })).rejects.toThrow(new RegExp(`${server.pid}`));
    // The case before may still be at work: a backend outlives its killed postmaster for a moment.
    await vi.waitFor(async () => expect((await fetch(`${server.url}readyz`)).status).toBe(200), {
      timeout: 20_000,
    });
  });

  it('has no database of its own to fall back to when DATABASE_URL is wrong', async () => {
    const databaseUrl = 'postgres://somebody:hunter2@127.0.0.1:1/docs';
    const failed = startServerProcess({ dataDir: `${dataDir}/unused`, databaseUrl });
    const message = String(await failed.catch((error: unknown) => error));
    expect(message).toMatch(/DATABASE_URL is postgres:\/\/somebody:\*\*\*@127\.0\.0\.1:1\/docs/);
    expect(message).toMatch(/ECONNREFUSED/);
    expect(message).toMatch(/unset DATABASE_URL/);
    expect(message).not.toContain('hunter2');
  });

  it('tells every mistake of its configuration and ends', async () => {
    const flags = ['--heartbeat-ms', '1', '--logg-level', 'info'];
    await expect(startServerProcess({ dataDir, flags })).rejects.toThrow(
      /did you mean --log-level\?\n--heartbeat-ms: expected integer/,
    );
  });
});
