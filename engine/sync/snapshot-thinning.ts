/**
 * Which snapshots of a document may go, so that a moment long ago is still near one, and a document
 * that is typed in for years does not keep thousands.
 *
 *   age of the state   now ──────── keepAllMs ──────── keepHourlyMs ────────▶
 *   kept                    all               the last         the last
 *                                             of each hour     of each day
 *
 * Never those that a document may be lost without: the newest, and of a document that was pruned
 * the first that has the rows that are gone. Hours and days are those of UTC. Once thinned, nothing
 * more goes until time has passed.
 */
import type { SnapshotPointer } from '../driver/ports.ts';

export interface ThinningPolicy {
  /** Up to this age all are kept. */
  readonly keepAllMs: number;
  /** Up to this age one an hour is kept, and beyond it one a day. */
  readonly keepHourlyMs: number;
}

export interface SnapshotsToThin {
  /** Of the present history, by LSN. */
  readonly pointers: readonly SnapshotPointer[];
  /** Rows up to this one were pruned; 0 = none. */
  readonly prunedLsn: number;
  /** Milliseconds since 1970, by the clock that the rows have their times from. */
  readonly now: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Those that may go, by LSN. */
export function superfluousSnapshots(
  { pointers, prunedLsn, now }: SnapshotsToThin,
  { keepAllMs, keepHourlyMs }: ThinningPolicy,
): readonly SnapshotPointer[] {
  const newest = pointers.at(-1);
  const first = prunedLsn === 0 ? newest : pointers.find(({ lsn }) => lsn >= prunedLsn);
  return pointers.filter((pointer, index) => {
    if (pointer === newest || pointer === first) return false;
    const period = periodOf(pointer);
    const next = pointers[index + 1];
    return period !== null && next !== undefined && periodOf(next) === period;
  });

  /** Of which one is kept; null = all are. */
  function periodOf({ at }: SnapshotPointer): string | null {
    if (now - at <= keepAllMs) return null;
    if (now - at <= keepHourlyMs) return `hour ${Math.floor(at / hourMs)}`;
    return `day ${Math.floor(at / dayMs)}`;
  }
}
