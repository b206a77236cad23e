/**
 * Goal: the model of the bus keeps the contract that the real one keeps. Method: the suite that
 * runs against Redis too, in virtual time, with several seeds.
 */
import { describe } from 'vitest';
import { type BusUnderTest, busContract } from '../../properties/contracts/bus-contract.ts';
import { calm, FaultCount } from '../scenario/faults.ts';
import { runWorld } from '../testing/run-world.ts';
import { SimBus } from './sim-bus.ts';
import { World } from './world.ts';

function openBus(seed: number): BusUnderTest {
  const world = new World({ seed });
  const running = runWorld(world);
  const bus = new SimBus(world, new FaultCount({ ...calm, busLatencyMaxMs: 50 }));
  const settled = async (): Promise<void> => await running.idle();
  return {
    join: (name, inputs) => Promise.resolve(bus.join({ name, ...inputs, connected: () => {} })),
    cut: (name) => {
      // Longer than any message takes.
      bus.cut(name, 1_000);
      return Promise.resolve();
    },
    restore: settled,
    kick: (name) => {
      bus.kick(name);
      return settled();
    },
    leave: (name) => {
      bus.leave(name);
      return Promise.resolve();
    },
    close: () => {
      running.stop();
      return Promise.resolve();
    },
  };
}

describe('the model of the bus', () => {
  for (const seed of [1, 2, 3]) {
    describe(`with seed ${seed}`, () => busContract(() => openBus(seed)));
  }
});
