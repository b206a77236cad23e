/**
 * Goal: whatever order the network and the callers give to appends, reads, cuts and the end of a
 * node: every call is answered once, a committed row is there once and at its place, a reader sees
 * a beginning of the log that never shrinks and has all that was committed before it asked, and
 * `close` leaves nothing open.
 *
 * Method: fast-check's scheduler holds every action and every chunk that passes the proxies in
 * front of the real adapters, and chooses which goes next. The database is real, so a failing order
 * may need a few runs to fail again.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppendResult, LogPage } from '../../engine/driver/ports.ts';
import {
  type Answered,
  append,
  bodies,
  expectKept,
  read,
  readAll,
  row,
  takeRepeated,
} from '../../properties/contracts/log-calls.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import type { Cut } from '../testing/proxy-pair.ts';
import { startTcpProxy, type TcpProxy } from '../testing/tcp-proxy.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { PostgresLog } from './postgres-log.ts';

/** Of one of two nodes, and one of two documents. */
type Action =
  | { readonly type: 'append' | 'read'; readonly node: number; readonly document: number }
  | { readonly type: 'cut'; readonly node: number; readonly cut: Cut }
  | { readonly type: 'reset' | 'close'; readonly node: number };

interface RacingNode {
  readonly port: PostgresLog;
  readonly proxy: TcpProxy;
  /** Rows whose append was not answered yet. */
  readonly open: Set<number>;
  closed: Promise<void> | null;
}

/** What a read began with and found. */
interface Seen {
  /** Rows of the document that had been answered as committed, or seen, when it began. */
  readonly least: number;
  readonly page: LogPage;
}

const node = fc.nat({ max: 1 });
const document = fc.nat({ max: 1 });
const cut = fc.oneof(
  fc.constantFrom<Cut>({ at: 'beforeRequest' }, { at: 'afterRequest' }),
  fc.nat({ max: 160 }).map((replyBytes): Cut => ({ at: 'inReply', replyBytes })),
);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: fc.constant('append'), node, document }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('read'), node, document }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('cut'), node, cut }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('reset', 'close'), node }) },
);

/** One run on documents of its own. */
class Race {
  readonly answers: Answered[][] = [[], []];
  readonly seen: Seen[][] = [[], []];
  readonly #names: readonly string[];
  readonly #nodes: readonly RacingNode[];
  /** Of each document: the highest LSN that any caller knew. */
  readonly #known = [0, 0];
  #rows = 0;

  constructor(names: readonly string[], nodes: readonly RacingNode[]) {
    this.#names = names;
    this.#nodes = nodes;
  }

  /** Resolves when the action is over. */
  async act(action: Action): Promise<void> {
    const acting = this.#nodes[action.node];
    if (acting === undefined) return;
    switch (action.type) {
      case 'append':
        return await this.#append(acting, action.document);
      case 'read':
        return await this.#read(acting, action.document);
      case 'cut':
        // It may never meet its condition.
        void acting.proxy.cut(action.cut);
        return;
      case 'reset':
        return acting.proxy.cutAll();
      case 'close':
        return await this.close(acting);
    }
  }

  /** Also when it was called before. */
  close(closing: RacingNode): Promise<void> {
    closing.closed ??= this.#close(closing);
    return closing.closed;
  }

  async #close(closing: RacingNode): Promise<void> {
    const before = [...closing.open];
    await closing.port.close();
    expect(before.filter((n) => closing.open.has(n))).toEqual([]);
  }

  async #append(appending: RacingNode, index: number): Promise<void> {
    const n = this.#rows++;
    appending.open.add(n);
    const result: AppendResult = await append(appending, this.#names[index] ?? '', row(n));
    appending.open.delete(n);
    this.answers[index]?.push({ n, result });
    if (result.outcome === 'committed') this.#know(index, result.lsn);
  }

  async #read(reading: RacingNode, index: number): Promise<void> {
    const least = this.#known[index] ?? 0;
    const page = await read(reading, this.#names[index] ?? '');
    if (page === null) return;
    this.seen[index]?.push({ least, page });
    this.#know(index, page.head?.lsn ?? 0);
  }

  #know(index: number, lsn: number): void {
    this.#known[index] = Math.max(this.#known[index] ?? 0, lsn);
  }
}

describeWithPostgres('the log in PostgreSQL, in any order of what happens,', (serverUrl) => {
  let database: TestDatabase;
  let direct: PostgresLog;
  let races = 0;
  /** How many answers of each kind there were. */
  const tally = { committed: 0, rejected: 0, unknown: 0, pages: 0 };

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    direct = new PostgresLog({ url: database.url });
  });

  afterAll(async () => {
    await direct?.close();
    await database?.drop();
  });

  /** Connected; from then on the scheduler has its say. */
  async function connect(scheduler: fc.Scheduler, name: string): Promise<RacingNode> {
    const { hostname, port } = new URL(database.url);
    const target = { host: hostname, port: Number(port || 5432) };
    let isRacing = false;
    const proxy = await startTcpProxy(target, async (direction) => {
      if (isRacing) await scheduler.schedule(Promise.resolve(), `${direction} of ${name}`);
    });
    const log = await new Promise<PostgresLog>((resolve) => {
      const opened = new PostgresLog({
        url: proxy.through(database.url),
        limits: { backoffMaxMs: 1, readersMax: 2 },
        onConnection: (isUp) => isUp && resolve(opened),
      });
    });
    isRacing = true;
    return { port: log, proxy, open: new Set(), closed: null };
  }

  async function race(scheduler: fc.Scheduler, actions: readonly Action[]): Promise<void> {
    races += 1;
    const names = [`race-${races}-a`, `race-${races}-b`];
    const nodes = [await connect(scheduler, 'n0'), await connect(scheduler, 'n1')];
    const running = new Race(names, nodes);
    try {
      const acting = actions.map(async (each) => {
        await scheduler.schedule(Promise.resolve(), each.type);
        await running.act(each);
      });
      await scheduler.waitFor(Promise.all(acting));
      await scheduler.waitFor(Promise.all(nodes.map((each) => running.close(each))));
    } finally {
      await Promise.all(nodes.map(({ proxy }) => proxy.close()));
    }
    expect(takeRepeated()).toEqual([]);
    for (const [index, name] of names.entries()) {
      const rows = await readAll({ port: direct }, name);
      for (const { result } of running.answers[index] ?? []) tally[result.outcome] += 1;
      tally.pages += running.seen[index]?.length ?? 0;
      expectKept(rows, running.answers[index] ?? []);
      for (const { least, page } of running.seen[index] ?? []) {
        const lsn = page.head?.lsn ?? 0;
        expect(lsn).toBeGreaterThanOrEqual(least);
        expect(bodies(page.rows)).toEqual(bodies(rows.slice(0, lsn)));
      }
    }
  }

  it('answers every call once, keeps what it called committed, and shows no hole', async () => {
    const actions = fc.array(action, { minLength: 4, maxLength: 20, size: 'max' });
    await fc.assert(fc.asyncProperty(fc.scheduler(), actions, race), { numRuns: 80 });
    // Or nothing was tested.
    expect(Math.min(tally.committed, tally.unknown, tally.pages)).toBeGreaterThan(20);
    expect(tally.rejected).toBe(0);
  });
});
