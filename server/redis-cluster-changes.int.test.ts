/**
 * Goal: whatever happens to a Redis Cluster, what is missed of a document is told by a gap
 * afterwards; the documents of other shards go on without one; and an address that cannot be used
 * is an error that says what to do.
 *
 * Method: a real cluster with a password, whose slots are moved and whose nodes are killed while
 * one node publishes numbers and another listens. The last test leaves it damaged.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { must } from '../engine/assert.ts';
import { ConnectionWatch } from '../properties/contracts/connection-watch.ts';
import { Signal } from '../properties/contracts/signal.ts';
import { type RedisSettings, startOwnRedis } from './backing/own-redis.ts';
import { RedisClusterBus, type RedisClusterBusOptions } from './redis-cluster-bus.ts';
import { shardedPubSub } from './redis-dialect.ts';
import { describeWithRedisProgram } from './testing/describe-redis-program.ts';
import {
  type ClusterNode,
  type OwnRedisCluster,
  startOwnRedisCluster,
} from './testing/own-redis-cluster.ts';

const host = '127.0.0.1';
const password = 'no:thing@special';

type Happening =
  | { readonly type: 'published' | 'heard'; readonly document: string; readonly n: number }
  | { readonly type: 'gap'; readonly document: string | null };

/** Published by all. */
let numbers = 0;

/** A node that publishes numbers, one that listens, and what happened, in order. */
class Talk {
  readonly happened: Happening[] = [];
  readonly connection = new ConnectionWatch();
  /** Of the publisher: what it publishes while it is away is dropped. */
  readonly publishing = new ConnectionWatch();
  readonly #signal = new Signal();

  readonly inputs = {
    onMessage: (document: string, bytes: Uint8Array): void => {
      const n = Number(Buffer.from(bytes).toString());
      this.#note({ type: 'heard', document, n });
    },
    onGap: (document: string | null): void => this.#note({ type: 'gap', document }),
    onConnection: this.connection.onConnection,
  };

  get connections(): readonly ConnectionWatch[] {
    return [this.connection, this.publishing];
  }

  /** Resolves when the subscriptions are in effect. */
  async listen(listener: RedisClusterBus, documents: readonly string[]): Promise<void> {
    for (const document of documents) listener.subscribe(document);
    await this.#signal.until(() => documents.every((document) => this.gapsOf(document) > 0));
  }

  publish(publisher: RedisClusterBus, document: string): number {
    numbers += 1;
    this.#note({ type: 'published', document, n: numbers });
    publisher.publish(document, Buffer.from(String(numbers)));
    return numbers;
  }

