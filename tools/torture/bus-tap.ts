/**
 * Hears what the nodes tell each other, past their proxies. While Redis is away it hears nothing,
 * as everybody.
 *
 * Knows from server/redis-bus.ts how channels are named and that a message begins with its node.
 */
import { Redis } from 'ioredis';

/** Random bytes that tell one life of a node from another. */
const nodeBytes = 8;
const retryMs = 100;

export interface BusMessage {
  /** Of a node's life, in hex. */
  readonly node: string;
  readonly document: string;
  /** What was published. */
  readonly bytes: Uint8Array;
}

/** Returns what ends it. */
export function tapBus(options: {
  readonly url: string;
  readonly deployment: string;
  readonly onMessage: (message: BusMessage) => void;
}): () => void {
  const prefix = `sve:${options.deployment}:ops:`;
  const redis = new Redis(options.url, { retryStrategy: () => retryMs });
  redis.on('error', () => {});
  redis.psubscribe(`${prefix}*`).catch(() => {});
  redis.on('pmessageBuffer', (_pattern: unknown, channel: Buffer, message: Buffer) => {
    options.onMessage({
      node: message.subarray(0, nodeBytes).toString('hex'),
      document: channel.toString().slice(prefix.length),
      bytes: message.subarray(nodeBytes),
    });
  });
  return () => redis.disconnect();
}
