/**
 * The bus in Redis: BusPort (engine/driver/ports.ts) over pub/sub, one channel per document.
 *
 *   channel   sve:<deployment>:ops:<document>
 *   message   8 bytes: random id of the node │ what was published
 *
 * Two connections, because one that subscribes may do nothing else. Each comes back by itself, with
 * backoff. Redis gives a message to whoever listens at that moment and keeps nothing, so a break
 * loses messages; and whether a subscription is in effect is known only when it is answered. After
 * both a gap is reported: read the log. A connection that falls silent without an end is found out
 * by asking it now and then: one that only listens would never miss an answer.
 *
 * Invariants: publishing never waits, never throws and holds a bounded number of bytes; what cannot
 * be sent now is dropped. A node never hears itself. Not here: presence, and what a node says of
 * itself while Redis is away.
 */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { BusPort } from '../engine/driver/ports.ts';

export interface RedisBusOptions {
  readonly url: string;
  /** Nodes of other deployments on the same Redis are not heard. */
  readonly deployment: string;
  readonly onMessage: (document: string, bytes: Uint8Array) => void;
  /**
   * Messages may have been missed: of this document, whose subscription has taken effect now, or
   * (null) of all, because the connection was away.
   */
  readonly onGap: (document: string | null) => void;
  /** Once when both connections are up, once when one of them breaks, and so on. */
  readonly onConnection?: (up: boolean, reason: string) => void;
  /** Changes to `defaultLimits`. */
  readonly limits?: Partial<RedisBusLimits>;
}

/** Bounds on memory and time; bytes and milliseconds. */
export interface RedisBusLimits {
  /** Published and not answered yet; more is dropped. */
  readonly unansweredBytesMax: number;
  readonly connectTimeoutMs: number;
  /** A connection that owes an answer for so long is given up. */
  readonly answerTimeoutMs: number;
  /** Each connection is asked for an answer so often: one that only listens would owe none. */
  readonly pingMs: number;
  readonly backoffMaxMs: number;
}

const defaultLimits: RedisBusLimits = {
  // Some seconds of a busy node; the readers find what is missing in the log.
  unansweredBytesMax: 16 * 1024 * 1024,
  connectTimeoutMs: 3_000,
  answerTimeoutMs: 5_000,
  pingMs: 5_000,
  backoffMaxMs: 2_000,
};

/** Ceiling of the first delay between two attempts to connect. */
const backoffMinMs = 100;
/** Channels in one command; bounds how long Redis is busy with it. */
const channelsMax = 1_000;
const idBytes = 8;

export class RedisBus implements BusPort {
  readonly #options: RedisBusOptions;
  readonly #limits: RedisBusLimits;
  readonly #prefix: string;
  readonly #id = randomBytes(idBytes);
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  readonly #wanted = new Set<string>();
  /** Documents whose channel was asked for on the present connection. */
  readonly #asked = new Set<string>();
  /** Documents for which `#asked` may differ from `#wanted`. */
  #changed = new Set<string>();
  #isAsking = false;
  /** The present connection has all subscriptions that the one before had. */
  #isSubscribed = false;
  #isUp = false;
  #isClosed = false;
  /** Of the subscriber, that had all their subscriptions. */
  #connections = 0;
  /** Attempts to subscribe since one succeeded. */
  #failures = 0;
  #unansweredBytes = 0;
  readonly #pinging: NodeJS.Timeout;
  #lastError = 'the connection was closed';

