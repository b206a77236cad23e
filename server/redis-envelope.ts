/**
 * How a message of the bus stands in Redis.
 *
 *   channel   sve:<deployment>:ops:<document>
 *   message   8 bytes: random id of the node │ what was published
 */
import { randomBytes } from 'node:crypto';

const idBytes = 8;

/** Names and messages of one node. */
export class RedisEnvelope {
  readonly #id = randomBytes(idBytes);
  readonly #deployment: string;
  readonly #prefix: string;

  constructor(deployment: string) {
    this.#deployment = deployment;
    this.#prefix = `sve:${deployment}:ops:`;
  }

  /** How `CLIENT LIST` names the connections of this node, before `:publish` and `:subscribe`. */
  get name(): string {
    return `sve:${this.#deployment}:${this.#id.toString('hex')}`;
  }

  channelOf(document: string): string {
    return this.#prefix + document;
  }

  documentOf(channel: string): string {
    return channel.slice(this.#prefix.length);
  }

  seal(bytes: Uint8Array): Buffer {
    return Buffer.concat([this.#id, bytes]);
  }

  /** What was published; null = by this node itself, or by nobody who knows the form. */
  open(message: Buffer): Uint8Array | null {
    if (message.length < idBytes || message.subarray(0, idBytes).equals(this.#id)) return null;
    return message.subarray(idBytes);
  }

  /** Bytes that a message takes. */
  static sizeOf(bytes: Uint8Array): number {
    return idBytes + bytes.length;
  }
}
