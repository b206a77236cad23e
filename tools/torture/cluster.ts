/**
 * The real thing: PostgreSQL, Redis and some nodes, all on loopback, with a proxy on every link.
 * Ends with everything that it started and leaves no file.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type OwnRedis, startOwnRedis } from '../../server/backing/own-redis.ts';
import { type OwnPostgres, startOwnPostgres } from '../../server/testing/own-postgres.ts';
import { type Node, type NodeLine, startNode } from './node.ts';
import {
  makeFolder,
  mountSmallDisk,
  removeFolder,
  type SmallDisk,
  sweepFolders,
} from './small-disk.ts';

export interface Cluster {
  readonly postgres: OwnPostgres;
  readonly redis: OwnRedis;
  readonly nodes: readonly Node[];
  /** Where PostgreSQL's data are; or why they are on an ordinary disk. */
  readonly disk: SmallDisk | string;
  /** The name by which the nodes hear each other. */
  readonly deployment: string;
  /** Ends everything and removes its files. */
  remove(): Promise<void>;
}

export interface ClusterOptions {
  readonly nodes: number;
  readonly sources: string | null;
  readonly onLine: (node: Node, line: NodeLine) => void;
  /** Nothing is started any more. */
  readonly signal: AbortSignal;
}

/** Its log is small, so that a full disk is felt and a small one is enough. */
const settings = { max_wal_size: '64MB', min_wal_size: '32MB' };

/** Rejects with what was wrong; nothing is left then. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const undo: (() => Promise<unknown>)[] = [];
  const remove = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const step of undo.splice(0).reverse()) {
      await step().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be ended');
  };
  try {
    await sweepFolders();
    const folder = await makeFolder();
    undo.push(() => removeFolder(folder));
    const disk = await mountSmallDisk(folder);
    const dataDir = join(typeof disk === 'string' ? folder : disk.folder, 'postgres');
    const postgres = await startOwnPostgres({ dataDir, settings });
    undo.push(() => postgres.remove());
    const redis = await startOwnRedis();
    if (typeof redis === 'string') throw new Error(redis);
    undo.push(() => redis.stop());
    const { url: postgresUrl } = postgres;
    const { url: redisUrl } = redis;
    const deployment = randomBytes(6).toString('hex');
    const common = { ...options, folder, postgresUrl, redisUrl, deployment };
    const nodes: Node[] = [];
    for (let i = 0; i < options.nodes; i++) {
      const node = await startNode({ ...common, name: `n${i}` });
      nodes.push(node);
      undo.push(() => node.remove());
    }
    return { postgres, redis, nodes, disk, deployment, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
