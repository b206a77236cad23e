/**
 * A real Redis: REDIS_URL, a container, or a program of this machine (redis-program.ts) on a free
 * port and without persistence (backing-service.ts).
 *
 * In a test run every test file takes a deployment name of its own, so that its channels are its
 * own.
 */
import { Redis } from 'ioredis';
import {
  type BackingService,
  type RunningService,
  startBackingService,
} from './backing-service.ts';
import { startOwnRedis } from './own-redis.ts';

const image = 'redis:8-alpine';

export function startBackingRedis(env: NodeJS.ProcessEnv = process.env): Promise<BackingService> {
  return startBackingService(
    {
      service: 'Redis',
      addressVariable: 'REDIS_URL',
      requireVariable: 'REQUIRE_REDIS',
      reach,
      container,
      own,
    },
    env,
  );
}

async function reach(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  let reason = 'it closed the connection';
  client.on('error', (error) => {
    reason = error.message;
  });
  try {
    await client.connect();
  } catch (error) {
    throw new Error(reason, { cause: error });
  } finally {
    client.disconnect();
  }
}

async function container(): Promise<RunningService> {
  const { RedisContainer } = await import('@testcontainers/redis');
  const started = await new RedisContainer(image).start();
  return {
    type: 'running',
    rung: `container ${image}`,
    url: started.getConnectionUrl(),
    stop: async () => void (await started.stop()),
  };
}

async function own(): Promise<RunningService | string> {
  const started = await startOwnRedis();
  if (typeof started === 'string') return started;
  return { type: 'running', ...started, rung: started.version };
}
