/**
 * Goal: edits, restores and named versions over HTTP do what they say, each answer as the OpenAPI
 * document tells it. Method: the real thread and PostgreSQL; a live node's core beside it, to which
 * edits are announced as to the gateway of the node.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../engine/random.ts';
import { PostgresLog } from '../postgres/postgres-log.ts';
import { ReaderPool } from '../postgres/reader-pool.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { HistoryServer } from '../testing/history-server.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { addEditRoutes } from './edit-routes.ts';
import type { VersionLookup } from './history-request.ts';
import { addVersionRoutes } from './version-routes.ts';
import { Versions } from './versions.ts';

const limitMs = 30_000;

describeWithPostgres('writing over HTTP', (serverUrl) => {
  let database: TestDatabase;
  let log: PostgresLog;
  let pool: ReaderPool;
  let server: HistoryServer;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    log = new PostgresLog({ url: database.url });
    pool = new ReaderPool(database.url);
    const versions = new Versions(pool);
    const versionOf: VersionLookup = (document, name) => versions.lsnOf(document, name);
    const principalOf = async (): Promise<string> => 'anna';
    server = await HistoryServer.start({
      ...{ databaseUrl: database.url, versionOf },
      extend(api, thread) {
        addVersionRoutes(api, { thread, versions, principalOf, limitMs });
        addEditRoutes(api, {
          ...{ thread, log, principalOf, versionOf, limitMs, random: new Random(1) },
          announce: () => {},
          wait: () => new Promise((done) => setImmediate(done)),
        });
      },
    });
  });

  afterAll(async () => {
    await server?.close();
    await pool?.close();
    await log?.close();
    await database?.drop();
  });

  async function send(method: string, path: string, body?: object | string, key?: string) {
    const answer = await server.ask(`/v1/documents/${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(key === undefined ? {} : { 'Idempotency-Key': key }),
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const told = answer.body === '' ? null : JSON.parse(answer.body);
    return { status: answer.status, told };
  }

  const edit = (document: string, edits: readonly object[], other: object = {}, key?: string) =>
    send('POST', `${document}/edits`, { edits, ...other }, key);

  const append = (document: string, text: string, key?: string) =>
    edit(document, [{ type: 'append', text }], {}, key);

  const textOf = async (document: string): Promise<string> =>
    (await send('GET', document)).told.text;

  it('is told in the OpenAPI document, which the answers are held against', async () => {
    const { paths } = JSON.parse((await server.ask('/v1/openapi.json')).body);
    const told = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(Object(methods)).map((method) => `${method} ${path}`),
    );
    expect(told).toEqual(
      expect.arrayContaining([
        'post /v1/documents/{id}/edits',
        'post /v1/documents/{id}/restore',
        'get /v1/documents/{id}/versions',
        ...['get', 'put', 'delete'].map((method) => `${method} /v1/documents/{id}/versions/{name}`),
      ]),
    );
  });

  describe('an edit', () => {
    it('creates a document and tells its row', async () => {
      const { status, told } = await append('new', 'hello');
      expect([status, await textOf('new')]).toEqual([200, 'hello']);
      const { epoch, at, time } = (await send('GET', 'new')).told;
      expect(told).toEqual({
        ...{ document: 'new', epoch, lsn: 1, at, time, before: 0, changed: true },
        ...{ replica: expect.any(Number), inserted: 5, deleted: 0 },
      });
    });

    it('is one row, whatever it consists of', async () => {
      await append('all', 'one two three');
      const { told } = await edit('all', [
        { type: 'delete', index: 0, length: 4 },
        { type: 'insert', index: 0, text: 'ONE ' },
        { type: 'replace', index: 4, length: 3, text: '2' },
        { type: 'append', text: '!' },
      ]);
      expect(told).toMatchObject({ lsn: 2, before: 1, inserted: 6, deleted: 7 });
      expect(await textOf('all')).toBe('ONE 2 three!');
      const { groups } = (await send('GET', 'all/history')).told;
      expect(groups).toMatchObject([{ principal: 'anna' }, { principal: 'anna', inserted: 6 }]);
    });

    it('at an old row merges', async () => {
      await append('base', 'world');
      await edit('base', [{ type: 'insert', index: 0, text: 'hello ' }]);
      await edit('base', [{ type: 'insert', index: 5, text: '!' }], { base: 1 });
      expect(await textOf('base')).toBe('hello world!');
    });

    it('with one key is done once and answered alike', async () => {
      const both = await Promise.all([append('key', 'a', 'k-1'), append('key', 'a', 'k-1')]);
      const again = await append('key', 'a', 'k-1');
      expect(both).toEqual([again, again]);
      expect(await textOf('key')).toBe('a');
      const other = await append('key', 'b', 'k-1');
      expect([other.status, other.told.code]).toEqual([422, 'idempotency-key-reused']);
    });

    it('that changes nothing tells the last row', async () => {
      await append('same', 'x');
      const { told } = await append('same', '');
      expect(told).toMatchObject({ changed: false, lsn: 1, before: 1, replica: null, inserted: 0 });
    });

    it.each<[string, object | string, number, string]>([
      ['outside of the text', edits({ type: 'delete', index: 9, length: 9 }), 422, 'bad-range'],
      ['with half a pair', '{"edits":[{"type":"append","text":"\\ud83d"}]}', 422, 'bad-range'],
      ['at a row that is not there', { ...edits(typed), base: 9 }, 422, 'bad-moment'],
      ['of no known type', edits({ type: 'move' }), 400, 'bad-request'],
      ['with a field too many', edits({ ...typed, length: 1 }), 400, 'bad-request'],
      ['of nothing', { edits: [] }, 400, 'bad-request'],
      ['that is not JSON', '{', 400, 'bad-request'],
      [
        'of more than a row takes',
        edits({ ...typed, text: 'x'.repeat(2 ** 20) }),
        413,
        'too-large',
      ],
    ])('%s is refused', async (_, body, status, code) => {
      await append('refused', 'x', 'first');
      const answer = await send('POST', 'refused/edits', body);
      expect([answer.status, answer.told.code]).toEqual([status, code]);
      expect(await textOf('refused')).toBe('x');
    });

    it('as a page of another origin can send it is refused', async () => {
      const body = JSON.stringify(edits(typed));
      const headers = { 'Content-Type': 'text/plain' };
      const answer = await server.ask('/v1/documents/d/edits', { method: 'POST', headers, body });
      expect(answer.status).toBe(415);
    });

    it('with a key that is none is refused', async () => {
      expect((await append('refused', 'x', 'a b')).told.code).toBe('bad-request');
    });
  });

  describe('a restore', () => {
    it('of an LSN, a time or a version brings the text back; of the one before, away', async () => {
      const first = await append('back', 'one');
      await send('PUT', 'back/versions/first', { lsn: 1 });
      await edit('back', [{ type: 'replace', index: 0, length: 3, text: 'two' }]);
      for (const moment of [{ lsn: 1 }, { version: 'first' }, { at: first.told.time }]) {
        const { told } = await send('POST', 'back/restore', moment);
        expect(told).toMatchObject({ changed: true, inserted: 3, deleted: 3 });
        expect(await textOf('back')).toBe('one');
        await send('POST', 'back/restore', { lsn: told.before });
        expect(await textOf('back')).toBe('two');
      }
    });

    it.each<[string, string, object, number, string]>([
      ['no moment', 'back', {}, 400, 'bad-request'],
      ['two moments', 'back', { lsn: 1, at: 5 }, 400, 'bad-request'],
      ['a time that is none', 'back', { at: 'noon' }, 422, 'bad-moment'],
      ['a time to come', 'back', { at: 9e12 }, 422, 'bad-moment'],
      ['a row to come', 'back', { lsn: 99 }, 422, 'bad-moment'],
      ['an unknown version', 'back', { version: 'x' }, 404, 'unknown-version'],
      ['an unknown document', 'nowhere', { lsn: 1 }, 404, 'unknown-document'],
      ['a name that is none', 'a%20b', { lsn: 1 }, 400, 'bad-document'],
      ['more than is read', 'back', { version: 'x'.repeat(20_000) }, 413, 'too-large'],
    ])('of %s is refused', async (_, document, body, status, code) => {
      const answer = await send('POST', `${document}/restore`, body);
      expect([answer.status, answer.told.code]).toEqual([status, code]);
    });
  });

  describe('a named version', () => {
    it('is made, read, listed and removed', async () => {
      await append('named', 'a');
      await append('named', 'b');
      const made = await send('PUT', 'named/versions/caf%C3%A9%20%2F%201', { lsn: 1 });
      const { told: version } = made;
      expect([made.status, version.name, version.lsn]).toEqual([201, 'café / 1', 1]);
      expect(version).toMatchObject({ createdBy: 'anna', present: true });
      const again = await send('PUT', 'named/versions/caf%C3%A9%20%2F%201', { lsn: 1 });
      expect(again).toEqual({ status: 200, told: version });
      const present = await send('PUT', 'named/versions/b');
      expect([present.status, present.told.lsn]).toEqual([201, 2]);
      const { told: text } = await send('GET', 'named?version=caf%C3%A9%20%2F%201');
      expect(text.text).toBe('a');
      const first = await send('GET', 'named/versions?limit=1');
      expect(first.told).toEqual({ document: 'named', versions: [present.told], next: 'b' });
      const rest = await send('GET', 'named/versions?after=b');
      expect(rest.told).toEqual({ document: 'named', versions: [version], next: null });
      expect((await send('GET', 'named/versions/b')).told).toEqual(present.told);
      expect((await send('DELETE', 'named/versions/b')).status).toBe(204);
      expect((await send('DELETE', 'named/versions/b')).status).toBe(404);
    });

    it.each<[string, string, string, object | undefined, number, string]>([
      ['twice for two rows', 'PUT', 'back/versions/first', { lsn: 2 }, 409, 'version-exists'],
      ['a row to come', 'PUT', 'back/versions/x', { lsn: 99 }, 422, 'bad-moment'],
      ['before anything was', 'PUT', 'back/versions/x', { at: 5 }, 422, 'bad-moment'],
      ['of no document', 'PUT', 'nowhere/versions/x', undefined, 404, 'unknown-document'],
      ['with a name that is none', 'PUT', 'back/versions/a%00', undefined, 400, 'bad-request'],
      [
        'with a long name',
        'PUT',
        `back/versions/${'x'.repeat(101)}`,
        undefined,
        400,
        'bad-request',
      ],
      ['with a version', 'PUT', 'back/versions/x', { version: 'first' }, 400, 'bad-request'],
      ['that is not there', 'GET', 'back/versions/x', undefined, 404, 'unknown-version'],
      ['of no document, listed', 'GET', 'nowhere/versions', undefined, 404, 'unknown-document'],
      ['listed endlessly', 'GET', 'back/versions?limit=1001', undefined, 400, 'bad-request'],
      ['listed after none', 'GET', 'back/versions?after=%00', undefined, 400, 'bad-request'],
      [
        'of no document, removed',
        'DELETE',
        'nowhere/versions/x',
        undefined,
        404,
        'unknown-version',
      ],
    ])('%s is refused', async (_, method, path, body, status, code) => {
      const answer = await send(method, path, body);
      expect([answer.status, answer.told.code]).toEqual([status, code]);
    });
  });
});

const typed = { type: 'append', text: 'y' };

function edits(...list: readonly object[]): object {
  return { edits: list };
}
