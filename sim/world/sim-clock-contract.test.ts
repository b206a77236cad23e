/**
 * Goal: the model of a clock keeps the contract that the real one keeps. Method: the suite that
 * runs against the system's clock too, in virtual time; here the wall clock is set as well.
 */
import { describe } from 'vitest';
import { clockContract, type TimeUnderTest } from '../../properties/contracts/clock-contract.ts';
import { calm } from '../scenario/faults.ts';
import { runWorld } from '../testing/run-world.ts';
import { SimClock } from './sim-clock.ts';
import { WallClock } from './wall-clock.ts';
import { World } from './world.ts';

function openTime(): TimeUnderTest {
  const world = new World({ seed: 1 });
  const running = runWorld(world);
  const wall = new WallClock(world, 'n0', { ...calm, clockDriftMaxPpm: 500 });
  // A process starts somewhere in the middle of time.
  world.after(123, () => {});
  world.step();
  return {
    clock: () => new SimClock({ world, wall, guard: (wake) => wake() }),
    setWallClock: (byMs) => wall.step(byMs),
    close: () => running.stop(),
  };
}

describe('a deadline of SimClock', () => clockContract(openTime));
