/**
 * Goal: the history thread begins with snapshots, and needs them where the log was pruned; one that
 * is damaged is told and passed over. Method: real PostgreSQL, bodies in a folder, every answer
 * against the rows folded one by one.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FolderObjects } from '../folder-objects.ts';
import { pruneDocument } from '../postgres/log-maintenance.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { HistoryServer } from '../testing/history-server.ts';
import { SnapshotSite } from '../testing/snapshot-site.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';

describeWithPostgres('playback from snapshots', (serverUrl) => {
  let database: TestDatabase;
  let root: string;
  let objects: FolderObjects;
  let site: SnapshotSite;
  let server: HistoryServer;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    root = await mkdtemp(join(tmpdir(), 'sve-history-'));
    objects = await FolderObjects.open(root);
    site = new SnapshotSite(database.url, objects);
    const place = { type: 'folder', root } as const;
    server = await HistoryServer.start({ databaseUrl: database.url, objects: place });
  });

  afterAll(async () => {
    await server?.close();
    await site?.close();
    await database?.drop();
    await rm(root, { recursive: true });
  });

  async function textAt(document: string, lsn: number): Promise<string | number> {
    const { status, body } = await server.ask(`/v1/documents/${document}?lsn=${lsn}`);
    return status === 200 ? JSON.parse(body).text : status;
  }

  it('goes on where the log was pruned, and tells that there is nothing before', async () => {
    await site.write('pruned', 6);
    await site.made('pruned');
    await site.write('pruned', 4);
    const texts = (await site.states('pruned')).map(({ text }) => text);
    await pruneDocument('pruned', { epoch: 1, lsn: 6 }, { url: database.url });
    for (const lsn of [8, 6, 10, 7, 9]) expect(await textAt('pruned', lsn)).toBe(texts[lsn]);
    for (const lsn of [0, 5]) expect(await textAt('pruned', lsn)).toBe(410);
    const { body } = await server.ask('/v1/documents/pruned/changes?from=lsn:6');
    expect(body.trim().split('\n')).toHaveLength(6);
  });

  it('passes over a damaged one, says so, and answers from the one before', async () => {
    await site.write('damaged', 3);
    await site.made('damaged');
    await site.write('damaged', 3);
    const pointer = await site.made('damaged');
    await new Promise((done) => objects.remove(pointer.key, done));
    await new Promise((done) => objects.put(pointer.key, new Uint8Array(9), done));
    const texts = (await site.states('damaged')).map(({ text }) => text);
    expect(await textAt('damaged', 6)).toBe(texts[6]);
    expect(server.bad.map(({ reason, pointer: { lsn } }) => [reason, lsn])).toEqual([
      ['checksum', 6],
    ]);
  });
});
