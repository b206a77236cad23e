/**
 * Goal: the bus in Redis keeps the contract of every bus, with connections that break, and bounds
 * what it holds. Method: a real Redis, and a TCP proxy of our own in front of each node.
 */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { must } from '../engine/assert.ts';
import { type BusUnderTest, busContract } from '../properties/contracts/bus-contract.ts';
import { ConnectionWatch } from '../properties/contracts/connection-watch.ts';
import { Signal } from '../properties/contracts/signal.ts';
import { RedisBus, type RedisBusOptions } from './redis-bus.ts';
import { describeWithRedis } from './testing/describe-redis.ts';
import { startTcpProxy, type TcpProxy } from './testing/tcp-proxy.ts';

interface Listener {
  readonly sizes: readonly number[];
  until(condition: () => boolean): Promise<void>;
}

interface Node {
  readonly bus: RedisBus;
  readonly proxy: TcpProxy;
  readonly connection: ConnectionWatch;
}

function openBus(serverUrl: string): BusUnderTest {
  const nodes = new Map<string, Node>();
  const deployment = randomBytes(8).toString('hex');
  const admin = new Redis(serverUrl);
  const node = (name: string): Node => must(nodes.get(name), `${name} has joined`);
  return {
    async join(name, { receive, gap }) {
      const proxy = await proxyTo(serverUrl);
      const connection = new ConnectionWatch();
      const bus = await RedisBus.open({
        url: proxy.through(serverUrl),
        deployment,
        onMessage: receive,
        onGap: gap,
        onConnection: connection.onConnection,
        limits: { backoffMaxMs: 1 },
      });
      await connection.until(() => connection.reports.length > 0);
      nodes.set(name, { bus, proxy, connection });
      return bus;
    },
    async cut(name) {
      const { proxy, connection } = node(name);
      proxy.refuse(true);
      proxy.cutAll();
      await connection.until(() => connection.reports.at(-1) === false);
    },
    async restore(name) {
      const { proxy, connection } = node(name);
      proxy.refuse(false);
      await connection.until(() => connection.reports.at(-1) === true);
    },
    async kick(name) {
      const { connection, bus } = node(name);
      const reports = connection.reports.length;
      // Not `TYPE pubsub`: other test files are on the same server.
      const lines = String(await admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('\n');
      const line = lines.find((each) => each.includes(` name=${bus.name}:subscribe `));
      await admin.client('KILL', 'ID', /^id=(\d+)/.exec(must(line, 'it listens'))?.[1] ?? '');
      await connection.until(() => connection.reports.length === reports + 2);
    },
    leave: (name) => node(name).bus.close(),
    async close() {
      await Promise.all([...nodes.values()].map(({ bus }) => bus.close()));
      await Promise.all([...nodes.values()].map(({ proxy }) => proxy.close()));
      admin.disconnect();
    },
  };
}

async function proxyTo(serverUrl: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(serverUrl);
  return await startTcpProxy({ host: hostname, port: Number(port || 6379) });
}

describeWithRedis('the bus in Redis', (serverUrl) => {
  busContract(() => openBus(serverUrl));

  describe('as it is connected', () => {
    const ends: (() => Promise<void>)[] = [];
    const deployment = randomBytes(8).toString('hex');

    afterEach(async () => {
      for (const end of ends.splice(0).toReversed()) await end();
    });

    async function connect(options: Partial<RedisBusOptions>): Promise<RedisBus> {
      const inputs = { onMessage: () => {}, onGap: () => {}, ...options };
      const bus = await RedisBus.open({ url: serverUrl, deployment, ...inputs });
      ends.push(() => bus.close());
      return bus;
    }

    async function proxied(): Promise<TcpProxy> {
      const proxy = await proxyTo(serverUrl);
      ends.push(() => proxy.close());
      return proxy;
    }

    /** Resolves when a bus hears `doc`; notes the sizes of what it heard. */
    async function listen(name = deployment): Promise<Listener> {
      const signal = new Signal();
      const sizes: number[] = [];
      let isListening = false;
      const bus = await connect({
        deployment: name,
        onMessage: (_, bytes) => {
          sizes.push(bytes.length);
          signal.tell();
        },
        onGap: () => {
          isListening = true;
          signal.tell();
        },
      });
      bus.subscribe('doc');
      await signal.until(() => isListening);
      return { sizes, until: (condition) => signal.until(condition) };
    }

    it('drops what exceeds its bound while Redis does not answer, then goes on', async () => {
      const { sizes, until } = await listen();
      const proxy = await proxied();
      const url = proxy.through(serverUrl);
      const slow = await connect({ url, limits: { unansweredBytesMax: 350 } });
      proxy.stall(true);
      for (let n = 1; n <= 10; n++) slow.publish('doc', new Uint8Array(100 + n));
      proxy.stall(false);
      await until(() => sizes.length === 3);
      // Again and again: the answers may come after the messages.
      while (sizes.length === 3) {
        slow.publish('doc', new Uint8Array(300));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(sizes.slice(0, 4)).toEqual([101, 102, 103, 300]);
    });

    it('drops presence long before it drops a row', async () => {
      const { sizes, until } = await listen();
      const proxy = await proxied();
      const url = proxy.through(serverUrl);
      const slow = await connect({ url, limits: { unansweredBytesMax: 1_000 } });
      proxy.stall(true);
      slow.publishPresence('doc', new Uint8Array(101));
      slow.publish('doc', new Uint8Array(102));
      slow.publishPresence('doc', new Uint8Array(103));
      slow.publish('doc', new Uint8Array(104));
      proxy.stall(false);
      await until(() => sizes.length === 3);
      expect(sizes).toEqual([101, 102, 104]);
    });

    it('hears nothing of another deployment on the same server', async () => {
      const other = `${deployment}-other`;
      const listeners = [await listen(), await listen(other)];
      (await connect({})).publish('doc', new Uint8Array(1));
      (await connect({ deployment: other })).publish('doc', new Uint8Array(2));
      await Promise.all(listeners.map(({ until, sizes }) => until(() => sizes.length > 0)));
      expect(listeners.map(({ sizes }) => sizes)).toEqual([[1], [2]]);
    });

    it('gives up a server that does not answer, and connects again', async () => {
      const { sizes, until } = await listen();
      const proxy = await proxied();
      const connection = new ConnectionWatch();
      const bus = await connect({
        url: proxy.through(serverUrl),
        onConnection: connection.onConnection,
        limits: { answerTimeoutMs: 100, connectTimeoutMs: 500, backoffMaxMs: 10 },
      });
      await connection.until(() => connection.reports.length === 1);
      proxy.stall(true);
      bus.publish('doc', new Uint8Array(1));
      await connection.until(() => connection.reports.length === 2);
      proxy.stall(false);
      await connection.until(() => connection.reports.length >= 3);
      bus.publish('doc', new Uint8Array(2));
      await until(() => sizes.includes(2));
    });

    it('finds out that a connection is half-open though it has nothing to say', async () => {
      const proxy = await proxied();
      const connection = new ConnectionWatch();
      const gaps: (string | null)[] = [];
      const heard = new Signal();
      await connect({
        url: proxy.through(serverUrl),
        onConnection: connection.onConnection,
        onGap: (document) => {
          gaps.push(document);
          heard.tell();
        },
        limits: { pingMs: 50, answerTimeoutMs: 100, backoffMaxMs: 10 },
      });
      await connection.until(() => connection.reports.length === 1);
      proxy.freezeOpen();
      await heard.until(() => gaps.includes(null));
      expect(connection.reports.slice(0, 2)).toEqual([true, false]);
    });

    it('reports an outage once, however many attempts it takes', async () => {
      const proxy = await proxied();
      const connection = new ConnectionWatch();
      const bus = await connect({
        url: proxy.through(serverUrl),
        onConnection: connection.onConnection,
        limits: { backoffMaxMs: 1 },
      });
      for (let n = 0; n < 3_000; n++) bus.subscribe(`doc-${n}`);
      await connection.until(() => connection.reports.length === 1);
      proxy.refuse(true);
      proxy.cutAll();
      await proxy.refused(20);
      expect(connection.reports).toEqual([true, false]);
      proxy.refuse(false);
      await connection.until(() => connection.reports.length === 3);
      expect(connection.reports).toEqual([true, false, true]);
    });

    it('does not open when nothing answers, with the reason', async () => {
      const proxy = await proxyTo(serverUrl);
      const url = proxy.through(serverUrl);
      await proxy.close();
      await expect(connect({ url })).rejects.toThrow(/ECONNREFUSED/);
    });

    it('calls nothing after it was closed, and closes twice', async () => {
      const calls: string[] = [];
      const { sizes, until } = await listen();
      const bus = await connect({
        onGap: () => calls.push('gap'),
        onMessage: () => calls.push('message'),
        onConnection: (isUp) => calls.push(isUp ? 'up' : 'down'),
      });
      bus.subscribe('doc');
      bus.publish('doc', new Uint8Array(1));
      const closed = bus.close();
      bus.subscribe('other');
      bus.publish('doc', new Uint8Array(2));
      await closed;
      await bus.close();
      bus.publish('doc', new Uint8Array(3));
      (await connect({})).publish('doc', new Uint8Array(4));
      await until(() => sizes.length === 2);
      expect(sizes).toEqual([1, 4]);
      expect(calls).toEqual(['up']);
    });
  });
});
