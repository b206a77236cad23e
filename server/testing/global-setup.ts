/**
 * Once per vitest run of the integration project: starts what all its test files share and hands
 * the addresses to them by `inject`.
 */
import type { TestProject } from 'vitest/node';
import { startBackingPostgres } from '../backing/backing-postgres.ts';
import { startBackingRedis } from '../backing/backing-redis.ts';
import type { BackingService } from '../backing/backing-service.ts';

/** A server's address, or why there is none. */
type Provided = { readonly url: string } | { readonly reason: string };

declare module 'vitest' {
  interface ProvidedContext {
    postgres: Provided;
    redis: Provided;
  }
}

/** Vitest calls it before the first test file, and what it returns after the last. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startBackingPostgres();
  project.provide('postgres', provided(postgres));
  const stop = async (backing: BackingService): Promise<void> => {
    if (backing.type === 'running') await backing.stop();
  };
  try {
    const redis = await startBackingRedis();
    project.provide('redis', provided(redis));
    return async () => void (await Promise.all([stop(redis), stop(postgres)]));
  } catch (error) {
    await stop(postgres);
    throw error;
  }
}

function provided(backing: BackingService): Provided {
  return backing.type === 'running' ? { url: backing.url } : { reason: backing.reason };
}
