/**
 * The bus of this node: the Redis or the Redis Cluster at REDIS_URL; without, the other workers of
 * the same service (workers/), or none, because the node is alone.
 *
 * An address that is set must answer when the node starts: nodes that do not hear each other would
 * look as if they worked. If Redis goes away later, edits go on, and the nodes find each other's
 * rows in the log.
 */
import type { Duplex } from 'node:stream';
import type { BusPort } from '../engine/driver/ports.ts';
import { mustAnswer } from './backing/address.ts';
import type { Config } from './config.ts';
import { localBus } from './local-bus.ts';
import type { Log } from './log.ts';
import { parseRedisAddress } from './redis-address.ts';
import { RedisBus, type RedisBusInputs } from './redis-bus.ts';
import { RedisClusterBus } from './redis-cluster-bus.ts';
import { WorkerBus } from './workers/worker-bus.ts';

export interface Bus {
  readonly port: BusPort;
  /** When it was opened: a cluster that lacks a shard is not. */
  readonly isUp: boolean;
  close(): Promise<void>;
}

export interface BusInputs extends Pick<RedisBusInputs, 'onMessage' | 'onGap'> {
  /** It has gone down, or come up again, since `openBus` resolved. */
  readonly onConnection: (isUp: boolean) => void;
  /** To the primary of the workers; null: this process is no worker. */
  readonly pipe: Duplex | null;
}

/** Rejects with what was tried, what was wrong and what to do. */
export async function openBus(
  { redisUrl, deployment }: Config,
  log: Log,
  inputs: BusInputs,
): Promise<Bus> {
  if (redisUrl === null) {
    if (inputs.pipe === null) return { port: localBus, isUp: true, close: async () => {} };
    const port = new WorkerBus(inputs.pipe, inputs);
    return { port, isUp: true, close: () => port.close() };
  }
  let tell = (_isUp: boolean): void => {};
  const firstWord = new Promise<boolean>((resolve) => {
    tell = resolve;
  });
  const port = await mustAnswer({
    variable: 'REDIS_URL',
    url: redisUrl,
    advice:
      'Check that Redis runs there and that user and password are right, ' +
      'or unset REDIS_URL if this is the only node.',
    reach: (url) =>
      connect(url, {
        ...inputs,
        deployment,
        onConnection: (isUp, reason) => {
          log[isUp ? 'info' : 'warn']({ event: isUp ? 'bus-up' : 'bus-down', reason });
          tell(isUp);
        },
      }),
  });
  const isUp = await firstWord;
  tell = inputs.onConnection;
  return { port, isUp, close: () => port.close() };
}

function connect(url: string, inputs: RedisBusInputs): Promise<RedisBus | RedisClusterBus> {
  const address = parseRedisAddress(url);
  if (address?.type === 'cluster') return RedisClusterBus.open({ ...address, ...inputs });
  return RedisBus.open({ url, ...inputs });
}
