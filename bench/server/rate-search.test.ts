/** Which rates are tried. Method: servers with a known limit, without one and with a bad moment. */
import { expect, it } from 'vitest';
import { RateSearch } from './rate-search.ts';

const options = { start: 500, growth: 1.5, precision: 0.05, attempts: 1, ceiling: 100_000 };

function search(limit: number, given = options): { highest: number; tried: number[] } {
  const found = new RateSearch(given);
  const tried: number[] = [];
  for (let rate = found.next; rate !== null; rate = found.next) {
    tried.push(rate);
    found.tell(rate <= limit);
  }
  return { highest: found.highest, tried };
}

it('comes within its precision of the limit, from below', () => {
  for (const limit of [40, 500, 777, 5_000, 31_000]) {
    const { highest, tried } = search(limit);
    expect(highest).toBeLessThanOrEqual(limit);
    expect(highest).toBeGreaterThan(limit * 0.94 - 2);
    expect(tried.length).toBeLessThan(25);
  }
});

it('ends at the ceiling when nothing fails', () => {
  expect(search(Infinity, { ...options, ceiling: 1_000 })).toEqual({
    highest: 1_000,
    tried: [500, 750, 1_000],
  });
});

it('finds nothing where nothing is borne', () => {
  expect(search(0).highest).toBe(0);
});

it('tries a rate again before it counts as too high', () => {
  const found = new RateSearch({ ...options, attempts: 2 });
  found.tell(false);
  expect(found.next).toBe(500);
  found.tell(true);
  expect(found.next).toBe(750);
  found.tell(false);
  found.tell(false);
  expect(found.next).toBe(625);
});
