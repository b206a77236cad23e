/**
 * Goal: the model of the log keeps the contract that the real one keeps. Method: the suite that
 * runs against PostgreSQL too, in virtual time, with several seeds; and fates that only a model can
 * be made to have.
 */
import { describe, expect, it } from 'vitest';
import { append, read, row } from '../../properties/contracts/log-calls.ts';
import { type CutStep, logContract } from '../../properties/contracts/log-contract.ts';
import { crashContract, type MortalLog } from '../../properties/contracts/log-crash-contract.ts';
import { historyContract } from '../../properties/contracts/log-history-contract.ts';
import { removalContract } from '../../properties/contracts/log-removal-contract.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';
import { calm, FaultCount } from '../scenario/faults.ts';
import { runWorld } from '../testing/run-world.ts';
import { SimLog, type UnknownFate } from './sim-log.ts';
import { World } from './world.ts';

/** The model refuses rows of several replicas only. */
const refusedBody = encodeUpdate({
  batches: [1, 2].map((replica) => ({
    ...{ replica, first: 1, gap: 0, base: 0 },
    ops: [{ type: 'insert', timestamp: 1, left: null, right: null, text: 'x' } as const],
  })),
});

const fates: Readonly<Record<CutStep, UnknownFate>> = {
  'before the request': 'lost on its way',
  'after the request': 'reply lost',
  'in the reply': 'reply lost',
  late: 'late',
};

function openLog(seed: number): MortalLog {
  const world = new World({ seed });
  const running = runWorld(world);
  const rates = { logLatencyMaxMs: 20, refusePerMillion: 1_000_000 };
  const log = new SimLog(world, new FaultCount({ ...calm, ...rates }));
  const settled = (): Promise<void> => running.idle();
  let nodes = 0;
  return {
    node() {
      nodes++;
      let isAlive = true;
      return Promise.resolve({
        port: log.connect(`n${nodes}`, () => isAlive),
        cutNext: (step) => log.forceFate(fates[step]),
        connected: () => Promise.resolve(),
        die: () => {
          isAlive = false;
        },
      });
    },
    refusedBody,
    holdHead(document, { tooLong } = { tooLong: false }) {
      const forMs = tooLong ? 1_000 : 100;
      log.lockHead(document, forMs);
      world.after(forMs, () => {});
      return Promise.resolve(settled);
    },
    setClockBack() {
      log.clock.step(-3_600_000);
      return Promise.resolve();
    },
    outage() {
      log.outage(10_000);
      return Promise.resolve(() => {
        log.heal();
        return settled();
      });
    },
    settled,
    async beginSlowly(node, document, body) {
      log.forceWork(500);
      const result = append(node, document, body);
      // No way there is longer than that, and every other append is done in less than the rest.
      await new Promise<void>((resolve) => world.after(rates.logLatencyMaxMs + 1, resolve));
      return { result, release: settled };
    },
    remove(document) {
      return Promise.resolve(log.remove(document) ? 'deleted' : 'absent');
    },
    async prune(document, lsn) {
      const page = await read({ port: log.connect('operator', () => true) }, document);
      if (page?.head == null) return 'absent';
      if (page.head.state === 'deleted') return 'deleted';
      return log.prune(document, lsn) ? 'pruned' : 'beyond';
    },
    crash() {
      log.crash(50);
      world.after(50, () => {});
      return settled();
    },
    close() {
      running.stop();
      return Promise.resolve();
    },
  };
}

describe('the model of the log', () => {
  for (const seed of [1, 2, 3]) {
    const open = (): Promise<MortalLog> => Promise.resolve(openLog(seed));
    describe(`with seed ${seed}`, () => {
      logContract(open, { die: true });
      historyContract(open);
      removalContract(open);
      describe('a crash', () => crashContract(open));
    });
  }

  it('lets the append that was begun later commit first, now and then', async () => {
    let overtaken = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const log = openLog(seed);
      const nodes = [await log.node(), await log.node()];
      const results = await Promise.all(nodes.map((node, n) => append(node, 'doc', row(n))));
      const lsns = results.map((result) => (result.outcome === 'committed' ? result.lsn : 0));
      expect(lsns.toSorted((a, b) => a - b)).toEqual([1, 2]);
      if (lsns[0] === 2) overtaken++;
      await log.close();
    }
    expect(overtaken).toBeGreaterThan(2);
    expect(overtaken).toBeLessThan(18);
  });
});
