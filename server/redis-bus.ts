/**
 * The bus in one Redis: BusPort (engine/driver/ports.ts) over pub/sub, one channel per document
 * (redis-envelope.ts) and one pair of connections (redis-link.ts).
 *
 * When a subscription takes effect, and after each break, a gap is reported: read the log.
 *
 * Invariants: publishing never waits, never throws and holds a bounded number of bytes; what cannot
 * be sent now is dropped. A node never hears itself. Not here: presence, and what a node says of
 * itself while Redis is away.
 */
import { Redis } from 'ioredis';
import type { BusPort } from '../engine/driver/ports.ts';
import { plainPubSub } from './redis-dialect.ts';
import { RedisEnvelope } from './redis-envelope.ts';
import {
  defaultBusLimits,
  presenceBytesMax,
  type RedisBusLimits,
  RedisLink,
} from './redis-link.ts';

/** What every bus in Redis is given. */
export interface RedisBusInputs {
  /** Nodes of other deployments on the same Redis are not heard. */
  readonly deployment: string;
  readonly onMessage: (document: string, bytes: Uint8Array) => void;
  /**
   * Messages may have been missed: of this document, whose subscription has taken effect now, or
   * (null) of all, because the connection was away.
   */
  readonly onGap: (document: string | null) => void;
  /** Once when all connections are up, once when one of them breaks, and so on. */
  readonly onConnection?: (up: boolean, reason: string) => void;
  /** Changes to `defaultBusLimits`. */
  readonly limits?: Partial<RedisBusLimits>;
}

export interface RedisBusOptions extends RedisBusInputs {
  readonly url: string;
}

export class RedisBus implements BusPort {
  readonly #options: RedisBusOptions;
  readonly #limits: RedisBusLimits;
  readonly #envelope: RedisEnvelope;
  readonly #link: RedisLink;
  #isUp = false;
  #isClosed = false;
  #unansweredBytes = 0;

  /** Not connected yet: see `open`. */
  constructor(options: RedisBusOptions) {
    this.#options = options;
    this.#limits = { ...defaultBusLimits, ...options.limits };
    this.#envelope = new RedisEnvelope(options.deployment);
    this.#link = new RedisLink({
      client: (redisOptions) => new Redis(options.url, redisOptions),
      dialect: plainPubSub,
      name: this.name,
      limits: this.#limits,
      onMessage: (channel, message) => this.#receive(channel, message),
      onSubscribed: (channels, isAfterBreak) => {
        if (isAfterBreak) options.onGap(null);
        else for (const channel of channels) options.onGap(this.#envelope.documentOf(channel));
      },
      // Plain channels are everywhere.
      onLost: () => {},
      onChange: () => this.#look(),
    });
  }

  /** Connects; rejects if Redis does not answer now. Later breaks are mended in the background. */
  static async open(options: RedisBusOptions): Promise<RedisBus> {
    const bus = new RedisBus(options);
    try {
      await bus.#link.connect();
      return bus;
    } catch (error) {
      await bus.close();
      throw error;
    }
  }

  /** How `CLIENT LIST` names the connections of this node, before `:publish` and `:subscribe`. */
  get name(): string {
    return this.#envelope.name;
  }

  /** See BusPort. */
  publish(document: string, bytes: Uint8Array): void {
    const size = RedisEnvelope.sizeOf(bytes);
    const waiting = this.#unansweredBytes + size;
    if (!this.#link.canPublish || waiting > this.#limits.unansweredBytesMax) return;
    this.#unansweredBytes = waiting;
    const answered = (): void => {
      this.#unansweredBytes -= size;
    };
    // Without an answer it may have arrived or not: both are allowed.
    const sent = this.#link.publish(this.#envelope.channelOf(document), this.#envelope.seal(bytes));
    sent.then(answered, answered);
  }

  /** See BusPort. */
  publishPresence(document: string, bytes: Uint8Array): void {
    if (this.#unansweredBytes <= presenceBytesMax(this.#limits)) this.publish(document, bytes);
  }

  /** See BusPort. */
  subscribe(document: string): void {
    this.#link.subscribe(this.#envelope.channelOf(document));
  }

  /** See BusPort. Nothing of the document comes after the call. */
  unsubscribe(document: string): void {
    this.#link.unsubscribe(this.#envelope.channelOf(document));
  }

  /** Sends what was published before, then ends the connections; nothing is called any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#link.close();
  }

  /** Tells if the bus has come up or gone down. */
  #look(): void {
    const { isUp } = this.#link;
    if (isUp === this.#isUp || this.#isClosed) return;
    this.#isUp = isUp;
    this.#options.onConnection?.(isUp, isUp ? 'connected' : this.#link.lastError);
  }

  #receive(channel: string, message: Buffer): void {
    const bytes = this.#envelope.open(message);
    if (bytes !== null) this.#options.onMessage(this.#envelope.documentOf(channel), bytes);
  }
}
