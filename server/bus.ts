/**
 * The bus of this node: Redis at REDIS_URL, or none, because the node is alone.
 *
 * An address that is set must answer when the node starts: nodes that do not hear each other would
 * look as if they worked. If Redis goes away later, edits go on, and the nodes find each other's
 * rows in the log.
 */
import type { BusPort } from '../engine/driver/ports.ts';
import { mustAnswer } from './backing/address.ts';
import type { Config } from './config.ts';
import { localBus } from './local-bus.ts';
import type { Log } from './log.ts';
import { RedisBus, type RedisBusOptions } from './redis-bus.ts';

export interface Bus {
  readonly port: BusPort;
  close(): Promise<void>;
}

export interface BusInputs extends Pick<RedisBusOptions, 'onMessage' | 'onGap'> {
  /** It has gone down, or come up again. When `openBus` resolves it is up. */
  readonly onConnection: (isUp: boolean) => void;
}

/** Rejects with what was tried, what was wrong and what to do. */
export async function openBus(
  { redisUrl, deployment }: Config,
  log: Log,
  inputs: BusInputs,
): Promise<Bus> {
  if (redisUrl === null) return { port: localBus, close: async () => {} };
  let firstUp = (): void => {};
  const up = new Promise<void>((resolve) => {
    firstUp = resolve;
  });
  let isOpen = false;
  const port = await mustAnswer({
    variable: 'REDIS_URL',
    url: redisUrl,
    advice:
      'Check that Redis runs there and that user and password are right, ' +
      'or unset REDIS_URL if this is the only node.',
    reach: (url) =>
      RedisBus.open({
        ...inputs,
        ...{ url, deployment },
        onConnection: (isUp, reason) => {
          log[isUp ? 'info' : 'warn']({ event: isUp ? 'bus-up' : 'bus-down', reason });
          if (isOpen) inputs.onConnection(isUp);
          else if (isUp) firstUp();
        },
      }),
  });
  await up;
  isOpen = true;
  return { port, close: () => port.close() };
}
