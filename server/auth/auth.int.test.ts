/**
 * Goal: who has no right to something does not get it, by socket or by HTTP, with a named error; a
 * token that is revoked at one node is good at no other. Method: two real processes on one
 * PostgreSQL without a bus, and two with Redis that would hardly ever look by themselves; tokens
 * are made here.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { describeWithRedis } from '../testing/describe-redis.ts';
import { RawClient, typing } from '../testing/raw-client.ts';
import { type ServerProcess, startServerProcess } from '../testing/server-process.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { makeToken, rightsClaim, secondsFromNow, sharedSecret } from '../testing/token-maker.ts';

describeWithPostgres('two nodes that check tokens', (postgresUrl) => {
  let folder: string;
  let database: TestDatabase;
  let nodes: readonly ServerProcess[] = [];
  const clients: RawClient[] = [];
  /** Every token that was used: none may be in a log. */
  const tokens: string[] = [];

  const start = (name: string, ...flags: string[]): Promise<ServerProcess> =>
    startServerProcess({
      dataDir: join(folder, name),
      databaseUrl: database.url,
      flags: [
        ...['--auth-secret-file', join(folder, 'secret'), '--auth-tolerance-seconds', '0'],
        ...['--log-level', 'debug', ...flags],
      ],
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sve-auth-'));
    await writeFile(join(folder, 'secret'), sharedSecret);
    database = await createTestDatabase(postgresUrl);
    nodes = await Promise.all(['a', 'b'].map((name) => start(name, '--silence-ms', '100')));
  });

  afterAll(async () => {
    for (const client of clients) await client.cut();
    for (const node of nodes) await node.stop();
    await database?.drop();
    await rm(folder, { recursive: true });
  });

  function nodeAt(index: number, of = nodes): ServerProcess {
    const node = of[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  async function token(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const made = await makeToken({ claims });
    tokens.push(made);
    return made;
  }

  async function ask(path: string, given: string | null, init: RequestInit = {}, node = 0) {
    const headers = given === null ? {} : { Authorization: `Bearer ${given}` };
    const address = `${nodeAt(node).url}v1/${path}`;
    const response = await fetch(address, { ...init, headers: { ...headers, ...init.headers } });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  async function enter(node: ServerProcess, given: string, document = 'doc'): Promise<RawClient> {
    const client = await RawClient.open(node.syncUrl);
    clients.push(client);
    client.hello({ document, token: given });
    return client;
  }

  /** Code and message of the error that ends it, and how its socket closes. */
  async function endOf(client: RawClient): Promise<string> {
    const { error } = await client.next((frame) => frame.error !== null);
    const { code } = await client.closed;
    return `${code} ${error?.code}: ${error?.message}`;
  }

  async function revoke(body: object, node: ServerProcess): Promise<number> {
    const { status } = await fetch(`${node.url}v1/auth/revocations`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Authorization: `Bearer ${await token({ sub: 'admin' })}`,
      },
      body: JSON.stringify(body),
    });
    return status;
  }

  it('a hello with a wrong token is told what is wrong with it', async () => {
    const now = secondsFromNow(0);
    const cases = [
      ['', /^4401 unauthorized: there is no token$/],
      ['nonsense', /^4401 unauthorized: the token is no signed JWT$/],
      [await token({ exp: now - 60 }), /^4401 unauthorized: the token has expired$/],
      [await token({ aud: 'others' }), /^4401 unauthorized: the token is for another audience$/],
      [await token(rightsClaim({ other: ['read'] })), /^4403 forbidden: no right to read/],
      [await token(rightsClaim({ '*': ['write'] })), /^4403 forbidden: no right to read/],
    ] as const;
    for (const [given, expected] of cases) {
      expect(await endOf(await enter(nodeAt(0), given))).toMatch(expected);
    }
    const metrics = await (await fetch(`${nodeAt(0).url}metrics`)).text();
    expect(metrics).toMatch(/^sve_auth_refused_total\{reason="audience"\} 1$/m);
    expect(metrics).toMatch(/^sve_auth_refused_total\{reason="forbidden"\} 2$/m);
    expect(metrics).toMatch(/^sve_auth_refused_total\{reason="revoked"\} 0$/m);
  });

  it('a session may do what its token says, and no longer than it says', async () => {
    const reader = await enter(nodeAt(0), await token(rightsClaim({ 'd*': ['read'] })), 'doc-2');
    const { welcome } = await reader.next((frame) => frame.welcome !== null);
    expect(welcome?.writable).toBe(false);
    expect(welcome?.expiresInMs).toBeLessThanOrEqual(3_600_000);
    reader.send(typing('a'));
    expect(await endOf(reader)).toBe('4403 forbidden: no right to write to this document');
    const brief = await enter(nodeAt(0), await token({ exp: secondsFromNow(2) }), 'doc-2');
    await brief.next((frame) => frame.welcome !== null);
    brief.send({ channel: 0, body: { type: 'token', token: await token() } });
    const { rights } = await brief.next((frame) => frame.rights !== null);
    expect(rights?.expiresInMs).toBeGreaterThan(60_000);
    brief.send({ channel: 0, body: { type: 'token', token: 'nonsense' } });
    expect(await endOf(brief)).toMatch(/^4401 unauthorized: the token is no signed JWT/);
    const expiring = await enter(nodeAt(0), await token({ exp: secondsFromNow(1) }), 'doc-2');
    expect(await endOf(expiring)).toBe('4401 unauthorized: the token has expired');
  });

  it('a request over HTTP needs a token, and the right for what it asks', async () => {
    const json = { 'Content-Type': 'application/json' };
    const edit = {
      method: 'POST',
      headers: json,
      body: '{"edits":[{"type":"append","text":"a"}]}',
    };
    const rightsOf = (...rights: string[]) => token(rightsClaim({ paper: rights }));
    const without = await ask('documents/paper', null);
    expect(without.status).toBe(401);
    expect(without.headers.get('WWW-Authenticate')).toBe('Bearer');
    expect(JSON.parse(without.body)).toMatchObject({ code: 'unauthorized' });
    expect((await ask('documents/paper/edits', await rightsOf('read'), edit)).status).toBe(403);
    expect((await ask('documents/paper/edits', await rightsOf('write'), edit)).status).toBe(200);
    const put = { method: 'PUT' };
    const remove = { method: 'DELETE' };
    const restore = { method: 'POST', headers: json, body: '{"lsn":1}' };
    const load = { method: 'POST', body: 'x' };
    const paths: readonly (readonly [string, RequestInit, readonly string[], number])[] = [
      ['documents/paper', {}, ['read'], 200],
      ['documents/paper?lsn=1', {}, ['history'], 200],
      ['documents/paper/authors?moment=now', {}, ['read'], 200],
      ['documents/paper/authors?moment=lsn:1', {}, ['history'], 200],
      ['documents/paper/diff?from=lsn:0', {}, ['history'], 200],
      ['documents/paper/history', {}, ['history'], 200],
      ['documents/paper/changes', {}, ['history'], 200],
      ['documents/paper/restore', restore, ['write', 'history'], 200],
      ['documents/paper/versions/one', put, ['write', 'history'], 201],
      ['documents/paper/versions', {}, ['history'], 200],
      ['documents/paper/versions/one', {}, ['history'], 200],
      ['documents/paper/versions/one', remove, ['write', 'history'], 204],
      ['documents/paper/export', {}, ['admin'], 200],
      ['documents/paper/import', load, ['admin'], 415],
      ['documents/paper', remove, ['admin'], 204],
    ];
    const all = ['read', 'write', 'presence', 'history'];
    for (const [path, init, needed, expected] of paths) {
      for (const right of needed) {
        const others = all.filter((other) => other !== right);
        expect([path, (await ask(path, await rightsOf(...others), init)).status]).toEqual([
          path,
          403,
        ]);
      }
      expect([path, (await ask(path, null, init)).status]).toEqual([path, 401]);
      const given = await rightsOf(...needed);
      expect([path, (await ask(path, given, init)).status]).toEqual([path, expected]);
    }
    const query = await ask(`documents/paper?token=${await rightsOf('read')}`, null);
    expect(query.status).toBe(400);
  });

  it('only an admin of all documents may revoke', async () => {
    const init = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"principal":"eve"}',
    };
    const some = await token(rightsClaim({ 'a*': ['admin'], '*': ['read'] }));
    expect((await ask('auth/revocations', some, init)).status).toBe(403);
    expect((await ask('auth/revocations', await token(), { ...init, body: '{}' })).status).toBe(
      400,
    );
    expect((await ask('auth/revocations', await token(), init)).status).toBe(204);
  });

  it('a token that is revoked at one node is good at none, without a bus', async () => {
    const mine = await token({ sub: 'mallory', jti: 'm-1' });
    const other = await token({ sub: 'mallory', jti: 'm-2' });
    const [first, second] = [await enter(nodeAt(1), mine), await enter(nodeAt(1), other)];
    await first.next((frame) => frame.welcome !== null);
    await second.next((frame) => frame.welcome !== null);
    expect(await revoke({ tokenId: 'm-1' }, nodeAt(0))).toBe(204);
    expect(await endOf(first)).toBe('4401 unauthorized: the token was revoked');
    for (const node of nodes) {
      expect(await endOf(await enter(node, mine))).toBe('4401 unauthorized: the token was revoked');
    }
    expect((await ask('documents/doc', mine, {}, 1)).status).toBe(401);
    expect(await revoke({ principal: 'mallory' }, nodeAt(0))).toBe(204);
    expect(await endOf(second)).toBe('4401 unauthorized: the token was revoked');
  });

  it('no token is in a log', () => {
    const logs = nodes.map((node) => node.logs()).join('');
    expect(logs).toContain('session-ended');
    expect(tokens.filter((made) => logs.includes(made.split('.')[2] ?? ''))).toEqual([]);
    expect(logs).not.toContain(sharedSecret);
  });

  describeWithRedis('and one Redis', (redisUrl) => {
    let pair: readonly ServerProcess[] = [];

    beforeAll(async () => {
      await revoke({ principal: 'dan' }, nodeAt(0));
      const deployment = randomBytes(8).toString('hex');
      const bus = ['--redis-url', redisUrl, '--deployment', deployment, '--silence-ms', '600000'];
      pair = await Promise.all(['c', 'd'].map((name) => start(name, ...bus)));
    });

    afterAll(async () => {
      for (const node of pair) await node.stop();
    });

    it('what was revoked before a node was there is known to it', async () => {
      const early = await token({ sub: 'dan', iat: secondsFromNow(-600) });
      expect(await endOf(await enter(nodeAt(0, pair), early))).toMatch(/the token was revoked$/);
    });

    it('a revocation is heard at once', async () => {
      const client = await enter(nodeAt(1, pair), await token({ sub: 'carl' }));
      await client.next((frame) => frame.welcome !== null);
      expect(await revoke({ principal: 'carl' }, nodeAt(0, pair))).toBe(204);
      expect(await endOf(client)).toBe('4401 unauthorized: the token was revoked');
    });
  });
});
