/**
 * What is measured: nodes as processes on services from the ladder of the tests
 * (server/backing/backing-service.ts), each with all other nodes on one database and one Redis.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogRow } from '../../engine/driver/ports.ts';
import { startBackingPostgres } from '../../server/backing/backing-postgres.ts';
import { startBackingRedis } from '../../server/backing/backing-redis.ts';
import type { BackingService, RunningService } from '../../server/backing/backing-service.ts';
import { type OwnRedis, startOwnRedis } from '../../server/backing/own-redis.ts';
import { openPostgresLog, readAll } from '../../server/testing/log-access.ts';
import { type ServerProcess, startServerProcess } from '../../server/testing/server-process.ts';
import { createTestDatabase } from '../../server/testing/test-database.ts';

/** How Redis goes away: its process stands still, or ends. */
export type OutageKind = 'freeze' | 'kill';

export interface Venue {
  readonly syncUrls: readonly string[];
  /** Which services they are, for people. */
  readonly postgres: string;
  readonly redis: string;
  /** Only where Redis is of our own. */
  breakRedis(kind: OutageKind): Promise<void>;
  mendRedis(kind: OutageKind): Promise<void>;
  /** Ends a node in order and starts it again at its address; resolves when it is ready. */
  restart(node: number): Promise<void>;
  readLog(document: string): Promise<readonly LogRow[]>;
  /** Stops everything and removes the data. */
  stop(): Promise<void>;
}

/** `ownRedis`: one that can be stopped, whatever the environment says. */
export async function startVenue({
  nodes,
  ownRedis,
}: {
  readonly nodes: number;
  readonly ownRedis: boolean;
}): Promise<Venue> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const postgres = running('PostgreSQL', await startBackingPostgres());
    stops.push(() => postgres.stop());
    const own = ownRedis ? await startOwnRedis() : null;
    if (typeof own === 'string') throw new Error(`an outage needs a Redis of our own: ${own}`);
    const redis = own ?? running('Redis', await startBackingRedis());
    stops.push(() => redis.stop());
    const database = await createTestDatabase(postgres.url);
    stops.push(() => database.drop());
    const folder = await mkdtemp(join(tmpdir(), 'sve-bench-'));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    const deployment = randomBytes(8).toString('hex');
    const starting = Array.from({ length: nodes }, async (_, index): Promise<ServerProcess> => {
      const server = await startServerProcess({
        dataDir: join(folder, `n${index}`),
        databaseUrl: database.url,
        flags: ['--redis-url', redis.url, '--deployment', deployment],
      });
      stops.push(() => server.stop());
      return server;
    });
    await Promise.allSettled(starting);
    const servers = await Promise.all(starting);
    return {
      ...(own === null ? { breakRedis: cannot, mendRedis: cannot } : breaker(own)),
      syncUrls: servers.map(({ syncUrl }) => syncUrl),
      restart: async (node) => servers[node]?.restart('SIGTERM'),
      postgres: postgres.rung,
      redis: 'version' in redis ? redis.version : redis.rung,
      readLog: (document) => readLog(database.url, document),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function running(name: string, service: BackingService): RunningService {
  if ('type' in service && service.type === 'running') return service;
  throw new Error(`there is no ${name}: ${'reason' in service ? service.reason : ''}`);
}

function breaker(own: OwnRedis): Pick<Venue, 'breakRedis' | 'mendRedis'> {
  return {
    breakRedis: async (kind) => (kind === 'kill' ? await own.kill() : own.freeze(true)),
    mendRedis: async (kind) => (kind === 'kill' ? await own.restart() : own.freeze(false)),
  };
}

function cannot(): Promise<void> {
  return Promise.reject(new Error('only a Redis of our own can be stopped'));
}

async function readLog(url: string, document: string): Promise<readonly LogRow[]> {
  const log = openPostgresLog({ url });
  try {
    return await readAll(log, document);
  } finally {
    await log.close();
  }
}
