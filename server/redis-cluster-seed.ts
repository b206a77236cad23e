/**
 * Asks nodes of a Redis Cluster for its map, over connections of their own: when nothing is known
 * yet, or nobody who is known answers any more. Errors say what to do.
 */
import type { Redis } from 'ioredis';
import { type NodeAddress, nodeName } from './redis-address.ts';
import { askForMap, type ClusterMap } from './redis-cluster-map.ts';
import type { RedisBusLimits, RedisClientOptions } from './redis-link.ts';

export type ClientOf = (address: NodeAddress, options: RedisClientOptions) => Redis;

/** The first answer; rejects with an AggregateError if there is none. */
export async function askSeeds(
  seeds: readonly NodeAddress[],
  clientOf: ClientOf,
  { connectTimeoutMs, answerTimeoutMs }: RedisBusLimits,
): Promise<ClusterMap> {
  const options: RedisClientOptions = {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    socketTimeout: answerTimeoutMs,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  };
  return await Promise.any(
    seeds.map((seed) => withName(seed, askOnce(clientOf(seed, options), seed))),
  );
}

/** Says of which node the error of `asked` is. */
export async function withName<T>(node: NodeAddress, asked: Promise<T>): Promise<T> {
  return await asked.catch((error: unknown) => {
    throw new Error(`${nodeName(node)}: ${reasonOf(error)}`, { cause: error });
  });
}

/** One error that says what several do. */
export function joined(errors: readonly unknown[]): Error {
  return new Error([...new Set(errors.map(reasonOf))].join('; '));
}

async function askOnce(redis: Redis, address: NodeAddress): Promise<ClusterMap> {
  let reason = 'it closed the connection';
  redis.on('error', (error) => {
    reason = error.message;
  });
  try {
    await redis.connect().catch((error: unknown) => {
      throw new Error(reason, { cause: error });
    });
    if (await isTooOld(redis)) {
      throw new Error('it does not know SSUBSCRIBE; a Redis Cluster must have Redis 7 or newer');
    }
    return await askForMap(redis, address).catch((error: unknown) => {
      const isAlone = /cluster support disabled/.test(reasonOf(error));
      throw isAlone
        ? new Error('it is not part of a cluster; the address of a single Redis is redis://…')
        : error;
    });
  } finally {
    redis.disconnect();
  }
}

/** False if it does not say. */
async function isTooOld(redis: Redis): Promise<boolean> {
  const known = await redis.call('COMMAND', 'INFO', 'ssubscribe').catch(() => null);
  return Array.isArray(known) && known[0] === null;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
