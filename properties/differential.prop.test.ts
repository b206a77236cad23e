/**
 * The engine against the oracle after every operation of many random histories, and after every way
 * of telling them again. `DIFFERENTIAL_HISTORIES` says how many (`npm run test:long`: 100,000); a
 * failure prints its number, the seed and the fewest actions that still fail.
 */
import { expect, test } from 'vitest';
import { differ } from './oracle-trials.ts';
import { seed } from './seed.ts';
import { shrink } from './shrink.ts';

const histories = Number(process.env.DIFFERENTIAL_HISTORIES ?? 600);

test(`${histories} histories agree with the oracle, however they are told`, () => {
  const statistics = differ({ seed, from: 0, count: histories });
  const share = (count: number): number => count / statistics.histories;
  expect(statistics.histories).toBe(histories);
  // Histories that cannot tell orders apart would prove nothing.
  expect(share(statistics.mixed)).toBeGreaterThan(0.1);
  expect(share(statistics.concurrent)).toBeGreaterThan(0.5);
  expect(share(statistics.deletions)).toBeGreaterThan(0.4);
  expect(share(statistics.pairs)).toBeGreaterThan(0.25);
  expect(share(statistics.hostile)).toBeGreaterThan(0.08);
  expect(share(statistics.crowded)).toBeGreaterThan(0.005);
  expect(share(statistics.batches)).toBeGreaterThan(8);
}, 7_200_000);

test('what fails is shrunk to what is needed', () => {
  const items = Array.from({ length: 40 }, (_, i) => i);
  const needed = [3, 17, 18, 39];
  expect(shrink(items, (some) => needed.every((item) => some.includes(item)))).toEqual(needed);
});