  /** Resolves when each document was heard of what is published from now on. */
  async untilHeard(publisher: RedisClusterBus, documents: readonly string[]): Promise<void> {
    for (const document of documents) {
      const first = this.publish(publisher, document);
      while (!this.heardOf(document).some((n) => n >= first)) {
        this.publish(publisher, document);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  /** Resolves when a gap of the document has been told again. */
  async untilGap(document: string): Promise<void> {
    const gaps = this.gapsOf(document);
    await this.#signal.until(() => this.gapsOf(document) > gaps);
  }

  gapsOf(document: string): number {
    return this.happened.filter((each) => each.type === 'gap' && each.document === document).length;
  }

  heardOf(document: string): number[] {
    return this.happened.flatMap((each) =>
      each.type === 'heard' && each.document === document ? [each.n] : [],
    );
  }

  /** Every message was heard in order and once, or a gap was told after it was published. */
  check(): void {
    const heard = new Set<number>();
    const last = new Map<string, number>();
    const missed = new Map<string, number[]>();
    for (const each of this.happened) {
      if (each.type !== 'heard') continue;
      expect(each.n).toBeGreaterThan(last.get(each.document) ?? 0);
      last.set(each.document, each.n);
      heard.add(each.n);
    }
    for (const each of this.happened) {
      if (each.type === 'published' && !heard.has(each.n)) {
        missed.set(each.document, [...(missed.get(each.document) ?? []), each.n]);
      } else if (each.type === 'gap') missed.delete(each.document ?? '');
    }
    // Those after the last that was heard may be on their way.
    for (const [document, ns] of missed) {
      expect(ns.filter((n) => n < (last.get(document) ?? 0))).toEqual([]);
    }
  }

  #note(happening: Happening): void {
    this.happened.push(happening);
    this.#signal.tell();
  }
}

describeWithRedisProgram('the bus in a Redis Cluster that changes', () => {
  const ends: (() => Promise<void>)[] = [];
  let cluster: OwnRedisCluster;
  let masters: readonly ClusterNode[];
  let deployment: string;

  beforeAll(async () => {
    const started = await startOwnRedisCluster({ masters: 3, replicas: 1 }, password);
    cluster = must(started, 'it was found before');
    masters = cluster.masters;
  });

  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  async function open(options: Partial<RedisClusterBusOptions> = {}): Promise<RedisClusterBus> {
    const bus = await RedisClusterBus.open({
      seeds: masters.map(({ port }) => ({ host, port })),
      login: { password },
      deployment,
      onMessage: () => {},
      onGap: () => {},
      limits: { backoffMaxMs: 100 },
      ...options,
    });
    ends.push(() => bus.close());
    return bus;
  }

  /** A publisher and a listener of these documents. */
  async function talk(documents: readonly string[]): Promise<[Talk, RedisClusterBus]> {
    const talking = new Talk();
    const publisher = await open({ onConnection: talking.publishing.onConnection });
    await talking.listen(await open(talking.inputs), documents);
    return [talking, publisher];
  }

  /** Of a deployment of its own: a document on each master. */
  function spread(): readonly [string, string, string] {
    deployment = randomBytes(8).toString('hex');
    const names = masters.map((_, n) => {
      for (let i = 0; ; i++) {
        if (Math.floor((slotOf(`doc-${i}`) * masters.length) / 16_384) === n) return `doc-${i}`;
      }
    });
    return [names[0] ?? '', names[1] ?? '', names[2] ?? ''];
  }

  function master(n: number): ClusterNode {
    return must(masters[n % masters.length], 'a master');
  }

  function slotOf(document: string): number {
    return shardedPubSub.slotOf(`sve:${deployment}:ops:${document}`);
  }

  it('has each document at one master, learnt from any node', async () => {
    const documents = spread();
    const seeds = [
      { host, port: 1 },
      { host, port: master(2).port },
    ];
    const [talking, publisher] = await talk(documents);
    const other = new Talk();
    await other.listen(await open({ ...other.inputs, seeds }), documents);
    await talking.untilHeard(publisher, documents);
    const channels = await Promise.all(
      masters.map(({ admin }) => admin.call('PUBSUB', 'SHARDCHANNELS', `sve:${deployment}:*`)),
    );
    expect(channels).toEqual(documents.map((document) => [`sve:${deployment}:ops:${document}`]));
    expect(other.heardOf(documents[0])).not.toEqual([]);
    expect(talking.connection.reports).toEqual([true]);
    talking.check();
  });

  it('tells of a gap when a slot moves, and misses nothing without one', async () => {
    const [moving, ...staying] = spread();
    const [talking, publisher] = await talk([moving, ...staying]);
    for (let round = 1; round <= 12; round++) {
      const [from, to] = [master(round - 1), master(round)];
      const gap = talking.untilGap(moving);
      let isThere = false;
      const moved = cluster.moveSlot(slotOf(moving), from, to);
      void Promise.all([gap, moved]).then(() => {
        isThere = true;
      });
      while (!isThere) {
        for (const document of [moving, ...staying]) talking.publish(publisher, document);
        await to.admin.ping();
      }
      await talking.untilHeard(publisher, [moving, ...staying]);
    }
    talking.check();
    for (const document of staying) expect(talking.gapsOf(document)).toBe(1);
    expect(talking.connection.reports).toEqual([true]);
  });

  it('sends again what it published to a master that had just lost the slot', async () => {
    const [moving] = spread();
    const [talking, publisher] = await talk([moving]);
    const gap = talking.untilGap(moving);
    await cluster.moveSlot(slotOf(moving), master(0), master(1));
    await gap;
    const published = [1, 2, 3].map(() => talking.publish(publisher, moving));
    await talking.untilHeard(publisher, [moving]);
    expect(talking.heardOf(moving).slice(0, 3)).toEqual(published);
    await cluster.moveSlot(slotOf(moving), master(1), master(0));
  });

  it('tells of a gap once more when the old master, too, knows that it lost a slot', async () => {
    const [other, moving] = spread();
    const talking = new Talk();
    const listener = await open({ ...talking.inputs, limits: { answerTimeoutMs: 200 } });
    await talking.listen(listener, [moving, other]);
    master(1).server.freeze(true);
    const gap = talking.untilGap(moving);
    await cluster.giveSlot(slotOf(moving), master(1), master(2));
    // Alarmed by something else, it hears of the change from the new owner.
    await master(0).admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await gap;
    const secondGap = talking.untilGap(moving);
    master(1).server.freeze(false);
    await secondGap;
    expect(talking.gapsOf(moving)).toBe(3);
    await cluster.moveSlot(slotOf(moving), master(2), master(1));
  });

  it('subscribes again when a master lost a slot and has it back at once', async () => {
    const [moving] = spread();
    const [talking, publisher] = await talk([moving]);
    const gap = talking.untilGap(moving);
    const slot = slotOf(moving);
    await master(0).admin.multi().cluster('DELSLOTS', slot).cluster('ADDSLOTS', slot).exec();
    await gap;
    await talking.untilHeard(publisher, [moving]);
    talking.check();
  });

  it('hears in the end what it wants, whatever it took back while slots moved', async () => {
    const [first, ...staying] = spread();
    // In one slot, which is not that of their first characters.
    const moving = Array.from({ length: 6 }, (_, n) => `${n} {sve:${deployment}:ops:${first}}`);
    const all = [...moving, ...staying, first];
    const talking = new Talk();
    const publisher = await open();
    const listener = await open(talking.inputs);
    await talking.listen(listener, all);
    for (let round = 1; round <= 20; round++) {
      const moved = cluster.moveSlot(slotOf(first), master(round - 1), master(round));
      for (let n = 0; n < 10; n++) {
        for (const document of all) {
          if ((n + round + document.length) % 3 > 0) listener.subscribe(document);
          else listener.unsubscribe(document);
        }
        await master(n).admin.ping();
      }
      await moved;
    }
    for (const document of all) listener.subscribe(document);
    // Some connections may have been given up, because answers could not be told apart.
    await talking.connection.until(() => talking.connection.reports.at(-1) === true);
    await talking.untilHeard(publisher, all);
    await cluster.moveSlot(slotOf(first), master(20), master(0));
  });

  it('does not begin with what is no cluster, too old, or not allowed, and says so', async () => {
    const errorOf = async (settings: RedisSettings, login = {}): Promise<string> => {
      const server = await startOwnRedis(settings);
      if (typeof server === 'string') throw new Error(server);
      ends.push(() => server.stop());
      const seeds = [{ host, port: Number(new URL(server.url).port) }];
      return await open({ seeds, login }).then(() => 'it began', String);
    };
    const port = /^Error: 127\.0\.0\.1:\d+: /;
    expect(await errorOf({})).toMatch(port);
    expect(await errorOf({})).toMatch(/not part of a cluster; .* single Redis is redis:/);
    expect(await errorOf({ 'rename-command': ['SSUBSCRIBE', 'GONE'] })).toMatch(/Redis 7 or newer/);
    expect(await errorOf({ requirepass: 'right' }, { password: 'wrong' })).toMatch(/WRONGPASS/);
    expect(await open({ seeds: [{ host, port: 1 }] }).catch(String)).toMatch(
      /^Error: 127\.0\.0\.1:1: connect ECONNREFUSED/,
    );
  });

  it('goes on without a master that dies, also when it begins, until it is back', async () => {
    const [other, dying, another] = spread();
    const [talking, publisher] = await talk([other, dying, another]);
    await master(1).server.kill();
    await talking.connection.until(() => talking.connection.reports.length === 2);
    await talking.untilHeard(publisher, [other, another]);
    const late = new Talk();
    const lateBus = await open(late.inputs);
    expect(late.connection.reports).toEqual([false]);
    await late.listen(lateBus, [other]);
    await late.untilHeard(publisher, [other]);
    lateBus.subscribe(dying);
    const gaps = Promise.all([talking, late].map((each) => each.untilGap(dying)));
    await master(1).server.restart();
    await gaps;
    for (const each of talking.connections) await each.until(() => each.reports.length === 3);
    await late.connection.until(() => late.connection.reports.length === 2);
    await talking.untilHeard(publisher, [dying]);
    await late.untilHeard(publisher, [dying]);
    talking.check();
    expect(talking.connection.reports).toEqual([true, false, true]);
    expect(late.connection.reports).toEqual([false, true]);
    for (const document of [other, another]) expect(talking.gapsOf(document)).toBe(1);
  });

  it('goes on with the replica of a master that dies, and others notice nothing', async () => {
    const [dying, ...others] = spread();
    const [talking, publisher] = await talk([dying, ...others]);
    await master(0).server.kill();
    const gap = talking.untilGap(dying);
    await talking.untilHeard(publisher, others);
    await gap;
    for (const each of talking.connections) await each.until(() => each.reports.length === 3);
    await talking.untilHeard(publisher, [dying, ...others]);
    talking.check();
    for (const { reports } of talking.connections) expect(reports).toEqual([true, false, true]);
    for (const document of others) expect(talking.gapsOf(document)).toBe(1);
  });
});
