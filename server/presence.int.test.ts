/**
 * Goal: a caret is seen on another node while its session lives, and vanishes when the session
 * ends, its node is killed, or its client moves. Method: real processes, raw sockets, real Redis.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Peer } from '../proto/server-frame.ts';
import { describeWithPostgres } from './testing/describe-postgres.ts';
import { describeWithRedis } from './testing/describe-redis.ts';
import { type HelloOptions, RawClient, typing } from './testing/raw-client.ts';
import { type ServerProcess, startServerProcess } from './testing/server-process.ts';
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts';

/** Whom a client sees, by what it was sent. */
class Onlooker {
  readonly client: RawClient;
  readonly #peers = new Map<number, Peer>();

  constructor(client: RawClient) {
    this.client = client;
  }

  /** Resolves with the peers when they have these names. */
  async sees(...names: readonly string[]): Promise<readonly Peer[]> {
    const sorted = (of: readonly string[]): string => JSON.stringify(of.toSorted(byUnits));
    for (;;) {
      const peers = [...this.#peers.values()];
      if (sorted(peers.map(({ state }) => state?.name ?? '')) === sorted(names)) return peers;
      const { presence } = await this.client.next((frame) => frame.presence !== null);
      if (presence?.full === true) this.#peers.clear();
      for (const session of presence?.left ?? []) this.#peers.delete(session);
      for (const peer of presence?.peers ?? []) this.#note(peer);
    }
  }

  #note(peer: Peer): void {
    const { moved, state } = peer;
    const { name, color } = (moved ? this.#peers.get(peer.session)?.state : state) ?? nameless;
    const places = state ?? nameless;
    this.#peers.set(peer.session, { ...peer, state: { ...places, name, color } });
  }
}

const nameless = { name: '', color: '', head: null, anchor: null };
const byUnits = (a: string, b: string): number => (a < b ? -1 : 1);

describeWithPostgres('presence', (postgresUrl) => {
  describeWithRedis('between two nodes', (redisUrl) => {
    const clients: RawClient[] = [];
    let folder: string;
    let database: TestDatabase;
    let nodes: readonly ServerProcess[];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sve-presence-'));
      database = await createTestDatabase(postgresUrl);
      const deployment = randomBytes(8).toString('hex');
      // A short lease: the cursors of a dead node stay for a second.
      const options = ['--deployment', deployment, '--heartbeat-ms', '1000'];
      nodes = await Promise.all(
        ['n0', 'n1'].map((name) =>
          startServerProcess({
            dataDir: join(folder, name),
            databaseUrl: database.url,
            flags: ['--redis-url', redisUrl, ...options],
          }),
        ),
      );
    });

    afterEach(async () => {
      await Promise.all(clients.splice(0).map((client) => client.cut()));
    });

    afterAll(async () => {
      await Promise.all((nodes ?? []).map((node) => node.stop()));
      await database?.drop();
      await rm(folder, { recursive: true, force: true });
    });

    async function enter(node: number, hello: HelloOptions): Promise<RawClient> {
      const client = await RawClient.open(nodes[node]?.syncUrl ?? '');
      clients.push(client);
      // Whatever comes is answered by a sign of life; the server sends one per interval itself.
      const heartbeat = { channel: 0, body: { type: 'heartbeat', at: 0 } } as const;
      client.socket.on('message', () => client.send(heartbeat));
      client.hello(hello);
      await client.next((frame) => frame.welcome !== null);
      return client;
    }

    function show(client: RawClient, name: string, timestamp = 0): void {
      const head = timestamp === 0 ? null : { replica: 0, timestamp, side: 'after' as const };
      const state = { name, color: '#c00', head, anchor: null };
      client.send({ channel: 0, body: { type: 'presence', state } });
    }

    it('comes with line and column, and goes with its session', async () => {
      const document = 'seen';
      const onlooker = new Onlooker(await enter(1, { document }));
      const writer = await enter(0, { document });
      writer.send(typing('one\ntwo'));
      show(writer, 'Ann', 6);
      const [peer] = await onlooker.sees('Ann');
      expect(peer).toMatchObject({ line: 2, column: 3, state: { color: '#c00' } });
      const later = new Onlooker(await enter(1, { document }));
      await later.sees('Ann');
      await writer.cut();
      await Promise.all([onlooker.sees(), later.sees()]);
    });

    it('moves with its client to another node', async () => {
      const document = 'moved';
      const onlooker = new Onlooker(await enter(0, { document }));
      const ann = { document, replica: 77, secret: randomBytes(16) };
      const before = await enter(0, ann);
      show(before, 'Ann');
      const [old] = await onlooker.sees('Ann');
      // The old socket stays open: nobody has told its node that the client is gone.
      show(await enter(1, ann), 'Ann at the other node');
      const [moved] = await onlooker.sees('Ann at the other node');
      expect(moved?.session).not.toBe(old?.session);
    });

    it('ends with the lease when its node is killed', async () => {
      const document = 'dead';
      const onlooker = new Onlooker(await enter(1, { document }));
      show(await enter(0, { document }), 'Ann');
      await onlooker.sees('Ann');
      await nodes[0]?.restart('SIGKILL');
      await onlooker.sees();
    });
  });
});
