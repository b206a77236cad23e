/**
 * Goal: looks follow one another at the pace that the header promises, however many alarms there
 * are. Method: Node's timers by hand.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClusterWatch, type Finding } from './redis-cluster-watch.ts';
import { defaultBusLimits } from './redis-link.ts';

describe('the watch of a cluster', () => {
  let finding: Finding;
  let looks: number;
  let watch: ClusterWatch;

  beforeEach(() => {
    vi.useFakeTimers();
    [finding, looks] = ['well', 0];
    watch = new ClusterWatch(async () => {
      looks += 1;
      return await Promise.resolve(finding);
    }, defaultBusLimits);
  });

  afterEach(() => {
    watch.close();
    vi.useRealTimers();
  });

  /** Looks within a time. */
  async function looksIn(ms: number): Promise<number> {
    const before = looks;
    await vi.advanceTimersByTimeAsync(ms);
    return looks - before;
  }

  it('looks now and then when all is well', async () => {
    expect(await looksIn(9_999)).toBe(0);
    expect(await looksIn(1)).toBe(1);
    expect(await looksIn(100_000)).toBe(10);
  });

  it('looks at once after an alarm, and once more soon', async () => {
    watch.alarm();
    expect(await looksIn(0)).toBe(1);
    expect(await looksIn(100)).toBe(1);
    expect(await looksIn(9_000)).toBe(0);
  });

  it('looks at a falling rate while something is wrong, whatever alarms there are', async () => {
    finding = 'unwell';
    watch.alarm();
    const rates: number[] = [];
    for (let second = 0; second < 60; second++) {
      const before = looks;
      for (let n = 0; n < 100; n++) {
        watch.alarm();
        await looksIn(10);
      }
      rates.push(looks - before);
    }
    expect(rates[0]).toBeLessThanOrEqual(6);
    expect(Math.max(...rates.slice(10))).toBeLessThanOrEqual(1);
    expect(looks).toBeGreaterThanOrEqual(30);
  });

  it('keeps the pace while each look brings something new', async () => {
    finding = 'changed';
    watch.alarm();
    expect(await looksIn(2_000)).toBeGreaterThanOrEqual(20);
    finding = 'well';
    expect(await looksIn(1_000)).toBeLessThanOrEqual(2);
  });

  it('looks no more when it is closed', async () => {
    watch.alarm();
    watch.close();
    watch.alarm();
    expect(await looksIn(100_000)).toBeLessThanOrEqual(1);
    expect(await looksIn(100_000)).toBe(0);
  });
});
