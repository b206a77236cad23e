/** What a cache keeps, and what leaves it first. */
import { expect, it } from 'vitest';
import { ByteCache } from './byte-cache.ts';

function keysOf(cache: ByteCache<number>): string[] {
  return [...cache.entries()].map(([key]) => key);
}

it('what was used longest ago leaves when the bytes are too many', () => {
  const cache = new ByteCache<number>(10);
  cache.set('a', 1, 4);
  cache.set('b', 2, 4);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3, 4);
  expect([keysOf(cache), cache.bytes]).toEqual([['a', 'c'], 8]);
});

it('what is set again counts once', () => {
  const cache = new ByteCache<number>(10);
  for (let i = 0; i < 5; i++) cache.set('a', i, 6);
  expect([cache.get('a'), cache.bytes]).toEqual([4, 6]);
});

it('what is larger than the cache is kept alone, until something else comes', () => {
  const cache = new ByteCache<number>(10);
  cache.set('a', 1, 4);
  cache.set('b', 2, 11);
  expect([keysOf(cache), cache.bytes]).toEqual([['b'], 11]);
  cache.set('c', 3, 4);
  expect([keysOf(cache), cache.bytes]).toEqual([['c'], 4]);
  cache.delete('c');
  expect(cache.bytes).toBe(0);
});
