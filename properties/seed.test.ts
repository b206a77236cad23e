/** Goal: a seed can be given in any form people have at hand, and no seed means always the same. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { seed, seedOf } from './seed.ts';

it('numbers are taken as they are, other text by its hash, nothing as the fixed seed', () => {
  expect(seedOf('42')).toBe(42);
  expect(seedOf('-7')).toBe(-7);
  expect(seedOf('0xffffffff')).toBe(-1);
  expect(seedOf('a')).toBe(0xe40c292c | 0);
  expect(seedOf('713671c9')).not.toBe(seedOf('713671ca'));
  expect(seedOf('')).toBe(seedOf(undefined));
});

it('fast-check runs with the seed in force', () => {
  expect(fc.readConfigureGlobal().seed).toBe(seed);
});
