/**
 * The bus in a Redis Cluster: BusPort (engine/driver/ports.ts) over sharded pub/sub, one channel
 * per document (redis-envelope.ts). The slot of its channel says which master carries a document;
 * each master has a pair of connections of its own (redis-link.ts).
 *
 *   document ──▶ slot ──▶ master    learnt from the nodes themselves (redis-cluster-map.ts),
 *                                   again after each alarm (redis-cluster-watch.ts)
 *
 * An alarm is: a connection ended, a server gave a channel up or refused it, a message was given
 * back (redis-slot-queue.ts).
 *
 * Invariants: those of RedisBus. A document is heard from one master at a time. Its gap is reported
 * when its subscription has taken effect, also after a break and at another master; and once more
 * when a master that it left still took messages until then. A shard that is away holds up only its
 * own documents.
 */
import { Redis } from 'ioredis';
import type { BusPort } from '../engine/driver/ports.ts';
import type { ClusterLogin, NodeAddress } from './redis-address.ts';
import type { RedisBusInputs } from './redis-bus.ts';
import { askForMap, type ClusterMap, newestOf, sameOwners } from './redis-cluster-map.ts';
import { askSeeds, joined, withName } from './redis-cluster-seed.ts';
import { ClusterWatch, type Finding } from './redis-cluster-watch.ts';
import { shardedPubSub } from './redis-dialect.ts';
import { RedisEnvelope } from './redis-envelope.ts';
import {
  defaultBusLimits,
  presenceBytesMax,
  type RedisBusLimits,
  type RedisClientOptions,
  RedisLink,
} from './redis-link.ts';
import { type SlotMessage, SlotQueue } from './redis-slot-queue.ts';

export interface RedisClusterBusOptions extends RedisBusInputs {
  /** Where to ask for the nodes, as long as none is known that answers. */
  readonly seeds: readonly NodeAddress[];
  readonly login: ClusterLogin;
  /** Where a node is that announces itself so, in a network that translates addresses. */
  readonly translate?: (announced: NodeAddress) => NodeAddress;
}

/** A document that is wanted, and the master that it is heard from. */
interface Place {
  readonly channel: string;
  readonly slot: number;
  link: RedisLink | null;
}

export class RedisClusterBus implements BusPort {
  readonly #options: RedisClusterBusOptions;
  readonly #limits: RedisBusLimits;
  readonly #envelope: RedisEnvelope;
  /** By name of the node: of the masters, and of former ones as long as they hold channels. */
  readonly #links = new Map<string, RedisLink>();
  readonly #places = new Map<string, Place>();
  readonly #queues = new Map<number, SlotQueue>();
  #map: ClusterMap | null = null;
  #watch: ClusterWatch | null = null;
  #unansweredBytes = 0;
  #isUp: boolean | null = null;
  #isClosed = false;

  /** Not connected yet: see `open`. */
  constructor(options: RedisClusterBusOptions) {
    this.#options = options;
    this.#limits = { ...defaultBusLimits, ...options.limits };
    this.#envelope = new RedisEnvelope(options.deployment);
  }

  /**
   * Connects; rejects if no node of the cluster can be used now. A shard that is away is no reason:
   * what breaks is mended in the background.
   */
  static async open(options: RedisClusterBusOptions): Promise<RedisClusterBus> {
    const bus = new RedisClusterBus(options);
    try {
      bus.#apply(await bus.#askAnyOf(options.seeds));
      await bus.#connectFirst();
    } catch (error) {
      await bus.close();
      throw error instanceof AggregateError ? joined(error.errors) : error;
    }
    bus.#start();
    return bus;
  }

  /** See RedisBus. */
  get name(): string {
    return this.#envelope.name;
  }

