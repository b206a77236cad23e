/**
 * Several real nodes on one PostgreSQL and one Redis, each a process, with a TCP proxy on each of
 * its ways: to its clients, to PostgreSQL and to Redis. Tests break and hold what passes there; the
 * services themselves run on, and are read past the proxies.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';
import { Valve } from './valve.ts';

export interface ClusterNode {
  readonly server: ServerProcess;
  /** For clients: through `toClients`. */
  readonly syncUrl: string;
  readonly toClients: TcpProxy;
  readonly toPostgres: TcpProxy;
  readonly toRedis: TcpProxy;
  /** On the way to PostgreSQL. */
  readonly postgresValve: Valve;
}

export interface NodeCluster {
  readonly nodes: readonly ClusterNode[];
  /** Of the database, past the proxies. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly deployment: string;
  /** Stops nodes and proxies, and drops the database. */
  close(): Promise<void>;
}

export interface NodeClusterOptions {
  readonly postgresUrl: string;
  readonly redisUrl: string;
  readonly nodes: number;
  /** Where the nodes' sources are; absent: this repository. */
  readonly sources?: string;
}

export async function startNodeCluster(options: NodeClusterOptions): Promise<NodeCluster> {
  const stops: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'sve-cluster-'));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    const database = await createTestDatabase(options.postgresUrl);
    stops.push(() => database.drop());
    const deployment = randomBytes(8).toString('hex');
    const parts = { ...options, database, deployment, stops };
    const starting = Array.from({ length: options.nodes }, (_, index) =>
      startClusterNode(join(folder, `n${index}`), parts),
    );
    // All of them, so that what did start is known when one fails.
    await Promise.allSettled(starting);
    const nodes = await Promise.all(starting);
    const { redisUrl } = options;
    return { nodes, databaseUrl: database.url, redisUrl, deployment, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startClusterNode(
  dataDir: string,
  parts: NodeClusterOptions & {
    readonly database: TestDatabase;
    readonly deployment: string;
    readonly stops: (() => Promise<unknown>)[];
  },
): Promise<ClusterNode> {
  const { database, deployment, redisUrl, sources, stops } = parts;
  const proxy = async (url: string, port: number, valve?: Valve): Promise<TcpProxy> => {
    const { hostname, port: given } = new URL(url);
    const target = { host: hostname, port: Number(given || port) };
    const started = await startTcpProxy(target, valve?.gate ?? null);
    stops.push(() => started.close());
    return started;
  };
  const postgresValve = new Valve();
  const toPostgres = await proxy(database.url, 5432, postgresValve);
  const toRedis = await proxy(redisUrl, 6379);
  const server = await startServerProcess({
    dataDir,
    databaseUrl: toPostgres.through(database.url),
    flags: ['--redis-url', toRedis.through(redisUrl), '--deployment', deployment],
    ...(sources === undefined ? {} : { sources }),
  });
  stops.push(() => server.kill());
  const toClients = await proxy(server.syncUrl, 80);
  const syncUrl = toClients.through(server.syncUrl);
  return { server, syncUrl, toClients, toPostgres, toRedis, postgresValve };
}
