/**
 * Goal: over HTTP a document becomes a file, a file a document, and a document nothing; what breaks
 * off leaves nothing behind. Method: the paths on a real PostgreSQL and a folder of objects, each
 * answer held against the OpenAPI document; clients that go away, and files that are none.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ObjectStorePort } from '../../engine/driver/ports.ts';
import { FolderObjects } from '../folder-objects.ts';
import { createLog } from '../log.ts';
import { ReaderPool } from '../postgres/reader-pool.ts';
import { pruneToSnapshot } from '../snapshots/pruning.ts';
import { snapshotFolder } from '../snapshots/snapshot-key.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { type Asked, HistoryServer } from '../testing/history-server.ts';
import { SnapshotSite } from '../testing/snapshot-site.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
import { addDocumentRoutes } from './document-routes.ts';
import { historyType } from './document-schemas.ts';
import { Versions } from './versions.ts';

const importBytesMax = 100_000;
const pieces = [Buffer.alloc(importBytesMax), Buffer.alloc(1)];

describeWithPostgres('whole documents over HTTP', (serverUrl) => {
  let database: TestDatabase;
  let root: string;
  let site: SnapshotSite;
  let pool: ReaderPool;
  let versions: Versions;
  let server: HistoryServer;
  let file: Uint8Array;
  /** The store tells what it has. */
  let isListed = true;
  /** Documents of which somebody was told. */
  const changed: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    root = await mkdtemp(join(tmpdir(), 'sve-documents-'));
    site = new SnapshotSite(database.url, await FolderObjects.open(root));
    pool = new ReaderPool(database.url);
    versions = new Versions(pool);
    const { log, index } = site;
    const objects: ObjectStorePort = {
      get: (key, done) => site.objects.get(key, done),
      put: (key, bytes, done) => site.objects.put(key, bytes, done),
      remove: (key, done) => site.objects.remove(key, done),
      list: (prefix, done) => (isListed ? site.objects.list(prefix, done) : done(null)),
    };
    const all = (document: string) => versions.list(document, '', 100);
    server = await HistoryServer.start({
      databaseUrl: database.url,
      objects: { type: 'folder', root },
      versionOf: (document, name) => versions.lsnOf(document, name),
      extend: (api) =>
        addDocumentRoutes(api, {
          stores: { log, index, objects, versions: all, url: database.url },
          principalOf: async () => 'anna',
          onChanged: (document) => changed.push(document),
          log: createLog('silent'),
          importBytesMax,
        }),
    });
    await site.write('notes', 30);
    await named('notes', 7);
    file = (await exported('notes')).bytes;
  });

  beforeEach(() => {
    changed.length = 0;
  });

  afterAll(async () => {
    await server?.close();
    await pool?.close();
    await site?.close();
    await database?.drop();
    await rm(root, { recursive: true, force: true });
  });

  const exported = (document: string) => server.ask(`/v1/documents/${document}/export`);

  /** An export whose body nobody has read yet. */
  async function begun(document: string) {
    const asking = server.request(`/v1/documents/${document}/export`);
    const [answer]: IncomingMessage[] = await once(asking, 'response');
    if (answer === undefined) throw new Error('no answer');
    return { asking, answer };
  }

  async function named(document: string, lsn: number): Promise<void> {
    const { at = 0 } = (await site.past(document, { type: 'lsn', lsn })) ?? {};
    await versions.put(document, { name: `row ${lsn}`, lsn, at, createdBy: 'ann' });
  }

  async function send(document: string, asked: Omit<Asked, 'method'>) {
    const { status, headers, body } = await server.ask(`/v1/documents/${document}/import`, {
      ...{ method: 'POST', headers: { 'Content-Type': historyType } },
      ...asked,
    });
    return { status, headers, told: JSON.parse(body) };
  }

  const remove = (document: string) =>
    server.ask(`/v1/documents/${document}`, { method: 'DELETE' });

  async function codeOf(path: string): Promise<string> {
    const { body } = await server.ask(`/v1/documents/${path}`);
    return JSON.parse(body).code ?? 'none';
  }

  const textOf = async (path: string): Promise<string> =>
    JSON.parse((await server.ask(`/v1/documents/${path}`)).body).text;

  const bodiesOf = (document: string) => site.bodies(snapshotFolder(document));

  describe('an export', () => {
    it('is a file to download, which import takes', async () => {
      const { status, headers } = await exported('notes');
      expect(status).toBe(200);
      expect(headers.get('Content-Type')).toBe(historyType);
      expect(headers.get('Content-Disposition')).toBe('attachment; filename="notes.svex"');
      const { status: made, headers: place, told } = await send('copy', { body: file });
      expect([made, place.get('Location')]).toEqual([201, '/v1/documents/copy']);
      expect(told).toEqual({ document: 'copy', epoch: expect.any(Number), lsn: 30, rows: 30 });
      for (const moment of ['?lsn=4', '?lsn=30', '?version=row%207']) {
        expect(await textOf(`copy${moment}`)).toBe(await textOf(`notes${moment}`));
      }
      expect(changed).toEqual(['copy']);
    });

    it('of a document that was pruned has its snapshot', async () => {
      await site.write('pruned', 20);
      await site.made('pruned');
      await site.write('pruned', 5);
      const options = {
        url: database.url,
        log: site.log,
        index: site.index,
        objects: site.objects,
      };
      await pruneToSnapshot('pruned', { type: 'lsn', lsn: 20 }, options);
      const { told } = await send('whole-again', { body: (await exported('pruned')).bytes });
      expect(told).toMatchObject({ lsn: 25, rows: 5 });
      expect(await textOf('whole-again')).toBe(await textOf('pruned'));
    });

    it('is of a document that is there', async () => {
      expect(await codeOf('never/export')).toBe('unknown-document');
      expect(await codeOf('no%2Fname/export')).toBe('bad-document');
    });

    it('asked for its head gives none of it, as often as it is', async () => {
      for (let n = 0; n < 6; n++) {
        const answer = await server.ask('/v1/documents/notes/export', { method: 'HEAD' });
        expect([answer.status, answer.bytes.length]).toEqual([200, 0]);
      }
    });

    it('that fails in the middle breaks the connection, and ends with the client', async () => {
      const text = 'x'.repeat(2_000);
      await execute(
        database.url,
        `INSERT INTO document_head VALUES ('broken', 1, 'live', 3000, 1000);
         INSERT INTO log_row SELECT 'broken', lsn, 1, 1000, '${text}' FROM generate_series(1, 3000)
           AS lsn WHERE lsn <> 2900`,
      );
      const { answer } = await begun('broken');
      expect(answer.statusCode).toBe(200);
      await expect(lengthOf(answer)).rejects.toThrow('aborted');
      // Others may be made only when these have ended.
      const all = await Promise.all(Array.from({ length: 5 }, () => begun('broken')));
      const statuses = all.map(({ answer: { statusCode } }) => statusCode);
      expect(statuses.toSorted()).toEqual([200, 200, 200, 200, 503]);
      for (const { asking } of all) asking.destroy();
      await vi.waitFor(async () => expect((await exported('notes')).status).toBe(200));
    });
  });

  describe('an import', () => {
    it('takes no name that is or was another document’s', async () => {
      expect((await send('notes', { body: file })).told.code).toBe('document-exists');
      await site.write('gone', 1);
      await remove('gone');
      const { status, told } = await send('gone', { body: file });
      expect([status, told.code]).toEqual([410, 'document-deleted']);
    });

    it.each<[string, number, Partial<Asked>]>([
      ['no file', 422, { body: 'hello' }],
      ['nothing', 422, {}],
      ['another type', 415, { headers: { 'Content-Type': 'text/plain' } }],
      ['more than it may', 413, { body: Buffer.alloc(importBytesMax + 1) }],
      ['more than it may, of an unknown length', 413, { body: Readable.from(pieces) }],
    ])('of %s is refused, and leaves nothing', async (_, status, asked) => {
      expect((await send('refused', asked)).status).toBe(status);
      expect(await codeOf('refused')).toBe('unknown-document');
    });

    it('of a file that is cut off is refused, and leaves nothing', async () => {
      const { status, told } = await send('cut', { body: file.subarray(0, file.length - 9) });
      expect([status, told.code]).toEqual([422, 'damaged-file']);
      expect(await codeOf('cut')).toBe('unknown-document');
      expect(changed).toEqual([]);
    });

    /** One whose file has begun to come. */
    async function sending(document: string) {
      const body = new PassThrough();
      const asking = server.request(`/v1/documents/${document}/import`, {
        ...{ method: 'POST', headers: { 'Content-Type': historyType }, body },
      });
      body.write(file.subarray(0, 100));
      await vi.waitFor(async () => expect((await send('other', {})).status).toBe(503));
      return { body, asking };
    }

    it('holds no name while its file comes', async () => {
      const { body, asking } = await sending('meanwhile');
      await site.write('meanwhile', 1);
      body.end(file.subarray(100));
      const [answer]: IncomingMessage[] = await once(asking, 'response');
      expect(answer?.statusCode).toBe(409);
      answer?.resume();
    });

    it('is one at a time, and ends with its client', async () => {
      const { asking } = await sending('slow');
      const refused = once(asking, 'error');
      asking.destroy();
      await refused;
      await vi.waitFor(async () => expect((await send('slow', { body: file })).status).toBe(201));
      expect(await textOf('slow')).toBe(await textOf('notes'));
    });
  });

  describe('a deletion', () => {
    it('leaves nothing, nor answers from what is kept, and is told to whoever looks', async () => {
      await site.write('doomed', 10);
      await site.made('doomed');
      await named('doomed', 5);
      const paths = ['doomed?lsn=5', 'doomed/authors?moment=lsn:5', 'doomed?version=row%205'];
      for (const path of paths) expect(await codeOf(path)).toBe('none');
      const jobs = server.jobs;
      for (const path of paths) expect(await codeOf(path)).toBe('none');
      expect(server.jobs).toBe(jobs);

      const { status, body } = await remove('doomed');
      expect([status, body]).toEqual([204, '']);
      expect(changed).toEqual(['doomed']);
      for (const path of [...paths, 'doomed', 'doomed/export', 'doomed/changes']) {
        expect(await codeOf(path), path).toBe('document-deleted');
      }
      expect(await site.page('doomed', 0)).toMatchObject({ head: { state: 'deleted' }, rows: [] });
      expect(await bodiesOf('doomed')).toEqual([]);
    });

    it('can be made again, and is of a document that was there', async () => {
      await site.write('twice', 2);
      for (let n = 0; n < 2; n++) expect((await remove('twice')).status).toBe(204);
      const { status, body } = await remove('never');
      expect([status, JSON.parse(body).code]).toEqual([404, 'unknown-document']);
      expect(changed).toEqual(['twice', 'twice']);
    });

    it('finishes what an earlier one left', async () => {
      await site.write('half', 4);
      const { key } = await site.made('half');
      const kept = await new Promise<unknown>((done) => site.objects.get(key, done));
      await remove('half');
      if (!(kept instanceof Uint8Array)) throw new Error('the body of the snapshot');
      await new Promise((done) => site.objects.put(key, kept, done));
      expect((await remove('half')).status).toBe(204);
      expect(await bodiesOf('half')).toEqual([]);
    });

    it('of which not all was done is to be made again', async () => {
      await site.write('unlisted', 1);
      isListed = false;
      const { status, body } = await remove('unlisted');
      isListed = true;
      expect([status, JSON.parse(body).code]).toEqual([503, 'outcome-unknown']);
      expect((await remove('unlisted')).status).toBe(204);
    });
  });
});

async function lengthOf(answer: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const piece of answer) bytes += piece.length;
  return bytes;
}
