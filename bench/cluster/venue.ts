/**
 * What is measured: nodes as processes on services from the ladder of the tests
 * (server/testing/backing-service.ts), each with all other nodes on one database and one Redis.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { LogRow } from '../../engine/driver/ports.ts';
import { startBackingPostgres } from '../../server/testing/backing-postgres.ts';
import { startBackingRedis } from '../../server/testing/backing-redis.ts';
import type { BackingService, RunningService } from '../../server/testing/backing-service.ts';
import { openPostgresLog, readAll } from '../../server/testing/log-access.ts';
import { type OwnRedis, startOwnRedis } from '../../server/testing/own-redis.ts';
import { startServerProcess } from '../../server/testing/server-process.ts';
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
    if (ownRedis && own === null) throw new Error('an outage needs redis-server on PATH');
    const redis = own ?? running('Redis', await startBackingRedis());
    stops.push(() => redis.stop());
    const database = await createTestDatabase(postgres.url);
    stops.push(() => database.drop());
    const folder = await mkdtemp(join(tmpdir(), 'sve-bench-'));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    const deployment = randomBytes(8).toString('hex');
    const starting = Array.from({ length: nodes }, async (_, index) => {
      const server = await startServerProcess({
        dataDir: join(folder, `n${index}`),
        databaseUrl: database.url,
        flags: ['--redis-url', redis.url, '--deployment', deployment],
      });
      stops.push(() => server.stop());
      return server.syncUrl;
    });
    await Promise.allSettled(starting);
    return {
      ...(own === null ? { breakRedis: cannot, mendRedis: cannot } : await breaker(own)),
      syncUrls: await Promise.all(starting),
      postgres: postgres.rung,
      redis: own?.version ?? running('Redis', redis).rung,
      readLog: (document) => readLog(database.url, document),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function running(name: string, service: BackingService | OwnRedis): RunningService {
  if ('type' in service && service.type === 'running') return service;
  throw new Error(`there is no ${name}: ${'reason' in service ? service.reason : ''}`);
}

async function breaker(own: OwnRedis): Promise<Pick<Venue, 'breakRedis' | 'mendRedis'>> {
  const client = new Redis(own.url);
  const pid = Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1]);
  client.disconnect();
  return {
    breakRedis: async (kind) => {
      if (kind === 'kill') await own.kill();
      else process.kill(pid, 'SIGSTOP');
    },
    mendRedis: async (kind) => {
      if (kind === 'kill') await own.restart();
      else process.kill(pid, 'SIGCONT');
    },
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
