/**
 * Pub/sub with one Redis: two connections, because one that subscribes may do nothing else. Each
 * comes back by itself, with backoff.
 *
 * Redis gives a message to whoever listens at that moment and keeps nothing, so a break loses
 * messages; and whether a subscription is in effect is known only when it is answered. Both are
 * told. A connection that falls silent without an end is found out by asking it now and then: one
 * that only listens would never miss an answer. A server of a cluster may also give a channel up,
 * or refuse it, because its slot is elsewhere: that is told too, and asked again with `retry` only.
 *
 * Invariant: a message is passed on only while its subscription is in effect on the connection that
 * brought it.
 */
import type { Redis, RedisOptions } from 'ioredis';
import { commandsFor, type Dialect, isElsewhere } from './redis-dialect.ts';

/** What a client is made with; replies keep the form that they have by default. */
export type RedisClientOptions = Omit<RedisOptions, 'replyMapping'>;

export interface RedisLinkOptions {
  /** Makes a client of the server, with these options besides its address. */
  readonly client: (options: RedisClientOptions) => Redis;
  readonly dialect: Dialect;
  /** Of the connections, before `:publish` and `:subscribe`. */
  readonly name: string;
  readonly limits: RedisBusLimits;
  readonly onMessage: (channel: string, message: Buffer) => void;
  /** These have taken effect; `isAfterBreak`: they are all, and the connection was away. */
  readonly onSubscribed: (channels: readonly string[], isAfterBreak: boolean) => void;
  /** These are no longer in effect, or were refused, or were abandoned and are given up now. */
  readonly onLost: (channels: readonly string[]) => void;
  /** It has come up, or a connection has ended. */
  readonly onChange: () => void;
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

export const defaultBusLimits: RedisBusLimits = {
  // Some seconds of a busy node; the readers find what is missing in the log.
  unansweredBytesMax: 16 * 1024 * 1024,
  connectTimeoutMs: 3_000,
  answerTimeoutMs: 5_000,
  pingMs: 5_000,
  backoffMaxMs: 2_000,
};

/** Presence is dropped when so much is unanswered: long before a row is. */
export function presenceBytesMax({ unansweredBytesMax }: RedisBusLimits): number {
  return unansweredBytesMax / 8;
}

/** Ceiling of the first delay between two attempts. */
const backoffMinMs = 100;

/** Before attempt 1, 2, …: nodes that lost the same Redis must not come back in step. */
export function backOffMs(attempt: number, { backoffMaxMs }: RedisBusLimits): number {
  const ceilingMs = Math.min(backoffMaxMs, backoffMinMs * 2 ** (attempt - 1));
  return ceilingMs * (0.5 + Math.random() / 2);
}

export class RedisLink {
  /** For questions to the server as well. */
  readonly publisher: Redis;
  readonly #options: RedisLinkOptions;
  readonly #subscriber: Redis;
  readonly #wanted = new Set<string>();
  /** Asked for on the present connection. */
  readonly #asked = new Set<string>();
  /** Of `#asked`: answered, and not given up by the server since. */
  readonly #inEffect = new Set<string>();
  /** Wanted, and said to be elsewhere. */
  readonly #refused = new Set<string>();
  /** Not wanted here any more, but still subscribed. */
  readonly #abandoned = new Set<string>();
  /** For which `#asked` may differ from `#wanted`. */
  #changed = new Set<string>();
  #isAsking = false;
  #isLookingForLost = false;
  /** How often the server gave channels up. */
  #losses = 0;
  /** The present connection has all subscriptions that the one before had. */
  #isSubscribed = false;
  #subscribing: Promise<void> = Promise.resolve();
  #isStarting = true;
  #isClosed = false;
  /** Of the subscriber, that had all their subscriptions. */
  #connections = 0;
  /** Attempts to subscribe since one succeeded. */
  #failures = 0;
  #lastError = 'the connection was closed';
  readonly #pinging: NodeJS.Timeout;

