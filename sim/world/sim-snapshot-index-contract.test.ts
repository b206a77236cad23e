/**
 * Goal: the model of the index of snapshots keeps the contract that the real one keeps. Method: the
 * suite that runs against PostgreSQL too, in virtual time, with several seeds.
 */
import { describe } from 'vitest';
import { append, row } from '../../properties/contracts/log-calls.ts';
import {
  type SnapshotIndexUnderTest,
  snapshotIndexContract,
} from '../../properties/contracts/snapshot-index-contract.ts';
import { calm, FaultCount } from '../scenario/faults.ts';
import { runWorld } from '../testing/run-world.ts';
import { SimLog } from './sim-log.ts';
import { SimSnapshotIndex } from './sim-snapshot-index.ts';
import { World } from './world.ts';

function openIndex(seed: number): SnapshotIndexUnderTest {
  const world = new World({ seed });
  const running = runWorld(world);
  const model = new SimLog(world, new FaultCount({ ...calm, logLatencyMaxMs: 20 }));
  const index = new SimSnapshotIndex(world, model);
  const log = model.connect('n0', () => true);
  const committedMs: number[] = [];
  model.onCommitted = () => committedMs.push(world.nowMs);
  return {
    port: index.connect('n0', () => true),
    log,
    remove(document) {
      model.remove(document);
      return Promise.resolve();
    },
    prune(document, lsn) {
      model.prune(document, lsn);
      return Promise.resolve();
    },
    renew: (document) => Promise.resolve(index.renew(document)),
    async replaceLast(document) {
      const last = committedMs.at(-1) ?? 0;
      model.failover({ forMs: 0, lagMs: world.nowMs - last + 1 });
      await append({ port: log }, document, row(99));
    },
    outage() {
      model.outage(1_000_000);
      return Promise.resolve(() => {
        model.heal();
        return Promise.resolve();
      });
    },
    close() {
      running.stop();
      return Promise.resolve();
    },
  };
}

describe('the model of the index of snapshots', () => {
  for (const seed of [1, 2, 3]) {
    describe(`with seed ${seed}`, () => {
      snapshotIndexContract(() => Promise.resolve(openIndex(seed)));
    });
  }
});