  /** See BusPort. */
  publish(document: string, bytes: Uint8Array): void {
    const waiting = this.#unansweredBytes + RedisEnvelope.sizeOf(bytes);
    if (this.#isClosed || waiting > this.#limits.unansweredBytesMax) return;
    this.#unansweredBytes = waiting;
    const channel = this.#envelope.channelOf(document);
    const slot = this.#places.get(document)?.slot ?? shardedPubSub.slotOf(channel);
    this.#queueOf(slot).push({ channel, body: this.#envelope.seal(bytes) });
  }

  /** See BusPort. */
  publishPresence(document: string, bytes: Uint8Array): void {
    if (this.#unansweredBytes <= presenceBytesMax(this.#limits)) this.publish(document, bytes);
  }

  /** See BusPort. */
  subscribe(document: string): void {
    if (this.#places.has(document)) return;
    const channel = this.#envelope.channelOf(document);
    const slot = shardedPubSub.slotOf(channel);
    const link = this.#route(slot);
    this.#places.set(document, { channel, slot, link });
    link?.subscribe(channel);
  }

  /** See BusPort. Nothing of the document comes after the call. */
  unsubscribe(document: string): void {
    const place = this.#places.get(document);
    this.#places.delete(document);
    place?.link?.unsubscribe(place.channel);
  }

  /** Sends what was published before, then ends the connections; nothing is called any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watch?.close();
    await Promise.all([...this.#links.values()].map((link) => link.close()));
  }

  /** Resolves when every master has been tried; rejects if none can be used. */
  async #connectFirst(): Promise<void> {
    const attempts = [...(this.#map?.masters ?? [])].map(([node, address]) =>
      withName(address, this.#links.get(node)?.connect() ?? Promise.resolve()),
    );
    if (attempts.length === 0) throw new Error('no node of the cluster serves any slot');
    const outcomes = await Promise.allSettled(attempts);
    const reasons = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    if (reasons.length === attempts.length) throw joined(reasons);
  }

  #start(): void {
    this.#watch = new ClusterWatch(() => this.#look(), this.#limits);
    this.#tell();
  }

  #route(slot: number): RedisLink | null {
    const owner = this.#map?.owners[slot] ?? null;
    return owner === null ? null : (this.#links.get(owner) ?? null);
  }

  #queueOf(slot: number): SlotQueue {
    let queue = this.#queues.get(slot);
    if (queue === undefined) {
      queue = new SlotQueue({
        slot,
        route: () => this.#route(slot),
        onDone: ({ body }: SlotMessage) => {
          this.#unansweredBytes -= body.length;
        },
        onReturned: () => this.#watch?.alarm(),
        onIdle: () => this.#queues.delete(slot),
      });
      this.#queues.set(slot, queue);
    }
    return queue;
  }

  /** Learns where the slots are, and asks again for what was refused or given back. */
  async #look(): Promise<Finding> {
    const map = await this.#ask();
    if (this.#isClosed) return 'well';
    const isChanged = map !== null && !sameOwners(this.#map, map);
    if (map !== null) this.#apply(map);
    for (const link of this.#links.values()) link.retry();
    this.#retryQueues();
    this.#tell();
    if (isChanged) return 'changed';
    return this.#isUp === true ? 'well' : 'unwell';
  }

  /** Of the masters, or, if none of them answers, of whoever else may know. */
  async #ask(): Promise<ClusterMap | null> {
    const masters = [...(this.#map?.masters ?? [])].flatMap(([node, address]) => {
      const link = this.#links.get(node);
      return link?.canPublish ? [askForMap(link.publisher, address)] : [];
    });
    const answers = await Promise.allSettled(masters);
    const maps = answers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    if (maps.length > 0 || this.#isClosed) return newestOf(maps);
    const others = [...this.#options.seeds, ...(this.#map?.nodes ?? [])];
    return await this.#askAnyOf(others).catch(() => null);
  }

  #askAnyOf(addresses: readonly NodeAddress[]): Promise<ClusterMap> {
    const clientOf = (address: NodeAddress, options: RedisClientOptions): Redis =>
      this.#client(address, options);
    return askSeeds(addresses, clientOf, this.#limits);
  }

  #client(announced: NodeAddress, options: RedisClientOptions): Redis {
    const { login, translate } = this.#options;
    return new Redis({ ...(translate?.(announced) ?? announced), ...login, ...options });
  }

  /** Takes a map for true: connects to its masters, and puts every document where it says. */
  #apply(map: ClusterMap): void {
    this.#map = map;
    for (const [node, address] of map.masters) {
      if (this.#links.has(node)) continue;
      const link = this.#linkTo(address);
      this.#links.set(node, link);
      // Until `open` has its own look at the first attempt.
      if (this.#watch !== null) link.connect().catch(() => {});
    }
    for (const place of this.#places.values()) {
      const link = this.#route(place.slot);
      if (link === place.link) continue;
      place.link?.abandon(place.channel);
      place.link = link;
      link?.subscribe(place.channel);
    }
    this.#closeFormer();
  }

  #linkTo(address: NodeAddress): RedisLink {
    const link: RedisLink = new RedisLink({
      client: (options) => this.#client(address, options),
      dialect: shardedPubSub,
      name: this.name,
      limits: this.#limits,
      onMessage: (channel, message) => {
        const bytes = this.#envelope.open(message);
        if (bytes !== null) this.#options.onMessage(this.#envelope.documentOf(channel), bytes);
      },
      onSubscribed: (channels) => {
        for (const channel of channels) this.#tellGap(channel, (place) => place.link === link);
      },
      onLost: (channels) => {
        // It took messages for them until now, and others took the rest.
        for (const channel of channels) this.#tellGap(channel, (place) => place.link !== link);
        this.#watch?.alarm();
        this.#closeFormer();
      },
      onChange: () => {
        if (!link.isUp) this.#watch?.alarm();
        this.#retryQueues();
        this.#tell();
      },
    });
    return link;
  }

  #tellGap(channel: string, applies: (place: Place) => boolean): void {
    const document = this.#envelope.documentOf(channel);
    const place = this.#places.get(document);
    if (place !== undefined && applies(place) && !this.#isClosed) this.#options.onGap(document);
  }

  #retryQueues(): void {
    for (const queue of this.#queues.values()) queue.retry();
  }

  /** Ends the connections to masters that have lost all their slots, and have let go of them. */
  #closeFormer(): void {
    for (const [node, link] of this.#links) {
      if (this.#map?.masters.has(node) === true || link.hasAbandoned) continue;
      this.#links.delete(node);
      void link.close();
    }
  }

  /** Tells if the bus has come up or gone down. */
  #tell(): void {
    if (this.#isClosed || this.#watch === null) return;
    const problem = this.#problem();
    const isUp = problem === null;
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    this.#options.onConnection?.(isUp, problem ?? 'connected');
  }

  /** Why some document is not carried; null = all are. */
  #problem(): string | null {
    for (const node of this.#map?.masters.keys() ?? []) {
      const link = this.#links.get(node);
      if (link?.isUp !== true) return `${node}: ${link?.lastError ?? 'not connected yet'}`;
    }
    const isComplete = this.#map?.owners.every((owner) => owner !== null) === true;
    return isComplete ? null : 'the cluster has slots that no node serves';
  }
}
