/**
 * Goal: nodes on one database tell each other of edits through a Redis Cluster with a password.
 * Method: two real processes, raw sockets, and a subscriber at the document's master.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { must } from '../engine/assert.ts';
import { shardedPubSub } from './redis-dialect.ts';
import { describeWithPostgres } from './testing/describe-postgres.ts';
import { describeWithRedisProgram } from './testing/describe-redis-program.ts';
import { type OwnRedisCluster, startOwnRedisCluster } from './testing/own-redis-cluster.ts';
import { RawClient, typing } from './testing/raw-client.ts';
import { type ServerProcess, startServerProcess } from './testing/server-process.ts';
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts';

const password = 'no:thing@special';

describeWithPostgres('two nodes on one database', (postgresUrl) => {
  describeWithRedisProgram('and a Redis Cluster', () => {
    let folder: string;
    let database: TestDatabase;
    let cluster: OwnRedisCluster;
    let nodes: readonly ServerProcess[];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sve-nodes-'));
      database = await createTestDatabase(postgresUrl);
      const started = await startOwnRedisCluster({ masters: 2, replicas: 0 }, password);
      cluster = must(started, 'it was found before');
      // The first seed is not there.
      const seeds = `127.0.0.1:1,127.0.0.1:${cluster.masters[1]?.port}`;
      const url = `redis-cluster://:${encodeURIComponent(password)}@${seeds}`;
      nodes = await Promise.all(
        ['n0', 'n1'].map((name) =>
          startServerProcess({
            dataDir: join(folder, name),
            databaseUrl: database.url,
            flags: ['--redis-url', url, '--deployment', 'test'],
          }),
        ),
      );
      expect(nodes[0]?.logs()).toContain(`redis-cluster://:***@${seeds}\n`);
      expect(nodes[0]?.logs()).not.toContain(encodeURIComponent(password));
    });

    afterAll(async () => {
      await Promise.all((nodes ?? []).map((node) => node.stop()));
      await cluster?.stop();
      await database?.drop();
      await rm(folder, { recursive: true, force: true });
    });

    async function enter(index: number, document: string): Promise<RawClient> {
      const client = await RawClient.open(nodes[index]?.syncUrl ?? '');
      client.hello({ document });
      await client.next((frame) => frame.welcome !== null);
      return client;
    }

    for (const document of ['first', 'second', 'third']) {
      it(`shows at one what was typed at the other, and says so there: ${document}`, async () => {
        const channel = `sve:test:ops:${document}`;
        const index = shardedPubSub.slotOf(channel) < 8_192 ? 0 : 1;
        const listener = new Redis(cluster.masters[index]?.port ?? 0, { password });
        const published = new Promise((resolve) => listener.once('smessageBuffer', resolve));
        await listener.ssubscribe(channel);
        const [author, reader] = [await enter(0, document), await enter(1, document)];
        author.send(typing('hello'));
        const { rows } = await reader.next((frame) => frame.rows.length > 0);
        expect(JSON.stringify(rows[0]?.batches.map(({ ops }) => ops))).toContain('hello');
        await published;
        listener.disconnect();
        await Promise.all([author, reader].map((client) => client.cut()));
      });
    }
  });
});
