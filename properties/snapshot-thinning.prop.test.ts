/**
 * What thinning must keep, for any snapshots at any time: the newest, the one without which a
 * pruned document is lost, all of the last day, one of each hour and day before; and that it comes
 * to rest.
 */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { SnapshotPointer } from '../engine/driver/ports.ts';
import { type SnapshotsToThin, superfluousSnapshots } from '../engine/sync/snapshot-thinning.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const now = 1_000 * dayMs + 7 * hourMs + 11 * minuteMs;
const policy = { keepAllMs: dayMs, keepHourlyMs: 7 * dayMs };

function pointer(lsn: number, at: number): SnapshotPointer {
  return { epoch: 1, lsn, at, key: `snapshots/d/${lsn}`, bytes: 1, checksum: '' };
}

/** Ages that meet in hours and days, at each side of every bound. */
const age = fc.oneof(
  fc.integer({ min: -hourMs, max: 12 * dayMs }),
  fc.nat({ max: 40 }).map((halfHours) => (halfHours * hourMs) / 2),
  fc.constantFrom(dayMs, dayMs + 1, 7 * dayMs, 7 * dayMs + 1),
);

const snapshots: fc.Arbitrary<SnapshotsToThin> = fc
  .record({ ages: fc.array(age, { maxLength: 60 }), prunedShare: fc.nat({ max: 100 }) })
  .map(({ ages, prunedShare }) => {
    const pointers = ages
      .toSorted((a, b) => b - a)
      .map((each, index) => pointer((index + 1) * 10, now - each));
    // Between snapshots, at one, or not at all.
    return { pointers, now, prunedLsn: Math.floor((pointers.length * 10 * prunedShare) / 200) };
  });

function thinned(all: SnapshotsToThin): readonly SnapshotPointer[] {
  const gone = new Set(superfluousSnapshots(all, policy));
  return all.pointers.filter((each) => !gone.has(each));
}

describe('thinning', () => {
  test('keeps the newest, and the first that has what was pruned', () => {
    fc.assert(
      fc.property(snapshots, (all) => {
        const kept = thinned(all);
        expect(kept.at(-1)).toBe(all.pointers.at(-1));
        const isAfter = ({ lsn }: SnapshotPointer): boolean => lsn >= all.prunedLsn;
        if (all.prunedLsn > 0) expect(kept.find(isAfter)).toBe(all.pointers.find(isAfter));
      }),
    );
  });

  test('keeps all of the last day, and of each hour or day before one that is no earlier', () => {
    fc.assert(
      fc.property(snapshots, (all) => {
        const kept = new Set(thinned(all));
        for (const each of all.pointers) {
          if (kept.has(each)) continue;
          const past = now - each.at;
          expect(past).toBeGreaterThan(policy.keepAllMs);
          const period = past <= policy.keepHourlyMs ? hourMs : dayMs;
          const isNear = (other: SnapshotPointer): boolean =>
            other.lsn > each.lsn &&
            Math.floor(other.at / period) === Math.floor(each.at / period) &&
            now - other.at > policy.keepAllMs;
          expect([...kept].some(isNear)).toBe(true);
        }
      }),
    );
  });

  test('leaves at most one of an hour, and of a day, apart from those it never takes', () => {
    fc.assert(
      fc.property(snapshots, (all) => {
        const kept = thinned({ ...all, prunedLsn: 0 }).slice(0, -1);
        const old = kept.filter(({ at }) => now - at > policy.keepAllMs);
        const periods = old.map(({ at }) =>
          now - at > policy.keepHourlyMs
            ? `day ${Math.floor(at / dayMs)}`
            : `hour ${Math.floor(at / hourMs)}`,
        );
        // The newest may be in the hour of the one before it.
        expect(periods.length - new Set(periods).size).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('comes to rest: what was thinned stays as it is', () => {
    fc.assert(
      fc.property(snapshots, (all) => {
        const pointers = thinned(all);
        expect(superfluousSnapshots({ ...all, pointers }, policy)).toEqual([]);
      }),
    );
  });
});

it('takes what is between the last of two hours, and of two days', () => {
  const ages = [8.9, 8.8, 8.1, 3, 2.99, 2.9, 0.5, 0.4].map((days) => days * dayMs);
  const pointers = ages.map((each, index) => pointer(index + 1, now - each));
  const gone = superfluousSnapshots({ pointers, now, prunedLsn: 0 }, policy);
  expect(gone.map(({ lsn }) => lsn)).toEqual([1, 4]);
});
