/**
 * The two kinds of pub/sub that Redis has, so that one code speaks both.
 *
 * With plain pub/sub every node of a cluster hears every message. With sharded pub/sub (Redis 7) a
 * channel has a slot, as a key has, and is known to the master of that slot only; a command may
 * name channels of one slot only.
 */
import { Command, type Redis } from 'ioredis';

export interface Dialect {
  readonly messageEvent: 'messageBuffer' | 'smessageBuffer';
  publish(redis: Redis, channel: string, message: Buffer): Promise<unknown>;
  subscribe(redis: Redis, channels: readonly string[]): Promise<unknown>;
  unsubscribe(redis: Redis, channels: readonly string[]): Promise<unknown>;
  /** Channels with the same number may stand in one command. */
  slotOf(channel: string): number;
}

export const plainPubSub: Dialect = {
  messageEvent: 'messageBuffer',
  publish: (redis, channel, message) => redis.publish(channel, message),
  subscribe: (redis, channels) => redis.subscribe(...channels),
  unsubscribe: (redis, channels) => redis.unsubscribe(...channels),
  slotOf: () => 0,
};

export const shardedPubSub: Dialect = {
  messageEvent: 'smessageBuffer',
  publish: (redis, channel, message) => redis.spublish(channel, message),
  subscribe: (redis, channels) => redis.ssubscribe(...channels),
  unsubscribe: (redis, channels) => redis.sunsubscribe(...channels),
  slotOf: (channel) => new Command('spublish', [channel, '']).getSlot(),
};

/** Bounds how long Redis is busy with one command. */
const channelsMax = 1_000;

/** The channels, each part for a command of its own. */
export function commandsFor(dialect: Dialect, channels: readonly string[]): string[][] {
  const commands: string[][] = [];
  const open = new Map<number, string[]>();
  for (const channel of channels) {
    const slot = dialect.slotOf(channel);
    let command = open.get(slot);
    if (command === undefined || command.length === channelsMax) {
      command = [];
      open.set(slot, command);
      commands.push(command);
    }
    command.push(channel);
  }
  return commands;
}

/**
 * Whether an answer says that these channels are not served here, at least not now. Nothing was
 * done then.
 */
export function isElsewhere(error: unknown, slot: number): boolean {
  const message = error instanceof Error ? error.message : '';
  const moved = /^MOVED (\d+) /.exec(message)?.[1];
  // Of another slot: the answer to another command, and the connection has lost count.
  if (moved !== undefined) return Number(moved) === slot;
  return /^(CLUSTERDOWN|TRYAGAIN) /.test(message);
}
