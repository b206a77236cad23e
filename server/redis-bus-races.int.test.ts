/**
 * Goal: whatever order the network and the caller give to subscriptions, messages and breaks: a
 * node hears what it wants only, in order and once; whatever it misses of a document that it wants,
 * a gap tells it afterwards; and in the end it hears all that it wants.
 *
 * Method: fast-check's scheduler holds every action of a node and every chunk that passes the proxy
 * in front of it. Another node, without a proxy, publishes numbers.
 */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RedisBus } from './redis-bus.ts';
import { describeWithRedis } from './testing/describe-redis.ts';
import type { Cut } from './testing/proxy-pair.ts';
import { startTcpProxy, type TcpProxy } from './testing/tcp-proxy.ts';

type Action =
  | { readonly type: 'subscribe' | 'unsubscribe' | 'publish'; readonly document: string }
  | { readonly type: 'cut'; readonly cut: Cut }
  | { readonly type: 'reset' };

/** What happened, in the order in which the node could know it. */
type Happening =
  | { readonly type: 'wanted' | 'unwanted' | 'gap'; readonly document: string | null }
  | { readonly type: 'published' | 'heard'; readonly document: string; readonly n: number };

const documents = ['a', 'b', 'c'];
const document = fc.constantFrom(...documents);
const cut = fc.oneof(
  fc.constantFrom<Cut>({ at: 'beforeRequest' }, { at: 'afterRequest' }),
  fc.nat({ max: 200 }).map((replyBytes): Cut => ({ at: 'inReply', replyBytes })),
);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('publish'), document }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('subscribe'), document }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('unsubscribe'), document }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('cut'), cut }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reset') }) },
);

/** One run: a publisher, a node behind a proxy, and what happened. */
class Race {
  readonly happened: Happening[] = [];
  readonly wanted = new Set<string>();
  readonly #publisher: RedisBus;
  #messages = 0;
  /** The last message of the race; those after it may still be on their way in the end. */
  #racedThrough = 0;

  constructor(publisher: RedisBus) {
    this.#publisher = publisher;
  }

  readonly onMessage = (from: string, bytes: Uint8Array): void => {
    const n = Number(Buffer.from(bytes).toString());
    this.happened.push({ type: 'heard', document: from, n });
    expect(this.wanted).toContain(from);
  };

  readonly onGap = (of: string | null): void => {
    this.happened.push({ type: 'gap', document: of });
  };

  act(listener: RedisBus, proxy: TcpProxy, acting: Action): void {
    switch (acting.type) {
      case 'publish':
        this.publish(acting.document);
        return;
      case 'subscribe':
        this.wanted.add(acting.document);
        this.happened.push({ type: 'wanted', document: acting.document });
        listener.subscribe(acting.document);
        return;
      case 'unsubscribe':
        this.wanted.delete(acting.document);
        this.happened.push({ type: 'unwanted', document: acting.document });
        listener.unsubscribe(acting.document);
        return;
      case 'cut':
        // It may never meet its condition.
        void proxy.cut(acting.cut);
        return;
      case 'reset':
        proxy.cutAll();
    }
  }

  publish(to: string): void {
    this.#messages += 1;
    this.happened.push({ type: 'published', document: to, n: this.#messages });
    this.#publisher.publish(to, Buffer.from(String(this.#messages)));
  }

  /** Resolves when everything that is wanted is heard, whatever breaks until then. */
  async settle(): Promise<void> {
    this.#racedThrough = this.#messages;
    for (const each of this.wanted) {
      const first = this.#messages + 1;
      while (!this.happened.some((it) => it.type === 'heard' && it.n >= first)) {
        this.publish(each);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  check(): void {
    const heard = this.happened.flatMap((each) => (each.type === 'heard' ? [each.n] : []));
    expect(heard).toEqual([...new Set(heard)].sort((a, b) => a - b));
    for (const [index, each] of this.happened.entries()) {
      if (each.type !== 'published' || each.n > this.#racedThrough) continue;
      if (heard.includes(each.n)) continue;
      if (!this.#isWantedFrom(index, each.document)) continue;
      const told = this.happened
        .slice(index)
        .some(({ type, document: of }) => type === 'gap' && (of === null || of === each.document));
      if (!told) throw new Error(`${each.n} of ${each.document} is missed without a gap`);
    }
  }

  /** Wanted at that moment, and from then to the end. */
  #isWantedFrom(index: number, of: string): boolean {
    const changes = (part: readonly Happening[]): Happening[] =>
      part.filter((each) => /wanted$/.test(each.type) && each.document === of);
    const before = changes(this.happened.slice(0, index)).at(-1)?.type === 'wanted';
    return before && changes(this.happened.slice(index)).every(({ type }) => type === 'wanted');
  }
}

describeWithRedis('the bus in Redis, in any order of what happens,', (serverUrl) => {
  it('tells of every message that is missed, and misses none in the end', async () => {
    let missed = 0;
    let heard = 0;
    const race = async (scheduler: fc.Scheduler, actions: readonly Action[]): Promise<void> => {
      const { hostname, port } = new URL(serverUrl);
      const target = { host: hostname, port: Number(port || 6379) };
      let isRacing = false;
      const proxy = await startTcpProxy(target, async (direction) => {
        if (isRacing) await scheduler.schedule(Promise.resolve(), direction);
      });
      const deployment = randomBytes(8).toString('hex');
      const ignore = { onMessage: () => {}, onGap: () => {} };
      const publisher = await RedisBus.open({ url: serverUrl, deployment, ...ignore });
      const running = new Race(publisher);
      const { onMessage, onGap } = running;
      const limits = { backoffMaxMs: 1 };
      const url = proxy.through(serverUrl);
      const listener = await RedisBus.open({ url, deployment, onMessage, onGap, limits });
      isRacing = true;
      try {
        const acting = actions.map(async (each) => {
          await scheduler.schedule(Promise.resolve(), each.type);
          running.act(listener, proxy, each);
        });
        await scheduler.waitFor(Promise.all(acting));
        await scheduler.waitFor(running.settle());
        running.check();
        await scheduler.waitFor(listener.close());
      } finally {
        await publisher.close();
        await proxy.close();
      }
      const count = (type: string): number =>
        running.happened.filter((each) => each.type === type).length;
      heard += count('heard');
      missed += count('published') - count('heard');
    };
    const actions = fc.array(action, { minLength: 4, maxLength: 30, size: 'max' });
    await fc.assert(fc.asyncProperty(fc.scheduler(), actions, race), { numRuns: 100 });
    // Or nothing was tested.
    expect(Math.min(heard, missed)).toBeGreaterThan(100);
  });
});
