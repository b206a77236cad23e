/**
 * Goal: what is answered over HTTP about the past is what the log says, in the form that the
 * OpenAPI document tells. Method: documents written into a real PostgreSQL by people of ours, the
 * real thread, and for every row and time the answer against the text that a plain fold had there.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { must } from '../../engine/assert.ts';
import { Random } from '../../engine/random.ts';
import type { TextChange } from '../../engine/text/text-change.ts';
import { seed } from '../../properties/seed.ts';
import { PostgresLog } from '../postgres/postgres-log.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { HistoryServer } from '../testing/history-server.ts';
import { createTestDatabase, execute, type TestDatabase } from '../testing/test-database.ts';
import { appendAt, appendThrough, ToldHistory } from '../testing/told-history.ts';

const minuteMs = 60_000;

describeWithPostgres('the past over HTTP', (serverUrl) => {
  let database: TestDatabase;
  let log: PostgresLog;
  let server: HistoryServer;
  /** 60 rows of three people, one a second; 20 and 21 have one time, after 40 is a long break. */
  let talk: ToldHistory;
  const random = new Random(seed, 'history');
  const next = (): number => random.next() / 2 ** 32;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    log = new PostgresLog({ url: database.url });
    const begin = Date.now() - 120 * minuteMs;
    const timeOf = (lsn: number): number =>
      begin + (lsn - Number(lsn > 20)) * 1000 + Number(lsn > 40) * 60 * minuteMs;
    talk = new ToldHistory(appendAt(database.url, timeOf), 'talk', ['anna', 'bob', 'cleo']);
    await talk.writeAny(60, next);
    const versions = { 'talk/draft': 30 };
    const allowedOrigins = ['https://app.example'];
    server = await HistoryServer.start({ databaseUrl: database.url, versions, allowedOrigins });
  });

  afterAll(async () => {
    await server?.close();
    await log?.close();
    await database?.drop();
  });

  async function json(path: string, headers: Record<string, string> = {}) {
    const answer = await server.ask(path, { headers });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  }

  function applied(text: string, splices: readonly TextChange[]): string {
    return splices.reduce(
      (was, { index, deleted, inserted }) =>
        was.slice(0, index) + inserted + was.slice(index + deleted),
      text,
    );
  }

  describe('the text', () => {
    it('at every LSN is what the rows up to it make, and closed', async () => {
      for (const { lsn, at, text } of talk.rows) {
        expect(await json(`/v1/documents/talk?lsn=${lsn}`)).toEqual({
          ...{ document: 'talk', epoch: 1, lsn, at, text, closed: true },
          time: lsn === 0 ? null : new Date(at).toISOString(),
          hash: createHash('sha256').update(text).digest('hex'),
        });
      }
    });

    it('at every time, in any order, has all rows up to it, ties included', async () => {
      const times = talk.rows.slice(1).flatMap(({ at }) => [at - 1, at, at + 1]);
      times.sort(() => next() - 0.5);
      for (const time of times) {
        const { text, lsn, closed } = await json(`/v1/documents/talk?at=${time}`);
        expect({ time, text, closed }).toEqual({ time, text: talk.textAt(time), closed: true });
        expect(talk.rows[lsn]?.text).toBe(text);
      }
      expect((await json(`/v1/documents/talk?at=${talk.rows[20]?.at}`)).lsn).toBe(21);
    });

    it('is told by an RFC 3339 time and by the name of a version, too', async () => {
      const row = must(talk.rows[30], 'row 30');
      const time = new Date(row.at).toISOString();
      expect(await json(`/v1/documents/talk?at=${time}`)).toMatchObject({ lsn: 30 });
      expect(await json('/v1/documents/talk?version=draft')).toMatchObject({ text: row.text });
    });

    it('without a moment is the present one, which is not closed', async () => {
      const { text, lsn, closed } = await json('/v1/documents/talk');
      expect({ text, lsn, closed }).toEqual({ text: talk.text, lsn: 60, closed: false });
    });

    it('comes plain to who accepts that, with the facts in headers', async () => {
      const headers = { Accept: 'text/plain' };
      const { headers: told, body } = await server.ask('/v1/documents/talk?lsn=30', { headers });
      const { text, at } = must(talk.rows[30], 'row 30');
      expect(body).toBe(text);
      expect(told.get('Content-Type')).toBe('text/plain; charset=utf-8');
      expect(told.get('SVE-Lsn')).toBe('30');
      expect(told.get('SVE-Time')).toBe(new Date(at).toISOString());
      expect(told.get('SVE-Closed')).toBe('true');
      expect(told.get('SVE-Hash')).toBe(createHash('sha256').update(text).digest('hex'));
    });

    it('comes without its body to HEAD', async () => {
      const get = await server.ask('/v1/documents/talk?lsn=30');
      const head = await server.ask('/v1/documents/talk?lsn=30', { method: 'HEAD' });
      expect([head.status, head.body]).toEqual([200, '']);
      for (const name of ['ETag', 'SVE-Lsn', 'Content-Length']) {
        expect(head.headers.get(name)).toBe(get.headers.get(name));
      }
    });

    it('of a closed time never changes while rows come', async () => {
      const busy = new ToldHistory(appendThrough(log), 'busy', ['anna', 'bob']);
      await busy.writeAny(5, next);
      const seen: { time: number; text: string }[] = [];
      const writing = busy.writeAny(150, next);
      let isWriting = true;
      void writing.finally(() => {
        isWriting = false;
      });
      while (isWriting) {
        const time = must(busy.rows.at(-1), 'a row').at;
        const { status, body } = await server.ask(`/v1/documents/busy?at=${time}`);
        if (status === 200 && JSON.parse(body).closed) {
          seen.push({ time, text: JSON.parse(body).text });
        }
      }
      await writing;
      expect(seen.length).toBeGreaterThan(5);
      for (const { time, text } of seen) {
        expect(text).toBe(busy.textAt(time));
        expect((await json(`/v1/documents/busy?at=${time}`)).text).toBe(text);
      }
    });
  });

  describe('what is kept', () => {
    it('of a closed moment may be shown again without asking, and is not sent twice', async () => {
      const path = `/v1/documents/talk?at=${talk.rows[17]?.at}`;
      const first = await server.ask(path);
      expect(first.headers.get('Cache-Control')).toMatch(/immutable/);
      const jobs = server.jobs;
      const tags = [
        first.headers.get('ETag') ?? '',
        `"other", W/${first.headers.get('ETag')}`,
        '*',
      ];
      for (const tag of tags) {
        const again = await server.ask(path, { headers: { 'If-None-Match': tag } });
        expect([again.status, again.body]).toEqual([304, '']);
      }
      const other = await server.ask(path, { headers: { 'If-None-Match': '"other"' } });
      expect([other.status, other.body]).toEqual([200, first.body]);
      expect(server.jobs).toBe(jobs);
    });

    it('of the present is asked for again, and changes its tag with the text', async () => {
      const history = new ToldHistory(appendThrough(log), 'present', ['anna']);
      await history.writeAny(2, next);
      const first = await server.ask('/v1/documents/present');
      expect(first.headers.get('Cache-Control')).toBe('private, no-cache');
      const headers = { 'If-None-Match': first.headers.get('ETag') ?? '' };
      expect((await server.ask('/v1/documents/present', { headers })).status).toBe(304);
      await history.writeAny(1, next);
      const second = await server.ask('/v1/documents/present', { headers });
      expect(JSON.parse(second.body).text).toBe(history.text);
    });

    it('is not used when the log has another history', async () => {
      const history = new ToldHistory(appendThrough(log), 'restored', ['anna']);
      await history.writeAny(3, next);
      const path = '/v1/documents/restored?lsn=2';
      const first = await server.ask(path);
      const own = "WHERE document = 'restored'";
      await execute(database.url, `UPDATE document_head SET epoch = 9 ${own}`);
      const headers = { 'If-None-Match': first.headers.get('ETag') ?? '' };
      const second = await server.ask(path, { headers });
      expect(second.status).toBe(200);
      expect(JSON.parse(second.body).epoch).toBe(9);
      await execute(
        database.url,
        `CREATE TEMP TABLE other AS SELECT document, lsn, epoch, at - 1, body FROM log_row ${own};
         DELETE FROM log_row ${own}; INSERT INTO log_row SELECT * FROM other`,
      );
      const third = JSON.parse((await server.ask(path)).body);
      expect(third.at).toBe(JSON.parse(second.body).at - 1);
    });

    it('has a tag for each form, and is packed for who takes it if it is large', async () => {
      const history = new ToldHistory(appendThrough(log), 'large', ['anna']);
      const inserted = 'many words '.repeat(2_000);
      await history.write('anna', () => ({ index: 0, deleted: 0, inserted }));
      const forms = ['', 'gzip', 'br', 'gzip;q=0.5, br', 'br;q=0, gzip'].flatMap((packing) =>
        ['text/plain', 'application/json'].map((Accept) => ({
          Accept,
          'Accept-Encoding': packing,
        })),
      );
      const tags = new Map<string, string>();
      for (const headers of forms) {
        const answer = await server.ask('/v1/documents/large?lsn=1', { headers });
        const encoding = answer.headers.get('Content-Encoding') ?? 'none';
        tags.set(answer.headers.get('ETag') ?? '', `${headers.Accept} ${encoding}`);
        expect(answer.body).toContain(inserted);
        expect(answer.headers.get('Vary')).toMatch(/Accept, Accept-Encoding/);
        const size = Number(answer.headers.get('Content-Length'));
        expect(size < 2_000).toBe(encoding !== 'none');
      }
      expect(new Set(tags.values())).toHaveLength(6);
      expect(tags).toHaveLength(6);
      const small = await server.ask('/v1/documents/talk?lsn=1', {
        headers: { 'Accept-Encoding': 'br' },
      });
      expect(small.headers.get('Content-Encoding')).toBeNull();
    });
  });

  it('who wrote each range covers the text at any moment', async () => {
    for (const lsn of [0, 1, 17, 60]) {
      const { ranges } = await json(`/v1/documents/talk/authors?moment=lsn:${lsn}`);
      let index = 0;
      for (const range of ranges) {
        expect(range.index).toBe(index);
        expect(range.replica).toBe(talk.replicaOf(range.principal));
        index += range.length;
      }
      expect(index).toBe(talk.rows[lsn]?.text.length);
    }
    const { ranges } = await json('/v1/documents/talk/authors');
    const plain = talk.fold.sequence.authorship();
    expect(ranges.map(({ principal: _, ...range }: { principal: string }) => range)).toEqual(plain);
  });

  it('the difference makes one text the other, forwards and backwards', async () => {
    for (const [from, to] of [
      [0, 60],
      [60, 0],
      [17, 42],
      [42, 17],
      [30, 30],
    ] as const) {
      const diff = await json(`/v1/documents/talk/diff?from=lsn:${from}&to=lsn:${to}`);
      const [before, after] = [must(talk.rows[from], 'a row'), must(talk.rows[to], 'a row')];
      expect(applied(before.text, diff.splices)).toBe(after.text);
      expect(diff.inserted - diff.deleted).toBe(after.text.length - before.text.length);
      expect([diff.from.lsn, diff.to.lsn]).toEqual([from, to]);
    }
    const mixed = await json(
      `/v1/documents/talk/diff?from=version:draft&to=${must(talk.rows[50], 'row 50').at}`,
    );
    expect([mixed.from.lsn, mixed.to.lsn]).toEqual([30, 50]);
  });

  describe('the history', () => {
    it('groups the rows of an author until a long break', async () => {
      const { groups, next: cursor } = await json('/v1/documents/talk/history');
      expect(groups).toHaveLength(6);
      expect(cursor).toBeNull();
      let [rows, length] = [0, 0];
      for (const { from, to, principal, replica, inserted, deleted, ...group } of groups) {
        expect(from.lsn <= 40).toBe(to.lsn <= 40);
        expect(talk.replicaOf(principal)).toBe(replica);
        rows += group.rows;
        length += inserted - deleted;
      }
      expect([rows, length]).toEqual([60, talk.text.length]);
    });

    it('page by page has the same rows, in bounded pages', async () => {
      let path = '/v1/documents/talk/history?limit=2';
      const pages: { groups: { rows: number }[]; next: string | null }[] = [];
      for (;;) {
        const page = await json(path);
        pages.push(page);
        if (page.next === null) break;
        path = `/v1/documents/talk/history?limit=2&cursor=${page.next}`;
      }
      expect(pages.length).toBeGreaterThan(2);
      expect(Math.max(...pages.map(({ groups }) => groups.length))).toBe(2);
      const groups = pages.flatMap((page) => page.groups);
      expect(groups.reduce((sum, { rows }) => sum + rows, 0)).toBe(60);
    });

    it('can be of one author and of a range', async () => {
      const of = async (query: string) =>
        (await json(`/v1/documents/talk/history?${query}`)).groups;
      const bobs = await of('author=bob');
      expect(bobs).toHaveLength(2);
      expect(await of(`replica=${talk.replicaOf('bob')}`)).toEqual(bobs);
      expect(await of('author=nobody')).toEqual([]);
      const late = await of('from=lsn:40');
      expect(late).toHaveLength(3);
      expect(late.every((group: { from: { lsn: number } }) => group.from.lsn > 40)).toBe(true);
      expect(await of('from=lsn:10&to=lsn:11')).toHaveLength(1);
    });
  });

  describe('the changes', () => {
    async function linesOf(path: string) {
      const { body, status } = await server.ask(path);
      expect(status).toBe(200);
      return body.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    }

    it('play every text from one moment to another', async () => {
      const [start, ...rest] = await linesOf('/v1/documents/talk/changes?from=lsn:7&to=lsn:50');
      const end = rest.pop();
      expect([start.type, start.lsn, end.type, end.lsn, end.closed]).toEqual([
        ...['start', 7, 'end', 50, true],
      ]);
      let text = must(talk.rows[7], 'row 7').text;
      for (const [i, row] of rest.entries()) {
        for (const { splices, principal, replica } of row.edits) {
          expect(talk.replicaOf(principal)).toBe(replica);
          text = applied(text, splices);
        }
        expect({ ...talk.rows[8 + i] }).toEqual({ lsn: row.lsn, at: row.at, text });
      }
      expect(rest).toHaveLength(43);
    });

    it('and the history tell when something was typed that was sent later', async () => {
      const held = new ToldHistory(appendThrough(log), 'held', ['anna']);
      const typed = { index: 0, deleted: 0, inserted: 'x' };
      const hourMs = 60 * minuteMs;
      for (const heldMs of [undefined, hourMs, 2 * hourMs, Number.MAX_SAFE_INTEGER]) {
        await held.write('anna', () => typed, heldMs);
      }
      const times = held.rows.slice(1).map(({ at }) => at);
      const typedAt = (row: number, heldMs: number): string =>
        new Date((times[row] ?? 0) - heldMs).toISOString();
      const rows = (await linesOf('/v1/documents/held/changes')).slice(1, -1);
      expect(rows.map(({ edits }) => edits[0].typedAt)).toEqual([
        ...[null, typedAt(1, hourMs), typedAt(2, 2 * hourMs), null],
      ]);
      const { groups } = await json('/v1/documents/held/history');
      expect(groups).toMatchObject([{ rows: 4, typedFrom: typedAt(2, 2 * hourMs) }]);
      const { groups: early } = await json('/v1/documents/held/history?to=lsn:1');
      expect(early).toMatchObject([{ rows: 1, typedFrom: null }]);
    });

    it('end where the time ends, or at the present', async () => {
      const at = must(talk.rows[20], 'row 20').at;
      const some = await linesOf(`/v1/documents/talk/changes?to=${at}`);
      expect(some.at(-1)).toMatchObject({ type: 'end', lsn: 21, closed: true });
      const all = await linesOf('/v1/documents/talk/changes');
      expect(all.at(-1)).toMatchObject({ type: 'end', lsn: 60, closed: false });
    });
  });

  describe('a browser', () => {
    const path = '/v1/documents/talk?lsn=1';

    it('of an allowed host may ask and read the facts, of another not', async () => {
      const headers = { Origin: 'https://app.example' };
      const mine = await server.ask(path, { headers });
      expect(mine.headers.get('Access-Control-Allow-Origin')).toBe('https://app.example');
      expect(mine.headers.get('Access-Control-Expose-Headers')).toMatch(/ETag.*SVE-Lsn/);
      expect(mine.headers.get('Vary')).toMatch(/Origin/);
      const other = await server.ask(path, { headers: { Origin: 'https://evil.example' } });
      expect(other.headers.get('Access-Control-Allow-Origin')).toBeNull();
      expect((await server.ask(path)).headers.get('Vary')).toMatch(/Origin/);
    });

    it('may ask with the headers that there are', async () => {
      const preflight = await server.ask(path, {
        method: 'OPTIONS',
        headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'GET' },
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('Access-Control-Allow-Headers')).toMatch(
        /If-None-Match.*Idempotency-Key.*traceparent/,
      );
    });
  });
});
