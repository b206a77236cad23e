/** Whether memory counts as flat. */
import { expect, it } from 'vitest';
import { growthOf } from './soak-report.ts';

it('compares the last quarter with the second, and takes no notice of the first', () => {
  const values = [10, 20, 90, 100, 100, 100, 100, 100, 100, 100, 101, 99];
  expect(growthOf(values)).toEqual({ early: 100, late: 100, isFlat: true });
});

it('sees steady growth', () => {
  const values = Array.from({ length: 40 }, (_, index) => 100 + index);
  expect(growthOf(values)).toEqual({ early: 114, late: 134, isFlat: false });
});

it('is not misled by one high value', () => {
  const values = Array.from({ length: 40 }, (_, index) => (index === 35 ? 900 : 100));
  expect(growthOf(values).isFlat).toBe(true);
});
