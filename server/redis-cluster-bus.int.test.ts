/**
 * Goal: the bus in a Redis Cluster keeps the contract of every bus. Method: a real cluster of this
 * file's own, and a TCP proxy for each of its nodes in front of each member.
 *
 * The contract shows that something does not come by what comes after it, which is sharp in one
 * slot only; so it runs there too. Changes of the cluster: redis-cluster-changes.int.test.ts.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe } from 'vitest';
import { must } from '../engine/assert.ts';
import { type BusUnderTest, busContract } from '../properties/contracts/bus-contract.ts';
import { ConnectionWatch } from '../properties/contracts/connection-watch.ts';
import { RedisClusterBus } from './redis-cluster-bus.ts';
import { describeWithRedisProgram } from './testing/describe-redis-program.ts';
import {
  type ClusterNode,
  type OwnRedisCluster,
  startOwnRedisCluster,
} from './testing/own-redis-cluster.ts';
import { startTcpProxy, type TcpProxy } from './testing/tcp-proxy.ts';

const host = '127.0.0.1';

/** A member's bus, and what can be done to its connections. */
interface Node {
  readonly bus: RedisClusterBus;
  /** By port of the master. */
  readonly proxies: ReadonlyMap<number, TcpProxy>;
  readonly connection: ConnectionWatch;
}

function openBus(cluster: OwnRedisCluster, deployment: string): BusUnderTest {
  const nodes = new Map<string, Node>();
  const node = (name: string): Node => must(nodes.get(name), `${name} has joined`);
  const seeds = cluster.masters.map(({ port }) => ({ host, port }));
  return {
    async join(name, { receive, gap }) {
      const proxies = new Map<number, TcpProxy>();
      for (const { port } of cluster.masters) {
        proxies.set(port, await startTcpProxy({ host, port }));
      }
      const connection = new ConnectionWatch();
      const bus = await RedisClusterBus.open({
        seeds,
        login: {},
        translate: ({ port }) => ({ host, port: proxies.get(port)?.port ?? port }),
        deployment,
        onMessage: receive,
        onGap: gap,
        onConnection: connection.onConnection,
        limits: { backoffMaxMs: 1 },
      });
      nodes.set(name, { bus, proxies, connection });
      return bus;
    },
    async cut(name) {
      const { proxies, connection } = node(name);
      for (const proxy of proxies.values()) proxy.refuse(true);
      for (const proxy of proxies.values()) proxy.cutAll();
      await connection.until(() => connection.reports.at(-1) === false);
    },
    async restore(name) {
      const { proxies, connection } = node(name);
      for (const proxy of proxies.values()) proxy.refuse(false);
      await connection.until(() => connection.reports.at(-1) === true);
    },
    async kick(name) {
      const { connection, bus } = node(name);
      const reports = connection.reports.length;
      await Promise.all(cluster.masters.map((master) => kill(master, bus)));
      await connection.until(() => connection.reports.length >= reports + 2);
    },
    leave: (name) => node(name).bus.close(),
    async close() {
      const all = [...nodes.values()];
      await Promise.all(all.map(({ bus }) => bus.close()));
      for (const { proxies } of all) for (const proxy of proxies.values()) await proxy.close();
    },
  };
}

/** Ends the connection on which a bus listens at a master. */
async function kill({ admin }: ClusterNode, { name }: RedisClusterBus): Promise<void> {
  const lines = String(await admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('\n');
  const line = lines.find((each) => each.includes(` name=${name}:subscribe `));
  const id = /^id=(\d+)/.exec(line ?? '')?.[1];
  if (id !== undefined) await admin.client('KILL', 'ID', id);
}

describeWithRedisProgram('the bus in a Redis Cluster', () => {
  let cluster: OwnRedisCluster;

  beforeAll(async () => {
    cluster = must(await startOwnRedisCluster({ masters: 3, replicas: 0 }), 'it was found before');
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  describe('with documents on all shards', () => {
    busContract(() => openBus(cluster, randomBytes(8).toString('hex')));
  });

  describe('with all documents in one slot', () => {
    busContract(() => openBus(cluster, `{${randomBytes(8).toString('hex')}}`));
  });
});
