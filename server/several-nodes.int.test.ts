/**
 * Goal: nodes on one database tell each other of edits and deletions through Redis; without it they
 * go on, warn once, say that they are degraded, and find each other's rows in the log; an address
 * that does not answer is an error that says what to do. Method: two real processes, raw sockets,
 * and a TCP proxy in front of Redis.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { SnapshotReader } from '../proto/snapshot-format.ts';
import { describeWithPostgres } from './testing/describe-postgres.ts';
import { describeWithRedis } from './testing/describe-redis.ts';
import { RawClient, typing } from './testing/raw-client.ts';
import { type ServerProcess, startServerProcess } from './testing/server-process.ts';
import { startTcpProxy, type TcpProxy } from './testing/tcp-proxy.ts';
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts';

const record = z.record(z.string(), z.unknown());

describeWithPostgres('two nodes on one database', (postgresUrl) => {
  describeWithRedis('and one Redis', (redisUrl) => {
    const deployment = randomBytes(8).toString('hex');
    const clients: RawClient[] = [];
    let folder: string;
    let database: TestDatabase;
    let proxy: TcpProxy;
    let nodes: readonly ServerProcess[];

    const start = (name: string, ...flags: string[]): Promise<ServerProcess> =>
      startServerProcess({ dataDir: join(folder, name), databaseUrl: database.url, flags });

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sve-nodes-'));
      database = await createTestDatabase(postgresUrl);
      const { hostname, port } = new URL(redisUrl);
      proxy = await startTcpProxy({ host: hostname, port: Number(port || 6379) });
      const flags = [
        ...['--redis-url', proxy.through(redisUrl), '--deployment', deployment],
        // What is not heard is not found by asking either, unless the bus is down.
        ...['--silence-ms', '600000'],
      ];
      nodes = await Promise.all(['n0', 'n1'].map((name) => start(name, ...flags)));
    });

    afterEach(async () => {
      await Promise.all(clients.splice(0).map((client) => client.cut()));
    });

    afterAll(async () => {
      await Promise.all((nodes ?? []).map((node) => node.stop()));
      await proxy?.close();
      await database?.drop();
      await rm(folder, { recursive: true, force: true });
    });

    /** A client that was welcomed by a node, and the text that it was welcomed with. */
    async function enter(
      index: number,
      document: string,
    ): Promise<{ client: RawClient; text: string }> {
      const client = await RawClient.open(nodes[index]?.syncUrl ?? '');
      clients.push(client);
      client.hello({ document });
      const { welcome } = await client.next((frame) => frame.welcome !== null);
      const snapshot = welcome?.snapshot ?? null;
      return { client, text: snapshot === null ? '' : new SnapshotReader(snapshot).text };
    }

    /** The text that the next rows bring. */
    async function heard(client: RawClient): Promise<string> {
      const { rows } = await client.next((frame) => frame.rows.length > 0);
      const ops = rows.flatMap((row) => row.batches.flatMap((batch) => batch.ops));
      return ops.map((op) => (op.type === 'insert' ? op.text : '')).join('');
    }

    async function type(client: RawClient, text: string): Promise<void> {
      client.send(typing(text));
      const { ack } = await client.next((frame) => frame.ack !== null);
      expect(ack?.through).toBe(text.length);
    }

    it('announces where the bus is', () => {
      const place = `redis://127.0.0.1:${proxy.port}`;
      for (const node of nodes) {
        expect(node.logs()).toMatch(new RegExp(`^ {2}bus +${place}$`, 'm'));
        expect(node.logs()).toMatch(/^ {2}embedded +nothing$/m);
      }
    });

    it('shows at one what was typed at the other, and says so through Redis', async () => {
      const listener = new Redis(redisUrl);
      const published = new Promise<string>((resolve) => {
        listener.on('messageBuffer', (channel: Buffer) => resolve(channel.toString()));
      });
      await listener.subscribe(`sve:${deployment}:ops:shared`);
      const [{ client: author }, { client: reader }] = [
        await enter(0, 'shared'),
        await enter(1, 'shared'),
      ];
      await type(author, 'hello');
      expect(await heard(reader)).toBe('hello');
      await published;
      listener.disconnect();
      const { client: third } = await enter(0, 'shared');
      await type(third, 'back');
      expect(await heard(reader)).toBe('back');
      expect((await enter(1, 'shared')).text).toHaveLength(9);
    });

    it('tells whoever has a document open, at either, that it is deleted', async () => {
      const [{ client: author }, { client: reader }] = [
        await enter(0, 'doomed'),
        await enter(1, 'doomed'),
      ];
      await type(author, 'gone soon');
      expect(await heard(reader)).toBe('gone soon');
      const path = new URL('v1/documents/doomed', nodes[0]?.url);
      expect((await fetch(path, { method: 'DELETE' })).status).toBe(204);
      const closed = await Promise.all([author.closed, reader.closed]);
      expect(closed.map(({ code }) => code)).toEqual([4410, 4410]);
      const again = await fetch(new URL('v1/documents/doomed', nodes[1]?.url));
      expect(record.parse(await again.json())).toMatchObject({ code: 'document-deleted' });
    });

    it('goes on without Redis, warns once, and finds in the log what it did not hear', async () => {
      const [{ client: author }, { client: reader }] = [
        await enter(0, 'alone'),
        await enter(1, 'alone'),
      ];
      const count = (event: string): number[] =>
        nodes.map((node) => node.logs().split(`"event":"${event}"`).length - 1);
      /** What the nodes say of themselves. */
      const health = async (): Promise<unknown[]> =>
        await Promise.all(
          nodes.map(async ({ url }) => {
            const response = await fetch(`${url}readyz`);
            const { degraded, bus } = record.parse(await response.json());
            return [response.status, degraded, bus];
          }),
        );
      const whole = [200, false, 'up'];
      const lacking = [200, true, 'down'];
      const ups = count('bus-up');
      expect(await health()).toEqual([whole, whole]);
      proxy.refuse(true);
      proxy.cutAll();
      await proxy.refused(20);
      await type(author, 'kept');
      expect(await heard(reader)).toBe('kept');
      expect(count('bus-down')).toEqual([1, 1]);
      expect(await health()).toEqual([lacking, lacking]);
      proxy.refuse(false);
      await vi.waitFor(() => expect(count('bus-up')).toEqual(ups.map((each) => each + 1)), {
        timeout: 20_000,
      });
      expect(await health()).toEqual([whole, whole]);
      const { client: second } = await enter(1, 'alone');
      await type(second, 'again');
      expect(await heard(author)).toBe('again');
    });

    it('does not start when REDIS_URL does not answer, and says what to do', async () => {
      const failed = start('n2', '--redis-url', 'redis://somebody:hunter2@127.0.0.1:1');
      const message = String(await failed.catch((error: unknown) => error));
      expect(message).toMatch(
        /REDIS_URL is redis:\/\/somebody:\*\*\*@127\.0\.0\.1:1, but it cannot be used/,
      );
      expect(message).toMatch(/ECONNREFUSED/);
      expect(message).toMatch(/unset REDIS_URL/);
      expect(message).not.toContain('hunter2');
    });
  });
});
