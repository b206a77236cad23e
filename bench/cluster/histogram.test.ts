/** Quantiles against a sorted list, and that parts add up. */
import { expect, test } from 'vitest';
import { Random } from '../../engine/random.ts';
import { Histogram } from './histogram.ts';

test('a quantile is at most 2 % above that of the list, and the greatest is exact', () => {
  const random = new Random(1);
  const times = Array.from({ length: 5000 }, () => Math.exp(random.below(16_000) / 1000) / 10);
  const sorted = times.toSorted((a, b) => a - b);
  const parts = [new Histogram(), new Histogram()];
  for (const [index, ms] of times.entries()) parts[index % 2]?.add(ms);
  const sum = Histogram.of(parts.map((part) => part.toJSON()));
  expect(sum.count).toBe(5000);
  for (const share of [0, 0.5, 0.9, 0.99, 1]) {
    const exact = sorted[Math.max(0, Math.ceil(share * 5000) - 1)] ?? 0;
    expect(sum.quantile(share)).toBeGreaterThanOrEqual(exact * 0.999_999);
    expect(sum.quantile(share)).toBeLessThanOrEqual(exact * 1.021);
  }
  expect(sum.toJSON().maxMs).toBe(sorted.at(-1));
});

test('no times have no quantile', () => {
  expect(new Histogram().quantiles()).toEqual({ count: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 });
});