  /** Not connected yet: see `connect`. */
  constructor(options: RedisLinkOptions) {
    this.#options = options;
    const { dialect, limits } = options;
    this.publisher = this.#connection('publish', (attempt) => backOffMs(attempt, limits));
    // An attempt that ends with refused subscriptions has failed, though it was connected.
    const backOff = (): number => backOffMs(++this.#failures, limits);
    this.#subscriber = this.#connection('subscribe', backOff);
    this.publisher.on('ready', () => this.#tell());
    this.publisher.on('close', () => this.#ended());
    this.#subscriber.on('ready', () => {
      this.#subscribing = this.#subscribeAgain();
    });
    this.#subscriber.on('close', () => {
      this.#forget();
      this.#ended();
    });
    this.#subscriber.on('moved', () => this.#lookForLost());
    this.#subscriber.on(dialect.messageEvent, (name: Buffer, message: Buffer) => {
      const channel = name.toString();
      const isHeard = this.#wanted.has(channel) && this.#inEffect.has(channel);
      if (isHeard && !this.#isClosed) options.onMessage(channel, message);
    });
    this.#pinging = setInterval(() => this.#ping(), limits.pingMs).unref();
  }

  /** Both connections are there, with all subscriptions. */
  get isUp(): boolean {
    return this.publisher.status === 'ready' && this.#isSubscribed;
  }

  /** It has neither been up nor failed yet. */
  get isStarting(): boolean {
    return this.#isStarting;
  }

  get canPublish(): boolean {
    return this.publisher.status === 'ready';
  }

  /** Some channel that was abandoned is still subscribed. */
  get hasAbandoned(): boolean {
    return this.#abandoned.size > 0;
  }

  /** Why a connection could not be made or ended, most lately. */
  get lastError(): string {
    return this.#lastError;
  }

  /** Resolves when it is up; rejects if the first attempt fails, and goes on trying. */
  async connect(): Promise<void> {
    try {
      await Promise.all([this.publisher.connect(), this.#subscriber.connect()]);
      await this.#subscribing;
    } catch (error) {
      throw new Error(this.#lastError, { cause: error });
    }
  }

  /** Rejects without an answer: then it may have arrived or not. */
  async publish(channel: string, message: Buffer): Promise<void> {
    await this.#options.dialect.publish(this.publisher, channel, message);
  }

  subscribe(channel: string): void {
    this.#wanted.add(channel);
    this.#abandoned.delete(channel);
    this.#change(channel);
  }

  unsubscribe(channel: string): void {
    this.#wanted.delete(channel);
    this.#refused.delete(channel);
    this.#change(channel);
  }

  /**
   * The channel is elsewhere now. If it is in effect it stays subscribed unheard, because the
   * server may not know yet and still take messages: `onLost` tells when that has ended.
   */
  abandon(channel: string): void {
    if (this.#inEffect.delete(channel)) {
      this.#wanted.delete(channel);
      this.#asked.delete(channel);
      this.#abandoned.add(channel);
    } else {
      this.unsubscribe(channel);
    }
  }

  /** Asks again for what was refused. */
  retry(): void {
    for (const channel of this.#refused) this.#change(channel);
    this.#refused.clear();
  }

  /** Sends what was published before, then ends the connections; nothing is called any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#pinging);
    if (this.publisher.status === 'ready') await this.publisher.quit().catch(() => {});
    await Promise.all([ended(this.publisher), ended(this.#subscriber)]);
  }

  /** Without an answer in time the connection ends (`socketTimeout`), and so is made again. */
  #ping(): void {
    for (const redis of [this.publisher, this.#subscriber]) {
      if (redis.status === 'ready') redis.ping().catch(() => {});
    }
  }

  #connection(purpose: string, retryStrategy: (attempt: number) => number): Redis {
    const { client, name, limits } = this.#options;
    const redis = client({
      lazyConnect: true,
      connectionName: `${name}:${purpose}`,
      connectTimeout: limits.connectTimeoutMs,
      socketTimeout: limits.answerTimeoutMs,
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

  #tell(): void {
    if (this.isUp) this.#isStarting = false;
    if (!this.#isClosed) this.#options.onChange();
  }

  #ended(): void {
    this.#isStarting = false;
    this.#tell();
  }

  #tellLost(channels: readonly string[]): void {
    if (channels.length > 0 && !this.#isClosed) this.#options.onLost(channels);
  }

  /** The connection on which they were subscribed has ended. */
  #forget(): void {
    const abandoned = [...this.#abandoned];
    for (const set of [this.#asked, this.#inEffect, this.#refused, this.#abandoned]) set.clear();
    this.#isSubscribed = false;
    this.#tellLost(abandoned);
  }

  /** One turn's subscriptions go together. */
  #change(channel: string): void {
    this.#changed.add(channel);
    if (this.#isAsking) return;
    this.#isAsking = true;
    setImmediate(() => {
      this.#isAsking = false;
      if (this.#isSubscribed) void this.#askMore();
    });
  }

  async #subscribeAgain(): Promise<void> {
    this.#changed = new Set(this.#wanted);
    const fresh = await this.#ask();
    if (fresh === null) return;
    this.#failures = 0;
    this.#isSubscribed = true;
    this.#tell();
    const isAfterBreak = this.#connections++ > 0;
    if (!this.#isClosed) this.#options.onSubscribed(fresh, isAfterBreak);
    await this.#askMore();
  }

  async #askMore(): Promise<void> {
    const fresh = (await this.#ask()) ?? [];
    if (fresh.length > 0 && !this.#isClosed) this.#options.onSubscribed(fresh, false);
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
    for (const channel of gone) this.#inEffect.delete(channel);
    for (const channel of fresh) this.#asked.add(channel);
    const { dialect } = this.#options;
    const losses = this.#losses;
    const subscriber = this.#subscriber;
    const { stream } = subscriber;
    try {
      const refused = await Promise.all([
        ...commandsFor(dialect, gone).map((channels) =>
          this.#refusedOf(channels, dialect.unsubscribe(subscriber, channels)),
        ),
        ...commandsFor(dialect, fresh).map((channels) =>
          this.#refusedOf(channels, dialect.subscribe(subscriber, channels)),
        ),
      ]);
      if (stream !== subscriber.stream) return null;
      return this.#settle(fresh, refused.flat(), losses);
    } catch (error) {
      // If it refused, only a new connection is certain to have no subscriptions.
      if (stream === subscriber.stream && stream.writable) {
        this.#lastError = String(error);
        subscriber.disconnect(true);
      }
      return null;
    }
  }

  /** None of the channels, or all of them if the answer is that they are elsewhere. */
  async #refusedOf(
    channels: readonly string[],
    answer: Promise<unknown>,
  ): Promise<readonly string[]> {
    try {
      await answer;
      return [];
    } catch (error) {
      const slot = this.#options.dialect.slotOf(channels[0] ?? '');
      if (isElsewhere(error, slot)) return channels;
      throw error;
    }
  }

  /** Notes what is in effect of what was asked for, and returns it. */
  #settle(fresh: readonly string[], refused: readonly string[], losses: number): string[] {
    const isRefused = new Set(refused);
    // What was given up again meanwhile is known to the client only.
    const present = losses === this.#losses ? null : this.#present();
    const asked = fresh.filter((each) => this.#wanted.has(each) && this.#asked.has(each));
    const isHere = (channel: string): boolean =>
      !isRefused.has(channel) && (present === null || present.has(channel));
    const inEffect = asked.filter(isHere);
    for (const channel of inEffect) this.#inEffect.add(channel);
    this.#refuse(asked.filter((channel) => !isHere(channel)));
    return inEffect;
  }

  #refuse(channels: readonly string[]): void {
    for (const channel of channels) {
      this.#asked.delete(channel);
      this.#inEffect.delete(channel);
      this.#refused.add(channel);
    }
    this.#tellLost(channels);
  }

  /** The server gave a channel up; it does so one by one, and many at a time. */
  #lookForLost(): void {
    this.#losses += 1;
    if (this.#isLookingForLost) return;
    this.#isLookingForLost = true;
    setImmediate(() => {
      this.#isLookingForLost = false;
      const present = this.#present();
      const abandoned = [...this.#abandoned].filter((channel) => !present.has(channel));
      for (const channel of abandoned) this.#abandoned.delete(channel);
      this.#refuse([...this.#inEffect].filter((channel) => !present.has(channel)));
      this.#tellLost(abandoned);
    });
  }

  /** What is subscribed on the present connection, as the client has counted it. */
  #present(): Set<string> {
    const counted = this.#subscriber.condition?.subscriber;
    return new Set(counted ? counted.channels('ssubscribe') : []);
  }
}

async function ended(redis: Redis): Promise<void> {
  const { status } = redis;
  const end = new Promise<void>((resolve) => redis.once('end', resolve));
  redis.disconnect();
  // Between two attempts there is nothing to end, and nobody tells.
  if (status !== 'end' && status !== 'reconnecting') await end;
}
