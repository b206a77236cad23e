/** Goal: of several views of a cluster the one that knows best is taken. */
import { expect, it } from 'vitest';
import { type ClusterMap, newestOf, sameOwners } from './redis-cluster-map.ts';

const map = (epoch: number, owner: string): ClusterMap => ({
  epoch,
  owners: [owner, 'b:1'],
  masters: new Map(),
  nodes: [],
});

it('is the one with the highest epoch, and the first of equals', () => {
  const views = [map(3, 'a:1'), map(7, 'b:1'), map(7, 'c:1'), map(5, 'd:1')];
  expect(newestOf(views)).toBe(views[1]);
  expect(newestOf([])).toBeNull();
});

it('is a change when a slot has another owner, whatever the epoch', () => {
  expect(sameOwners(map(1, 'a:1'), map(2, 'a:1'))).toBe(true);
  expect(sameOwners(map(1, 'a:1'), map(1, 'c:1'))).toBe(false);
  expect(sameOwners(null, map(1, 'a:1'))).toBe(false);
});
