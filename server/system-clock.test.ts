/**
 * Goal: the clocks of this machine keep the contract of every clock, and stop. Method: the suite
 * that runs against the model too, with short deadlines; nobody here may set the machine's clock.
 */
import { describe, expect, it } from 'vitest';
import { clockContract, type TimeUnderTest } from '../properties/contracts/clock-contract.ts';
import { SystemClock } from './system-clock.ts';

function openTime(): TimeUnderTest {
  const clocks: SystemClock[] = [];
  return {
    clock() {
      const clock = new SystemClock();
      clocks.push(clock);
      return clock;
    },
    setWallClock: null,
    close() {
      for (const clock of clocks) clock.stop();
    },
  };
}

describe('a deadline of SystemClock', () => {
  clockContract(openTime);

  it('is forgotten for the stop, and none is taken afterwards', async () => {
    const woken: string[] = [];
    const [clock, other] = [new SystemClock(), new SystemClock()];
    clock.wakeAt(clock.now().monoMs + 1, () => woken.push('before'));
    clock.stop();
    clock.wakeAt(0, () => woken.push('after'));
    await new Promise<void>((resolve) => other.wakeAt(other.now().monoMs + 10, resolve));
    expect(woken).toEqual([]);
  });
});
