/** That times come in order, none before it is due, and all; on real time, without a bound. */
import { expect, it } from 'vitest';
import { nowMs } from './own-clock.ts';
import { pace } from './pacer.ts';

it('calls for every time, in order, and never before', async () => {
  const startMs = nowMs() + 5;
  const times = Float64Array.from({ length: 200 }, (_, index) => startMs + index * 0.25);
  const early: number[] = [];
  const called: number[] = [];
  await pace(times, (index) => {
    // Two conversions of one clock differ by less.
    if (nowMs() < (times[index] ?? 0) - 0.05) early.push(index);
    called.push(index);
  });
  expect(called).toEqual([...times.keys()]);
  expect(early).toEqual([]);
});

it('calls at once for times that have passed', async () => {
  const called: number[] = [];
  await pace(Float64Array.of(1, 2, 3), (index) => called.push(index));
  expect(called).toEqual([0, 1, 2]);
});
