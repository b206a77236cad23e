/** Sizes, ages and counts are told in the unit in which people think of them. */
import { expect, it } from 'vitest';
import { ageText, bytesText, countText, ratioText, table } from './measures.ts';

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [3 * 2 ** 40, '3.0 TiB'],
  [5000 * 2 ** 40, '5000.0 TiB'],
])('tells %i bytes as %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

it.each([
  [-5, '0 ms'],
  [999, '999 ms'],
  [59_999, '59 s'],
  [7_200_000, '2 h'],
  [90_000_000, '1 d'],
])('tells an age of %i ms as %s', (ms, text) => {
  expect(ageText(ms)).toBe(text);
});

it('tells counts and ratios, and lays out columns', () => {
  expect([countText(1, 'row'), countText(2, 'body', 'bodies')]).toEqual(['1 row', '2 bodies']);
  expect([ratioText(3, 2), ratioText(3, 0)]).toEqual(['1.5', '–']);
  expect(
    table([
      ['a', '1'],
      ['long', '2'],
    ]),
  ).toEqual(['a     1', 'long  2']);
});
