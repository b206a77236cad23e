/**
 * Goal: the faults that only the model of the log can be made to have. What every log must keep is
 * in sim-log-contract.test.ts.
 */
import { describe, expect, it } from 'vitest';
import type { AppendResult, LogPage } from '../../engine/driver/ports.ts';
import { row } from '../../properties/contracts/log-calls.ts';
import { calm, FaultCount, type FaultRates } from '../scenario/faults.ts';
import { type NodeLog, SimLog } from './sim-log.ts';
import { World } from './world.ts';

function setUp(rates: Partial<FaultRates> = {}, seed = 1) {
  const world = new World({ seed });
  const log = new SimLog(world, new FaultCount({ ...calm, logLatencyMaxMs: 50, ...rates }));
  const node = log.connect('n0', () => true);
  const other = log.connect('n1', () => true);
  const settle = (): void => {
    while (world.step());
  };
  return { world, log, node, other, settle };
}

/** Appends `row(n)`; the list gets the outcome. */
function append(node: NodeLog, n: number): AppendResult[] {
  const results: AppendResult[] = [];
  node.append('doc', 7, row(n), (result) => results.push(result));
  return results;
}

function read(node: NodeLog): (LogPage | null)[] {
  const pages: (LogPage | null)[] = [];
  node.read('doc', 0, 10_000, (page) => pages.push(page));
  return pages;
}

describe('an append of unknown outcome', () => {
  it('is there, will be, or never is', () => {
    const fates = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) {
      const { world, log, node, settle } = setUp({ unknownPerMillion: 1_000_000 }, seed);
      const results = append(node, 1);
      while (results.length === 0) world.step();
      expect(results).toEqual([{ outcome: 'unknown' }]);
      const before = log.truthOf('doc').head;
      settle();
      fates.add(`${before} ${log.truthOf('doc').head}`);
      expect(results).toHaveLength(1);
    }
    expect([...fates].sort((a, b) => (a < b ? -1 : 1))).toEqual(['0 0', '0 1', '1 1']);
  });

  it('has the fate that a test asks for, once', () => {
    for (const fate of ['lost on its way', 'reply lost', 'late'] as const) {
      const { log, node, settle } = setUp();
      log.forceFate(fate);
      const first = append(node, 1);
      settle();
      const second = append(node, 2);
      settle();
      const isThere = fate === 'lost on its way' ? 0 : 1;
      expect(first).toEqual([{ outcome: 'unknown' }]);
      expect(second).toMatchObject([{ outcome: 'committed', lsn: isThere + 1 }]);
    }
  });
});

describe('a node that cannot reach the database', () => {
  it('hears unknown and reads nothing, while others go on, until it is healed', () => {
    const { log, node, other, settle } = setUp();
    log.cut('n0', 10_000);
    const results = [append(node, 1), append(other, 2)];
    const pages = read(node);
    settle();
    expect(results).toMatchObject([[{ outcome: 'unknown' }], [{ outcome: 'committed', lsn: 1 }]]);
    expect(pages).toEqual([null]);
    log.heal();
    const again = append(node, 3);
    settle();
    expect(again).toMatchObject([{ outcome: 'committed', lsn: 2 }]);
  });
});

describe('a crash of the database', () => {
  it('forgets what it had begun, and keeps what was committed', () => {
    const { world, log, node, settle } = setUp({ logLatencyMaxMs: 0 });
    append(node, 1);
    settle();
    log.lockHead('doc', 100);
    const results = append(node, 2);
    world.after(50, () => log.crash(20));
    settle();
    expect(results).toEqual([{ outcome: 'unknown' }]);
    expect(log.truthOf('doc').head).toBe(1);
  });
});

describe('a failover', () => {
  it('loses the latest commits, and the numbers go on from what is left', () => {
    const { world, log, node, settle } = setUp();
    append(node, 1);
    settle();
    world.after(1_000, () => append(node, 2));
    settle();
    expect(log.failover({ forMs: 10, lagMs: 500 })).toBe(1);
    world.after(10, () => {});
    settle();
    expect(log.truthOf('doc').head).toBe(1);
    const results = append(node, 3);
    const pages = read(node);
    settle();
    expect(results).toMatchObject([{ outcome: 'committed', lsn: 2 }]);
    expect(pages).toMatchObject([{ head: { epoch: 7 } }]);
  });

  it('that loses everything leaves a document that was never written', () => {
    const { world, log, node, settle } = setUp();
    append(node, 1);
    settle();
    expect(log.failover({ forMs: 10, lagMs: 100_000 })).toBe(1);
    world.after(10, () => {});
    settle();
    const pages = read(node);
    settle();
    expect(pages).toEqual([{ head: null, rows: [] }]);
  });
});
