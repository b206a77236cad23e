/**
 * Goal: a node makes snapshots of what is typed, and the next one begins with them, even where they
 * are all that is left of the beginning, in the epoch after a restore as well. Method: real
 * processes on PostgreSQL and on the S3 that there is; a document that is pruned tells what was
 * read, since its rows cannot be.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { SnapshotReader } from '../proto/snapshot-format.ts';
import { runCommand } from './commands/commands.ts';
import { S3Objects } from './s3-objects.ts';
import { pruneToSnapshot } from './snapshots/pruning.ts';
import { describeWithPostgres } from './testing/describe-postgres.ts';
import { RawClient, typing } from './testing/raw-client.ts';
import { type ServerProcess, startServerProcess } from './testing/server-process.ts';
import { SnapshotSite } from './testing/snapshot-site.ts';
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts';
import { startTestS3, type TestS3 } from './testing/test-s3.ts';

const rowsPerSnapshot = 4;
/** The thread starts from source. */
const patience = { timeout: 40_000, interval: 50 };

describeWithPostgres('a document with snapshots', (serverUrl) => {
  let dataDir: string;
  let database: TestDatabase;
  let s3: TestS3;
  let server: ServerProcess;
  let objects: S3Objects;
  let site: SnapshotSite;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sve-cold-'));
    database = await createTestDatabase(serverUrl);
    s3 = await startTestS3();
    const options = s3.options();
    objects = new S3Objects(options);
    site = new SnapshotSite(database.url, objects);
    const { endpoint, bucket, prefix = '', accessKey, secretKey, region } = options;
    const flags = Object.entries({
      ...{ 's3-endpoint': endpoint, 's3-bucket': bucket, 's3-prefix': prefix },
      ...{ 'aws-access-key-id': accessKey, 'aws-secret-access-key': secretKey },
      ...{ 'aws-region': region, 'snapshot-rows': String(rowsPerSnapshot) },
    }).map(([name, value]) => `--${name}=${value}`);
    server = await startServerProcess({ dataDir, databaseUrl: database.url, flags });
  });

  afterAll(async () => {
    await server?.stop();
    await site?.close();
    objects?.close();
    await s3?.stop();
    await database?.drop();
    await rm(dataDir, { recursive: true });
  });

  /** A new client that was welcomed to the document, and the text that it was welcomed with. */
  async function enter(): Promise<{ readonly client: RawClient; readonly text: string }> {
    const client = await RawClient.open(server.syncUrl);
    client.hello({ document: 'novel' });
    const { welcome } = await client.next((frame) => frame.welcome !== null);
    const snapshot = welcome?.snapshot ?? null;
    return { client, text: snapshot === null ? '' : new SnapshotReader(snapshot).text };
  }

  /** One row for each letter. */
  async function type(letters: string): Promise<void> {
    const { client } = await enter();
    for (const [index, letter] of [...letters].entries()) {
      client.send(typing(letter, { first: index + 1 }));
      await client.next(({ ack }) => ack !== null && ack.through > index);
    }
    await client.cut();
  }

  /** The newest one that there is. */
  async function newest(document = 'novel'): Promise<number> {
    const list = await site.index.list(document);
    return list?.snapshots.at(-1)?.pointer.lsn ?? 0;
  }

  it('gets one as it grows, which is told', async () => {
    await type('once upon a time');
    await vi.waitFor(async () => expect(await newest()).toBeGreaterThanOrEqual(4), patience);
    const metrics = await (await fetch(`${server.url}metrics`)).text();
    expect(metrics).toMatch(/^sve_snapshots_total\{outcome="made"\} [1-9]/m);
    expect(metrics).toMatch(/^sve_snapshots_bad_total 0$/m);
    expect(server.logs()).toMatch(/^ {2}snapshots +http/m);
  });

  it('gets one as it grows by edits over HTTP alone', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ edits: [{ type: 'append', text: 'a line\n' }] });
    for (let n = 0; n < rowsPerSnapshot; n++) {
      const path = `${server.url}v1/documents/diary/edits`;
      const { status } = await fetch(path, { method: 'POST', headers, body });
      expect(status).toBe(200);
    }
    await vi.waitFor(async () => expect(await newest('diary')).toBeGreaterThan(0), patience);
  });

  it('is opened from it, though the rows before are gone, and grows on', async () => {
    const options = { ...database, index: site.index, objects };
    const head = { type: 'lsn', lsn: Number.MAX_SAFE_INTEGER } as const;
    const pruned = await pruneToSnapshot('novel', head, options);
    expect(pruned).toMatchObject({ outcome: 'pruned' });
    await server.restart();
    expect((await enter()).text).toBe('once upon a time');
    await type('NEXT');
    const before = await newest();
    await type('PAGE!');
    await vi.waitFor(async () => expect(await newest()).toBeGreaterThan(before), patience);
    // Whose comes first is up to their ids.
    const { text } = await enter();
    for (const typed of ['once upon a time', 'NEXT', 'PAGE!']) expect(text).toContain(typed);
    await server.restart();
    expect((await enter()).text).toBe(text);
  });

  it('is opened from it after a restore, under a node that runs', async () => {
    const { client, text } = await enter();
    const command = ['--database-url', database.url, '--json'];
    const { output } = await runCommand('restored', command, {});
    expect(JSON.parse(output)).toMatchObject({ documents: 2 });
    // Whoever types meets the new epoch, and is told to load the document anew.
    client.send(typing('lost'));
    await client.next(({ error }) => error?.code === 'history-changed');
    await vi.waitFor(async () => expect((await enter()).text).toBe(text), patience);
    await server.restart();
    expect((await enter()).text).toBe(text);
  });
});
