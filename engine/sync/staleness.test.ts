/** How far behind an edit was, from what a room remembers of its rows. */
import { expect, it } from 'vitest';
import { StalenessIndex } from './staleness.ts';

const start = { lsn: 0, at: 0, operations: 0 };

function index(rows: number): StalenessIndex {
  const staleness = new StalenessIndex(4);
  for (let lsn = 1; lsn <= rows; lsn++)
    staleness.note({ lsn, at: 1000 * lsn, operations: 10 * lsn });
  return staleness;
}

it('counts what others committed after the base', () => {
  const now = { lsn: 4, at: 4000, operations: 40 };
  expect(index(4).between(2, now, start, 5)).toEqual({ operations: 15, ms: 2000 });
});

it('takes the pinned cursor for a base that has left the ring', () => {
  const now = { lsn: 9, at: 9000, operations: 90 };
  const pinned = { lsn: 3, at: 3000, operations: 30 };
  expect(index(9).between(3, now, pinned, 1)).toEqual({ operations: 59, ms: 6000 });
});

it('knows the times of the last rows only', () => {
  expect([index(9).timeOf(9), index(9).timeOf(6), index(9).timeOf(5)]).toEqual([9000, 6000, null]);
});
