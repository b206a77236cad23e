/**
 * Goal: the model of the log keeps the contract of engine/driver/ports.ts: LSNs without holes in
 * commit order, times that never fall, the expected epoch, and every outcome as it may happen with
 * the real one.
 */
import { describe, expect, it } from 'vitest';
import type { AppendResult, LogPage } from '../../engine/driver/ports.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';
import type { FaultPlan } from '../scenario/fault-plan.ts';
import { faultsWith } from '../testing/fault-choice.ts';
import { SimLog } from './sim-log.ts';
import { World } from './world.ts';

function setUp(plan: Partial<FaultPlan> = {}, seed = 1) {
  const world = new World({ seed });
  const log = new SimLog(world, faultsWith({ logLatencyMaxMs: 50, ...plan }));
  const port = log.connect('n0', () => true);
  const results: AppendResult[] = [];
  const settle = (): void => {
    while (world.step());
  };
  const append = (replica: number, epoch = 7): void =>
    port.append('doc', epoch, row(replica), (result) => results.push(result));
  const read = (afterLsn: number, bytesMax = 10_000): (LogPage | null)[] => {
    const pages: (LogPage | null)[] = [];
    port.read('doc', afterLsn, bytesMax, (page) => pages.push(page));
    return pages;
  };
  return { world, log, port, results, settle, append, read };
}

/** A row with one character of each replica. */
function row(...replicas: readonly number[]): Uint8Array {
  const batches = replicas.map((replica) => ({
    replica,
    first: 1,
    gap: 0,
    base: 0,
    ops: [{ type: 'insert', timestamp: 1, left: null, right: null, text: 'x' } as const],
  }));
  return encodeUpdate({ batches });
}

describe('appends', () => {
  it('of any order get LSNs without holes, in the order of their commits', () => {
    const { log, results, settle, append } = setUp({ clockOffsetMaxMs: 1000 });
    for (let n = 1; n <= 30; n++) {
      append(n);
      log.stepClock(n % 2 === 0 ? -500 : 400);
    }
    settle();
    const lsns = results.map((result) => (result.outcome === 'committed' ? result.lsn : -1));
    expect(lsns.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
    const times = log.truthOf('doc').rows.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('to a new document give it their epoch; those of another epoch are rejected', () => {
    const { results, settle, append } = setUp();
    append(1);
    settle();
    append(2, 8);
    settle();
    expect(results).toMatchObject([
      { outcome: 'committed', lsn: 1 },
      { outcome: 'rejected', code: 'epoch' },
    ]);
  });

  it('of unknown outcome are there, will be, or never are', () => {
    const fates = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) {
      const { world, log, results, settle, append } = setUp({ unknownPerMillion: 1_000_000 }, seed);
      append(1);
      while (results.length === 0) world.step();
      expect(results).toEqual([{ outcome: 'unknown' }]);
      const before = log.truthOf('doc').head;
      settle();
      fates.add(`${before} ${log.truthOf('doc').head}`);
      expect(results).toHaveLength(1);
    }
    expect([...fates].sort((a, b) => (a < b ? -1 : 1))).toEqual(['0 0', '0 1', '1 1']);
  });

  it('of several replicas can be refused as a whole', () => {
    const { port, results, settle } = setUp({ refusePerMillion: 1_000_000 });
    port.append('doc', 7, row(1, 2), (result) => results.push(result));
    settle();
    port.append('doc', 7, row(1), (result) => results.push(result));
    settle();
    expect(results).toMatchObject([
      { outcome: 'rejected', code: 'invalid' },
      { outcome: 'committed', lsn: 1 },
    ]);
  });

  it('while the database is away are unknown, and nothing is read', () => {
    const { log, results, settle, append, read } = setUp();
    log.outage(10_000);
    append(1);
    const pages = read(0);
    settle();
    expect(results).toEqual([{ outcome: 'unknown' }]);
    expect(pages).toEqual([null]);
    expect(log.truthOf('doc').head).toBe(0);
  });

  it('of a process that died go on, and nobody is told', () => {
    const world = new World({ seed: 1 });
    const log = new SimLog(world, faultsWith({}));
    let isAlive = true;
    const results: AppendResult[] = [];
    const port = log.connect('n0', () => isAlive);
    port.append('doc', 7, row(1), (result) => results.push(result));
    isAlive = false;
    while (world.step());
    expect([results, log.truthOf('doc').head]).toEqual([[], 1]);
  });
});

describe('a read', () => {
  it('gives rows after an LSN up to its size, one at least, and the head', () => {
    const { settle, append, read } = setUp();
    for (let n = 1; n <= 5; n++) append(n);
    settle();
    const pages = [read(0), read(2), read(0, 1), read(5)];
    settle();
    const lsns = pages.map(([page]) => page?.rows.map(({ lsn }) => lsn));
    expect(lsns).toEqual([[1, 2, 3, 4, 5], [3, 4, 5], [1], []]);
    expect(pages[3]?.[0]?.head).toMatchObject({ epoch: 7, lsn: 5, state: 'live' });
  });

  it('of a document that was never written says so', () => {
    const { settle, read } = setUp();
    const pages = read(0);
    settle();
    expect(pages).toEqual([{ head: null, rows: [] }]);
  });
});
