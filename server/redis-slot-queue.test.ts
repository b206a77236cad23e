/**
 * Goal: what is published into a slot arrives in order, and once, wherever the slot moves; dropped
 * is only what a later message has passed, and what nobody can be asked to take. Method: servers
 * that answer when fast-check says so.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SlotQueue, type SlotServer } from './redis-slot-queue.ts';

const slot = 7;

type Step =
  | { readonly type: 'push' | 'answer' | 'retry' }
  | { readonly type: 'move'; readonly to: number };

/** Takes messages while the slot is its own, and owes the answers until it is asked for them. */
class Server implements SlotServer {
  readonly isStarting = false;
  readonly canPublish = true;
  readonly #takes: (text: string) => boolean;
  readonly #owed: (() => void)[] = [];

  constructor(takes: (text: string) => boolean) {
    this.#takes = takes;
  }

  publish(_: string, body: Buffer): Promise<void> {
    const isTaken = this.#takes(body.toString());
    return new Promise((resolve, reject) => {
      const moved = new Error(`MOVED ${slot} elsewhere:1`);
      this.#owed.push(() => (isTaken ? resolve() : reject(moved)));
    });
  }

  answer(): void {
    this.#owed.shift()?.();
  }
}

it('keeps the order of its messages, and the last arrives, however the slot moves', async () => {
  let [returned, passed, sent] = [0, 0, 0];
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ type: 'push' } as const) },
    { weight: 4, arbitrary: fc.constant({ type: 'answer' } as const) },
    { weight: 2, arbitrary: fc.constant({ type: 'retry' } as const) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('move' as const), to: fc.nat(2) }) },
  );
  const run = async (steps: readonly Step[]): Promise<void> => {
    const arrived: string[] = [];
    let [owner, known, pushed, done, idle] = [0, 0, 0, 0, 0];
    const servers = [0, 1, 2].map(
      (n) =>
        new Server((text) => {
          if (owner === n) arrived.push(text);
          return owner === n;
        }),
    );
    const queue = new SlotQueue({
      slot,
      route: () => servers[known] ?? null,
      onDone: () => (done += 1),
      onReturned: () => (returned += 1),
      onIdle: () => (idle += 1),
    });
    const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    for (const each of steps) {
      if (each.type === 'push') {
        queue.push({ channel: 'c', body: Buffer.from(String(pushed)) });
        pushed += 1;
      } else if (each.type === 'answer') for (const server of servers) server.answer();
      else if (each.type === 'move') owner = each.to;
      else {
        known = owner;
        queue.retry();
      }
      await settled();
    }
    known = owner;
    for (let rounds = 0; done < pushed && rounds < 10 * steps.length; rounds++) {
      for (const server of servers) server.answer();
      await settled();
      queue.retry();
    }
    expect(arrived).toEqual([...new Set(arrived)].sort((a, b) => Number(a) - Number(b)));
    expect(Number(arrived.at(-1) ?? -1)).toBe(pushed - 1);
    passed += pushed - arrived.length;
    sent += pushed;
    expect(done).toBe(pushed);
    expect(idle).toBeGreaterThanOrEqual(Math.min(pushed, 1));
  };
  const steps = fc.array(step, { minLength: 10, maxLength: 60, size: 'max' });
  await fc.assert(fc.asyncProperty(steps, run), { numRuns: 300 });
  expect(returned).toBeGreaterThan(100);
  // The slot must leave and come back while a message is on its way.
  expect(passed).toBeLessThan(sent / 20);
});

it('waits for a server that is only starting, and drops what nobody can take', () => {
  const taken: string[] = [];
  let done = 0;
  let server = {
    isStarting: true,
    canPublish: false,
    publish: (_: string, body: Buffer): Promise<void> => {
      taken.push(body.toString());
      return new Promise(() => {});
    },
  };
  const queue = new SlotQueue({
    slot,
    route: () => server,
    onDone: () => (done += 1),
    onReturned: () => {},
    onIdle: () => {},
  });
  const push = (text: string): void => queue.push({ channel: 'c', body: Buffer.from(text) });
  push('waits');
  expect([taken, done]).toEqual([[], 0]);
  server = { ...server, isStarting: false, canPublish: true };
  push('behind');
  queue.retry();
  expect([taken, done]).toEqual([['waits', 'behind'], 0]);
  server = { ...server, canPublish: false };
  push('dropped');
  expect([taken, done]).toEqual([['waits', 'behind'], 0]);
});
