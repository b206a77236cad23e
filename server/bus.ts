/**
 * The bus of this node: the Redis or the Redis Cluster at REDIS_URL, or none, because the node is
 * alone.
 *
 * An address that is set must answer when the node starts: nodes that do not hear each other would
 * look as if they worked. If Redis goes away later, edits go on, and the nodes find each other's
 * rows in the log.
 */
import type { BusPort } from '../engine/driver/ports.ts';
import type { Config } from './config.ts';
import { localBus } from './local-bus.ts';
import type { Log } from './log.ts';
import { parseRedisAddress, placeOf } from './redis-address.ts';
import { RedisBus, type RedisBusInputs } from './redis-bus.ts';
import { RedisClusterBus } from './redis-cluster-bus.ts';

export interface Bus {
  readonly port: BusPort;
  close(): Promise<void>;
}

/** Rejects with what was tried, what was wrong and what to do. */
export async function openBus(
  { redisUrl, deployment }: Config,
  log: Log,
  inputs: Pick<RedisBusInputs, 'onMessage' | 'onGap'>,
): Promise<Bus> {
  if (redisUrl === null) return { port: localBus, close: async () => {} };
  try {
    const port = await connect(redisUrl, {
      deployment,
      ...inputs,
      onConnection: (isUp, reason) => {
        const event = isUp ? 'bus-up' : 'bus-down';
        log[isUp ? 'info' : 'warn']({ event, reason });
      },
    });
    return { port, close: () => port.close() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `REDIS_URL is ${placeOf(redisUrl)}, but it cannot be used: ${reason}\n` +
        'Check that Redis runs there and that user and password are right, ' +
        'or unset REDIS_URL if this is the only node.',
      { cause: error },
    );
  }
}

function connect(url: string, inputs: RedisBusInputs): Promise<RedisBus | RedisClusterBus> {
  const address = parseRedisAddress(url);
  if (address?.type === 'cluster') return RedisClusterBus.open({ ...address, ...inputs });
  return RedisBus.open({ url, ...inputs });
}
