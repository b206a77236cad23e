/**
 * Once per vitest run of the integration project: starts what all its test files share and hands
 * the addresses to them by `inject`.
 */
import type { TestProject } from 'vitest/node';
import { assert } from '../../engine/assert.ts';
import { startBackingPostgres } from '../backing/backing-postgres.ts';
import { startBackingRedis } from '../backing/backing-redis.ts';
import { type LastS3, startBackingS3 } from '../backing/backing-s3.ts';
import type { BackingService } from '../backing/backing-service.ts';
import type { S3Options } from '../s3-objects.ts';
import { startS3Server } from './s3-server.ts';

/** A server's address, or why there is none. */
type Provided = { readonly url: string } | { readonly reason: string };

declare module 'vitest' {
  interface ProvidedContext {
    postgres: Provided;
    redis: Provided;
    s3: S3Options;
  }
}

/** Vitest calls it before the first test file, and what it returns after the last. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started: BackingService[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((each) => (each.type === 'running' ? each.stop() : null)));
  };
  try {
    const postgres = await startBackingPostgres();
    started.push(postgres);
    project.provide('postgres', provided(postgres));
    const redis = await startBackingRedis();
    started.push(redis);
    project.provide('redis', provided(redis));
    const s3 = await startBackingS3(inThisProcess);
    started.push(s3);
    assert(s3.type === 'running', 'a last rung of S3');
    project.provide('s3', s3.options);
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** So that no test of S3 is ever skipped. */
const inThisProcess: LastS3 = async (login) => {
  const server = await startS3Server(login);
  const rung = 'a server of the tests, in this process';
  return { type: 'running', rung, url: server.url, stop: () => server.stop() };
};

function provided(backing: BackingService): Provided {
  return backing.type === 'running' ? { url: backing.url } : { reason: backing.reason };
}
