/**
 * Goal: every way in which a question about the past can fail is told with its status and code, in
 * the form of the OpenAPI document, and what was answered before is not answered any more when the
 * document is gone. Method: real PostgreSQL and the real thread; only a thread that is stuck or
 * dies is made up.
 */
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Random } from '../../engine/random.ts';
import { seed } from '../../properties/seed.ts';
import { deleteDocument, pruneDocument } from '../postgres/log-maintenance.ts';
import { PostgresLog } from '../postgres/postgres-log.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { HistoryServer, type HistoryServerOptions } from '../testing/history-server.ts';
import { appendTo } from '../testing/log-access.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { appendThrough, ToldHistory } from '../testing/told-history.ts';

describeWithPostgres('a question about the past', (serverUrl) => {
  let database: TestDatabase;
  let log: PostgresLog;
  let server: HistoryServer;
  const others: HistoryServer[] = [];
  const random = new Random(seed, 'problems');
  const next = (): number => random.next() / 2 ** 32;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    log = new PostgresLog({ url: database.url });
    server = await HistoryServer.start({ databaseUrl: database.url });
    await written('doc');
  });

  afterEach(async () => {
    for (const other of others.splice(0)) await other.close();
  });

  afterAll(async () => {
    await server?.close();
    await log?.close();
    await database?.drop();
  });

  async function written(document: string): Promise<ToldHistory> {
    const history = new ToldHistory(appendThrough(log), document, ['anna', 'bob']);
    await history.writeAny(6, next);
    return history;
  }

  async function startOther(options: Partial<HistoryServerOptions>): Promise<HistoryServer> {
    const other = await HistoryServer.start({ databaseUrl: database.url, ...options });
    others.push(other);
    return other;
  }

  async function problemOf(path: string, at = server, method = 'GET') {
    const { status, headers, body } = await at.ask(path, { method });
    expect(headers.get('Content-Type')).toBe('application/problem+json');
    expect(headers.get('Cache-Control')).toBe('no-store');
    const problem = JSON.parse(body);
    expect(problem.status).toBe(status);
    return { told: `${status} ${problem.code}`, detail: String(problem.detail), headers };
  }

  const doc = '/v1/documents/doc';
  it.each([
    [`/v1/documents/a%20b`, '400 bad-document', /1 … 200 characters/],
    [`${doc}?at=1&lsn=1`, '400 bad-request', /one of/],
    [`${doc}?tiem=1`, '400 bad-request', /no parameter tiem/],
    [`${doc}?lsn=1&lsn=2`, '400 bad-request', /lsn is given more than once/],
    [`${doc}/diff`, '400 bad-request', /from/],
    [`${doc}/history?cursor=7`, '400 bad-request', /cursor/],
    [`${doc}/history?limit=0`, '400 bad-request', /limit takes an integer 1 … 1000/],
    [`${doc}/history?replica=bob`, '400 bad-request', /replica takes/],
    ['/v1/documents/nobody', '404 unknown-document', /nobody/],
    ['/v1/documents/nobody?at=1', '404 unknown-document', /nobody/],
    ['/v1/documents/nobody/history', '404 unknown-document', /nobody/],
    [`${doc}?version=none`, '404 unknown-version', /"none"/],
    [`${doc}?at=yesterday`, '422 bad-moment', /2026-11-27T10:45:00Z/],
    [`${doc}?lsn=1.5`, '422 bad-moment', /number of a row/],
    [`${doc}/authors?moment=lsn`, '422 bad-moment', /lsn:12/],
    [`${doc}?at=8640000000000000`, '422 bad-moment', /not in the past/],
    [`${doc}?at=9007199254740991`, '422 bad-moment', /milliseconds/],
    [`${doc}?at=2999-01-01T00:00:00Z`, '422 bad-moment', /2999.* not in the past/],
    [`${doc}?lsn=7`, '422 bad-moment', /the last one is 6/],
    [`${doc}/changes?from=lsn:1&to=lsn:7`, '422 bad-moment', /the last one is 6/],
    [`${doc}/changes?from=lsn:5&to=lsn:3`, '422 bad-moment', /exchange/],
    [`${doc}/history?from=now&to=1`, '422 bad-moment', /exchange/],
    [`${doc}/history?cursor=5.2`, '409 history-changed', /begin again/],
  ])('%s is refused with %s', async (path, told, detail) => {
    const problem = await problemOf(path);
    expect(problem.told).toBe(told);
    expect(problem.detail).toMatch(detail);
  });

  it('at a path or with a method that is not there is told so', async () => {
    expect((await server.ask('/v1/nothing', { method: 'HEAD' })).status).toBe(404);
    expect((await problemOf(doc, server, 'PATCH')).told).toBe('405 wrong-method');
    const { headers } = await problemOf('/v1/openapi.json', server, 'DELETE');
    expect(headers.get('Allow')).toBe('OPTIONS, GET, HEAD');
    expect((await problemOf('/v1/nothing', server, 'POST')).told).toBe('404 unknown-path');
  });

  it('of a deleted document is not answered, though the answer was known', async () => {
    await written('deleted');
    const path = '/v1/documents/deleted?lsn=3';
    const { status, headers } = await server.ask(path);
    expect(status).toBe(200);
    await deleteDocument('deleted', { url: database.url });
    for (const part of ['', '/history', '/authors', '/diff?from=lsn:1', '/changes']) {
      const problem = await problemOf(`/v1/documents/deleted${part}`);
      expect(problem.told).toBe('410 document-deleted');
    }
    expect((await problemOf(path)).told).toBe('410 document-deleted');
    const tag = { 'If-None-Match': headers.get('ETag') ?? '' };
    expect((await server.ask(path, { headers: tag })).status).toBe(410);
    expect((await problemOf('/v1/documents/deleted?at=1')).told).toBe('410 document-deleted');
  });

  it('about what was pruned is not answered, though the answer was known', async () => {
    await written('pruned');
    expect((await server.ask('/v1/documents/pruned?lsn=2')).status).toBe(200);
    await pruneDocument('pruned', { epoch: 1, lsn: 3 }, { url: database.url });
    const problem = await problemOf('/v1/documents/pruned?lsn=2');
    expect(problem.told).toBe('410 history-pruned');
    expect(problem.detail).toMatch(/up to 3 were removed/);
    expect((await problemOf('/v1/documents/pruned/changes')).told).toBe('410 history-pruned');
  });

  it('about a row that cannot be read is told so; what is before it is answered', async () => {
    await written('newer');
    await appendTo(log, 'newer', new Uint8Array([0xff, 0xff, 0xff]));
    expect((await problemOf('/v1/documents/newer')).told).toBe('503 unreadable-log');
    expect((await problemOf('/v1/documents/newer/changes')).told).toBe('503 unreadable-log');
    expect((await server.ask('/v1/documents/newer?lsn=6')).status).toBe(200);
  });

  it('while the database is away is told to come again', async () => {
    const other = await startOther({ databaseUrl: 'postgres://nobody@127.0.0.1:1/nothing' });
    const problem = await problemOf(`${doc}?lsn=1`, other);
    expect(problem.told).toBe('503 unavailable');
    expect(problem.headers.get('Retry-After')).toBe('1');
  });

  it('that fails for a reason of ours is told without saying more', async () => {
    const run = () => Promise.reject(new Error('secret reason'));
    const problem = await problemOf(doc, await startOther({ run }));
    expect(problem.told).toBe('500 internal');
    expect(problem.detail).not.toContain('secret');
  });

  describe('when the thread is stuck', () => {
    const never = () => new Promise<never>(() => {});

    it('is refused if too many wait', async () => {
      const other = await startOther({ run: never, waitingMax: 3 });
      const stuck = Array.from({ length: 5 }, (_, lsn) => other.request(`${doc}?lsn=${lsn}`));
      for (const request of stuck) request.on('error', () => {});
      await vi.waitFor(() => expect([other.jobs, other.thread.waiting]).toEqual([2, 3]));
      const problem = await problemOf(`${doc}?lsn=6`, other);
      expect(problem.told).toBe('503 overloaded');
      expect(problem.headers.get('Retry-After')).toBe('1');
      expect(other.overloaded).toBe(1);
      for (const request of stuck) request.destroy();
      await vi.waitFor(() => expect(other.thread.waiting).toBe(0));
      expect(other.jobs).toBe(2);
    });

    it('is given up after a while', async () => {
      const other = await startOther({ run: never, limitMs: 50 });
      const problem = await problemOf(doc, other);
      expect(problem.told).toBe('503 overloaded');
      expect(problem.detail).toMatch(/waited too long/);
    });
  });

  describe('for all changes', () => {
    /** More than the buffers of a socket hold. */
    const rows = 60;
    const path = '/v1/documents/huge/changes';

    beforeAll(async () => {
      const huge = new ToldHistory(appendThrough(log), 'huge', ['anna']);
      for (let lsn = 1; lsn <= rows; lsn++) {
        // Six bytes each in JSON.
        const inserted = lsn % 2 === 1 ? '\u0001'.repeat(80_000) : '';
        const deleted = lsn % 2 === 1 ? 0 : 80_000;
        await huge.write('anna', () => ({ index: 0, deleted, inserted }));
      }
    });

    /** Pieces that were asked for when no more are, though the thread has time for others. */
    async function stalled(): Promise<number> {
      for (;;) {
        const before = server.pieces;
        for (let i = 0; i < 5; i++) await server.ask(doc);
        if (server.pieces === before) return before;
      }
    }

    it('goes on only as fast as it is read, and is whole in the end', async () => {
      const [response] = await once(server.request(path), 'response');
      expect(await stalled()).toBeLessThan(rows / 2);
      let body = '';
      for await (const chunk of response) body += chunk;
      const lines = body.trim().split('\n');
      expect(lines).toHaveLength(rows + 2);
      expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'end', lsn: rows });
    });

    it('ends when nobody reads any more', async () => {
      const before = server.pieces;
      const request = server.request(path);
      const [response] = await once(request, 'response');
      await once(response, 'data');
      request.destroy();
      expect((await stalled()) - before).toBeLessThan(rows / 2);
      expect(server.thread.waiting).toBe(0);
    });

    it('is refused if too many answers are being read, until one has ended', async () => {
      const other = await startOther({ openMax: 2 });
      const [one] = await once(other.request(path), 'response');
      await once(other.request(path), 'response');
      expect((await problemOf(doc, other)).told).toBe('503 overloaded');
      one.destroy();
      await vi.waitFor(async () => expect((await other.ask(doc)).status).toBe(200));
    });

    it('that breaks off says so in its last line', async () => {
      const [response] = await once(server.request(path), 'response');
      await once(response, 'readable');
      await stalled();
      await deleteDocument('huge', { url: database.url });
      let body = '';
      for await (const chunk of response) body += chunk;
      const last = JSON.parse(body.trim().split('\n').at(-1) ?? '');
      expect(last).toMatchObject({ type: 'problem', code: 'document-deleted' });
    });
  });
});
