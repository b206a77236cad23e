/** When memory counts as short, with the numbers of a test. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MemoryGuard } from './memory-guard.ts';

let use = 0;
let sheds: number[] = [];
let changes: boolean[] = [];
let guard: MemoryGuard;

beforeEach(() => {
  use = 0;
  sheds = [];
  changes = [];
  guard = new MemoryGuard({
    bytesMax: 1,
    connections: () => 100,
    shed: (count) => sheds.push(count),
    onChange: (isShort) => changes.push(isShort),
    use: () => use,
  });
});

afterEach(() => guard.close());

function look(...uses: readonly number[]): boolean[] {
  return uses.map((next) => {
    use = next;
    guard.check();
    return guard.isShort;
  });
}

it('it is not short for what a collection may take', () => {
  expect(look(0.9, 0.99, 0.5, 0.9, 0.9, 0.6)).not.toContain(true);
  expect(sheds).toEqual([]);
});

it('it is short after three looks, and until it is well below', () => {
  expect(look(0.9, 0.9, 0.9, 0.8, 0.71, 0.69)).toEqual([false, false, true, true, true, false]);
  expect(changes).toEqual([true, false]);
});

it('connections are closed as long as it is above the high mark', () => {
  look(0.9, 0.9, 0.9, 0.9, 0.8);
  expect(sheds).toEqual([5, 5]);
});

it('a process that has room is not short', () => {
  const own = new MemoryGuard({
    ...{ bytesMax: 2 ** 50, connections: () => 1, shed: () => {}, onChange: () => {} },
  });
  for (let i = 0; i < 5; i++) own.check();
  expect(own.isShort).toBe(false);
  own.close();
});
