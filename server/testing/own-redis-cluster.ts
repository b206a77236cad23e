/**
 * A Redis Cluster of a test's own, to kill and to change: masters that share the slots evenly, and
 * replicas, each a process on this machine (own-redis.ts).
 */
import { Redis } from 'ioredis';
import { must } from '../../engine/assert.ts';
import { type OwnRedis, startOwnRedis } from '../backing/own-redis.ts';

export interface OwnRedisCluster {
  readonly masters: readonly ClusterNode[];
  /** Of the first master. */
  readonly replicas: readonly ClusterNode[];
  /** Resolves when all nodes know the same masters, and that nothing is wrong. */
  settled(): Promise<void>;
  /** The new owner is told, and nobody else. */
  giveSlot(slot: number, from: ClusterNode, to: ClusterNode): Promise<void>;
  /** As a resharding does it: the new owner is told first, then the old one. */
  moveSlot(slot: number, from: ClusterNode, to: ClusterNode): Promise<void>;
  stop(): Promise<void>;
}

export interface ClusterNode {
  readonly server: OwnRedis;
  readonly id: string;
  readonly port: number;
  /** On which the nodes talk among themselves. */
  readonly busPort: number;
  /** For commands; connects again by itself. */
  readonly admin: Redis;
}

const slots = 16_384;
/** A master that is silent for so long has failed. */
const nodeTimeoutMs = 1_500;

/** null = no program on PATH. */
export async function startOwnRedisCluster(
  size: { readonly masters: number; readonly replicas: number },
  password = '',
): Promise<OwnRedisCluster | null> {
  const count = size.masters + size.replicas;
  const started = await Promise.all(Array.from({ length: count }, () => startNode(password)));
  const nodes = started.flatMap((node) => node ?? []);
  if (nodes.length < count) return null;
  const [masters, replicas] = [nodes.slice(0, size.masters), nodes.slice(size.masters)];
  const cluster = ownCluster(masters, replicas);
  try {
    await join(masters, replicas);
    await cluster.settled();
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function startNode(password: string): Promise<ClusterNode | null> {
  const server = await startOwnRedis({
    'cluster-enabled': 'yes',
    'cluster-node-timeout': String(nodeTimeoutMs),
    'cluster-require-full-coverage': 'no',
    'repl-diskless-sync-delay': '0',
    requirepass: password,
    masterauth: password,
  });
  if (typeof server === 'string') return null;
  const admin = new Redis(server.url, {
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
    ...(password === '' ? {} : { password }),
  });
  // It is away while its server is.
  admin.on('error', () => {});
  const id = await admin.cluster('MYID');
  const [, busPort] = await admin.config('GET', 'cluster-port');
  const { port } = new URL(server.url);
  return { server, id, port: Number(port), busPort: Number(busPort), admin };
}

function ownCluster(
  masters: readonly ClusterNode[],
  replicas: readonly ClusterNode[],
): OwnRedisCluster {
  const nodes = [...masters, ...replicas];
  return {
    masters,
    replicas,
    async settled() {
      for (;;) {
        const views = await Promise.all(nodes.map(viewOf));
        if (views.every((view) => view !== null && view === views[0])) return;
      }
    },
    async giveSlot(slot, from, to) {
      // Else the new owner would not take a new epoch, and the old one might claim it back.
      await to.admin.cluster('SETSLOT', slot, 'IMPORTING', from.id);
      await to.admin.cluster('SETSLOT', slot, 'NODE', to.id);
    },
    async moveSlot(slot, from, to) {
      await this.giveSlot(slot, from, to);
      for (const node of [from, ...masters]) {
        await node.admin.cluster('SETSLOT', slot, 'NODE', to.id);
      }
    },
    async stop() {
      for (const { admin } of nodes) admin.disconnect();
      await Promise.all(nodes.map(({ server }) => server.stop()));
    },
  };
}

async function join(
  masters: readonly ClusterNode[],
  replicas: readonly ClusterNode[],
): Promise<void> {
  const [first, ...others] = [...masters, ...replicas];
  const { admin, id } = must(first, 'a cluster has a master');
  for (const [n, master] of masters.entries()) {
    // Else they would have to find out first that they have the same.
    await master.admin.cluster('SET-CONFIG-EPOCH', n + 1);
    const [from, to] = [n, n + 1].map((each) => Math.floor((each * slots) / masters.length));
    await master.admin.cluster('ADDSLOTSRANGE', from ?? 0, (to ?? 0) - 1);
  }
  for (const other of others) {
    await admin.cluster('MEET', '127.0.0.1', other.port, other.busPort);
  }
  for (const replica of replicas) {
    // Refused until it knows the master.
    while (!(await replica.admin.cluster('REPLICATE', id).catch(() => false)));
  }
}

/** Who serves what, as one node sees it; null = something is wrong or on its way. */
async function viewOf({ admin }: ClusterNode): Promise<string | null> {
  const [info, replication, ranges] = await Promise.all([
    admin.cluster('INFO'),
    admin.info('replication'),
    admin.cluster('SLOTS'),
  ]);
  const isWell = info.includes(`cluster_slots_ok:${slots}`) && info.includes('cluster_state:ok');
  if (!isWell || replication.includes('master_link_status:down')) return null;
  return ranges
    .map((range) => JSON.stringify(range))
    .toSorted()
    .join();
}