  /** Not connected yet: see `open`. */
  constructor(options: RedisBusOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#prefix = `sve:${options.deployment}:ops:`;
    this.#publisher = this.#connection('publish', (attempt) => this.#backOff(attempt));
    // An attempt that ends with refused subscriptions has failed, though it was connected.
    this.#subscriber = this.#connection('subscribe', () => this.#backOff(++this.#failures));
    this.#publisher.on('ready', () => this.#look());
    this.#publisher.on('close', () => this.#look());
    this.#subscriber.on('ready', () => void this.#subscribeAgain());
    this.#subscriber.on('close', () => {
      this.#asked.clear();
      this.#isSubscribed = false;
      this.#look();
    });
    this.#subscriber.on('messageBuffer', (channel: Buffer, message: Buffer) =>
      this.#receive(channel.toString(), message),
    );
    this.#pinging = setInterval(() => this.#ping(), this.#limits.pingMs).unref();
  }

  /** Connects; rejects if Redis does not answer now. Later breaks are mended in the background. */
  static async open(options: RedisBusOptions): Promise<RedisBus> {
    const bus = new RedisBus(options);
    try {
      await Promise.all([bus.#publisher.connect(), bus.#subscriber.connect()]);
      return bus;
    } catch (error) {
      await bus.close();
      throw new Error(bus.#lastError, { cause: error });
    }
  }

  /** How `CLIENT LIST` names the connections of this node, before `:publish` and `:subscribe`. */
  get name(): string {
    return `sve:${this.#options.deployment}:${this.#id.toString('hex')}`;
  }

  /** See BusPort. */
  publish(document: string, bytes: Uint8Array): void {
    const waiting = this.#unansweredBytes + idBytes + bytes.length;
    const isReady = this.#publisher.status === 'ready';
    if (!isReady || waiting > this.#limits.unansweredBytesMax) return;
    this.#unansweredBytes = waiting;
    const message = Buffer.concat([this.#id, bytes]);
    const answered = (): void => {
      this.#unansweredBytes -= message.length;
    };
    // Without an answer it may have arrived or not: both are allowed.
    this.#publisher.publish(this.#prefix + document, message).then(answered, answered);
  }

  /** See BusPort. */
  subscribe(document: string): void {
    this.#wanted.add(document);
    this.#change(document);
  }

  /** See BusPort. Nothing of the document comes after the call. */
  unsubscribe(document: string): void {
    this.#wanted.delete(document);
    this.#change(document);
  }

  /** Sends what was published before, then ends the connections; nothing is called any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#pinging);
    if (this.#publisher.status === 'ready') await this.#publisher.quit().catch(() => {});
    await Promise.all([ended(this.#publisher), ended(this.#subscriber)]);
  }

  #connection(purpose: string, retryStrategy: (attempt: number) => number): Redis {
    const redis = new Redis(this.#options.url, {
      lazyConnect: true,
      connectionName: `${this.name}:${purpose}`,
      connectTimeout: this.#limits.connectTimeoutMs,
      socketTimeout: this.#limits.answerTimeoutMs,
      keepAlive: 10_000,
      retryStrategy,
      // At most once: what a break interrupts is given up, not kept and not repeated.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
    });
    redis.on('error', (error) => {
      this.#lastError = error.message;
    });
    return redis;
  }

  /** Without an answer in time the connection ends (`socketTimeout`), and so is made again. */
  #ping(): void {
    for (const redis of [this.#publisher, this.#subscriber]) {
      if (redis.status === 'ready') redis.ping().catch(() => {});
    }
  }

  /** Nodes that lost the same Redis must not come back in step. */
  #backOff(attempt: number): number {
    const ceilingMs = Math.min(this.#limits.backoffMaxMs, backoffMinMs * 2 ** (attempt - 1));
    return ceilingMs * (0.5 + Math.random() / 2);
  }

  /** Tells if the bus has come up or gone down. */
  #look(): void {
    const isUp = this.#publisher.status === 'ready' && this.#isSubscribed;
    if (isUp === this.#isUp || this.#isClosed) return;
    this.#isUp = isUp;
    this.#options.onConnection?.(isUp, isUp ? 'connected' : this.#lastError);
  }

  /** One turn's subscriptions go into one command. */
  #change(document: string): void {
    this.#changed.add(document);
    if (this.#isAsking) return;
    this.#isAsking = true;
    setImmediate(() => {
      this.#isAsking = false;
      if (this.#isSubscribed) void this.#askMore();
    });
  }

  #reportGap(document: string | null): void {
    if (!this.#isClosed) this.#options.onGap(document);
  }

  async #subscribeAgain(): Promise<void> {
    this.#changed = new Set(this.#wanted);
    if ((await this.#ask()) === null) return;
    this.#failures = 0;
    this.#isSubscribed = true;
    this.#look();
    if (this.#connections++ > 0) this.#reportGap(null);
    await this.#askMore();
  }

  async #askMore(): Promise<void> {
    for (const document of (await this.#ask()) ?? []) {
      if (this.#wanted.has(document)) this.#reportGap(document);
    }
  }

  /**
   * Makes `#asked` what is wanted; resolves with what is in effect since then, null when the
   * connection did not last.
   */
  async #ask(): Promise<readonly string[] | null> {
    const changed = [...this.#changed];
    this.#changed.clear();
    const gone = changed.filter((each) => !this.#wanted.has(each) && this.#asked.delete(each));
    const fresh = changed.filter((each) => this.#wanted.has(each) && !this.#asked.has(each));
    for (const document of fresh) this.#asked.add(document);
    const subscriber = this.#subscriber;
    const { stream } = subscriber;
    try {
      await Promise.all([
        ...this.#channels(gone).map((channels) => subscriber.unsubscribe(...channels)),
        ...this.#channels(fresh).map((channels) => subscriber.subscribe(...channels)),
      ]);
      return stream === subscriber.stream ? fresh : null;
    } catch (error) {
      // If it refused, only a new connection is certain to have no subscriptions.
      if (stream === subscriber.stream && subscriber.status === 'ready') {
        this.#lastError = String(error);
        subscriber.disconnect(true);
      }
      return null;
    }
  }

  #channels(documents: readonly string[]): string[][] {
    const channels = documents.map((document) => this.#prefix + document);
    const commands: string[][] = [];
    for (let i = 0; i < channels.length; i += channelsMax) {
      commands.push(channels.slice(i, i + channelsMax));
    }
    return commands;
  }

  #receive(channel: string, message: Buffer): void {
    const document = channel.slice(this.#prefix.length);
    if (this.#isClosed || !this.#wanted.has(document) || message.length < idBytes) return;
    if (message.subarray(0, idBytes).equals(this.#id)) return;
    this.#options.onMessage(document, message.subarray(idBytes));
  }
}

async function ended(redis: Redis): Promise<void> {
  const { status } = redis;
  const end = new Promise<void>((resolve) => redis.once('end', resolve));
  redis.disconnect();
  // Between two attempts there is nothing to end, and nobody tells.
  if (status !== 'end' && status !== 'reconnecting') await end;
}
