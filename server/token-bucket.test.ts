/** The bucket under a clock of the test's: what may pass in any stretch of time, and who waits. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

it('lets a burst pass, and then as much as its rate', () => {
  const bucket = new TokenBucket({ perSecond: 8, burst: 5 }, 0);
  expect([1, 2, 3, 4, 5].map(() => bucket.take(1, 0))).toEqual([0, 0, 0, 0, 0]);
  expect(bucket.take(1, 0)).toBe(125);
  expect(bucket.take(2, 125)).toBe(250);
  expect(bucket.waitMs(250)).toBe(125);
  expect(bucket.waitMs(375)).toBe(0);
});

it('takes what is larger than its burst, and has it paid afterwards', () => {
  const bucket = new TokenBucket({ perSecond: 1_000, burst: 100 }, 0);
  expect(bucket.take(5_100, 0)).toBe(5_000);
  expect(bucket.waitMs(5_000)).toBe(0);
});

it('is full after a rest, and never more than that', () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 0);
  bucket.take(5, 0);
  expect(bucket.isFull(499)).toBe(false);
  expect(bucket.isFull(500)).toBe(true);
  expect(bucket.take(6, 1_000_000)).toBe(100);
});

it('refuses where nothing is to wait, without a debt', () => {
  const bucket = new TokenBucket({ perSecond: 1, burst: 2 }, 0);
  expect([0, 0, 0, 999, 1_000].map((now) => bucket.tryTake(now))).toEqual([
    ...[true, true, false, false, true],
  ]);
});

it('is no limit at a rate of 0', () => {
  const bucket = new TokenBucket({ perSecond: 0, burst: 0 }, 0);
  expect(bucket.take(1e9, 0)).toBe(0);
  expect(bucket.tryTake(0)).toBe(true);
  expect(bucket.isFull(0)).toBe(true);
});

it('never lets more pass than burst and rate allow, if the waits are kept', () => {
  const step = fc.record({ count: fc.nat(50), restMs: fc.nat(500) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1 }), (steps) => {
      const rate = { perSecond: 20, burst: 30 };
      const bucket = new TokenBucket(rate, 0);
      let [now, before] = [0, 0];
      for (const { count, restMs } of steps) {
        const wait = bucket.take(count, now);
        // What was taken when the last one had been waited for is not over the limit.
        expect(before).toBeLessThanOrEqual(rate.burst + (rate.perSecond * now) / 1000 + 0.03);
        before += count;
        now += wait + restMs;
      }
    }),
  );
});
