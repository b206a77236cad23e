/** Goal: time goes forward only, tasks keep their order, and fates do not depend on each other. */
import { describe, expect, it } from 'vitest';
import { Site, World } from './world.ts';

describe('tasks', () => {
  it('run by time, and those of one moment in the order in which they were planned', () => {
    const world = new World({ seed: 1 });
    const order: string[] = [];
    const times = world.stream('times');
    const planned = Array.from({ length: 200 }, (_, n) => ({ n, atMs: times.below(20) }));
    for (const { n, atMs } of planned) world.after(atMs, () => order.push(`${atMs}:${n}`));
    while (world.step());
    const expected = planned.sort((a, b) => a.atMs - b.atMs || a.n - b.n);
    expect(order).toEqual(expected.map(({ n, atMs }) => `${atMs}:${n}`));
  });

  it('planned by a task for its own moment run in that moment, after the others', () => {
    const world = new World({ seed: 1 });
    const order: string[] = [];
    world.after(5, () => {
      order.push('first');
      world.after(0, () => order.push(`third at ${world.nowMs}`));
    });
    world.after(5, () => order.push('second'));
    while (world.step());
    expect(order).toEqual(['first', 'second', 'third at 5']);
  });
});

describe('a site', () => {
  const draws = (site: Site): number[] => Array.from({ length: 50 }, () => site.next());

  it('gives the same fates to the same seed and name, other ones to others', () => {
    expect(draws(new Site(7, 'a'))).toEqual(draws(new Site(7, 'a')));
    const all = [new Site(7, 'a'), new Site(7, 'b'), new Site(8, 'a'), new Site(7 + 2 ** 32, 'a')];
    expect(new Set(all.flatMap(draws)).size).toBe(200);
  });

  it('draws within its bounds, and as often as its chance says', () => {
    const site = new Site(3, 'chance');
    const numbers = Array.from({ length: 5000 }, () => site.between(2, 5));
    for (const value of [2, 3, 4, 5]) {
      const count = numbers.filter((number) => number === value).length;
      expect(Math.abs(count - 1250)).toBeLessThan(200);
    }
    const hits = Array.from({ length: 5000 }, () => site.chance(100_000)).filter(Boolean).length;
    expect(Math.abs(hits - 500)).toBeLessThan(120);
  });
});

it('the trace hash tells runs apart by one event', () => {
  const hashOf = (lines: readonly string[]): string => {
    const world = new World({ seed: 1 });
    for (const line of lines) world.note('lane', line);
    return world.trace.hash;
  };
  expect(hashOf(['a', 'b'])).toBe(hashOf(['a', 'b']));
  const others = [hashOf(['b', 'a']), hashOf(['ab']), hashOf(['a', 'b', '']), hashOf(['a', 'c'])];
  expect(new Set([hashOf(['a', 'b']), ...others]).size).toBe(5);
});
