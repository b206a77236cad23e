/**
 * A real Redis for a test run, found by a ladder; the rung is printed once.
 *
 * 1. REDIS_URL: if it is set and does not answer, the run fails.
 * 2. A container, when Docker answers. REQUIRE_DOCKER=1 allows this rung only.
 * 3. `redis-server` or `valkey-server` on PATH, on a free port, without persistence.
 * 4. None: tests that need it are skipped with the reason, or fail with REQUIRE_REDIS=1.
 *
 * One server per run; every test file takes a deployment name of its own, so that its channels are
 * its own.
 */
import { Redis } from 'ioredis';
import { whyNoDocker } from './docker.ts';
import { startOwnRedis } from './own-redis.ts';

export type BackingRedis =
  | {
      readonly type: 'running';
      /** Which rung it is, for people. */
      readonly rung: string;
      readonly url: string;
      /** Stops what was started for the run; a server behind REDIS_URL stays as it is. */
      stop(): Promise<void>;
    }
  | { readonly type: 'none'; readonly reason: string };

const image = 'redis:8-alpine';

/** Climbs the ladder. Rejects when a rung that was asked for cannot be had. */
export async function startBackingRedis(
  env: NodeJS.ProcessEnv = process.env,
): Promise<BackingRedis> {
  const backing = await climb(env);
  if (backing.type === 'none' && env.REQUIRE_REDIS === '1') {
    throw new Error(`REQUIRE_REDIS=1, but there is no Redis: ${backing.reason}`);
  }
  const found =
    backing.type === 'running' ? backing.rung : `none, tests are skipped: ${backing.reason}`;
  process.stderr.write(`Redis for tests: ${found}\n`);
  return backing;
}

async function climb(env: NodeJS.ProcessEnv): Promise<BackingRedis> {
  const containersOnly = env.REQUIRE_DOCKER === '1';
  if (env.REDIS_URL !== undefined && !containersOnly) return await existing(env.REDIS_URL);
  const noDocker = await whyNoDocker();
  if (noDocker === null) return await container();
  if (containersOnly) throw new Error(`REQUIRE_DOCKER=1, but ${noDocker}`);
  const own = await startOwnRedis();
  if (own !== null) return { type: 'running', ...own, rung: own.version };
  const reason = `REDIS_URL is not set; ${noDocker}; no redis-server or valkey-server on PATH`;
  return { type: 'none', reason };
}

async function existing(url: string): Promise<BackingRedis> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  let reason = 'it closed the connection';
  client.on('error', (error) => {
    reason = error.message;
  });
  try {
    await client.connect();
  } catch (error) {
    throw new Error(`REDIS_URL is set, but does not answer: ${reason}`, { cause: error });
  } finally {
    client.disconnect();
  }
  return { type: 'running', rung: 'REDIS_URL', url, stop: () => Promise.resolve() };
}

async function container(): Promise<BackingRedis> {
  const { RedisContainer } = await import('@testcontainers/redis');
  const started = await new RedisContainer(image).start();
  return {
    type: 'running',
    rung: `container ${image}`,
    url: started.getConnectionUrl(),
    stop: async () => void (await started.stop()),
  };
}
