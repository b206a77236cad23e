/**
 * Which operations are here: the version vector, the clock, and every deletion as runs.
 *
 * An insertion is its own record (the spans of the text keep ids and origins for ever), a deletion
 * leaves no id in the text, so it is kept here: author and timestamp → the character it hit. Two
 * deletions of one character are both kept. Does not know text or order.
 */
import type { DeleteOp, OpId } from '../../proto/batch.ts';
import { RunIndex } from './run-index.ts';
import { VersionVector } from './version-vector.ts';

/** Deletions that `replica` made in a row. */
export interface DeletionRun extends DeleteOp {
  readonly replica: number;
}

export class OpLog {
  readonly versionVector = new VersionVector();
  readonly deletions = new RunIndex<DeletionRun>();
  #clock = 0;

  /** Highest timestamp seen, 0 at the start. */
  get clock(): number {
    return this.#clock;
  }

  /** Notes that the replica's operations up to `timestamp` are here. */
  observe(replica: number, timestamp: number): void {
    this.versionVector.observe(replica, timestamp);
    if (timestamp > this.#clock) this.#clock = timestamp;
  }

  /** Records deletions of `replica` and observes them; they follow what is here of it. */
  addDeletion(replica: number, op: DeleteOp): void {
    const run = { ...op, replica };
    const last = this.deletions.last(replica);
    const joined = last === undefined ? null : joinDeletions(last, run);
    if (last !== undefined && joined !== null) this.deletions.remove(last);
    this.deletions.add(joined ?? run);
    this.observe(replica, op.timestamp + op.count - 1);
  }

  /** The character that the deletion `id` hit; null if `id` is no deletion. */
  targetOf(id: OpId): OpId | null {
    const run = this.deletions.floor(id.replica, id.timestamp);
    if (run === undefined || id.timestamp >= run.timestamp + run.count) return null;
    const passed = id.timestamp - run.timestamp;
    const offset = run.reversed ? run.count - 1 - passed : passed;
    return { timestamp: run.target.timestamp + offset, replica: run.target.replica };
  }

  /** Every deletion that `version` has, by author, then timestamp. */
  *deletionsIn(version: VersionVector): Generator<DeletionRun> {
    for (const [replica, last] of version.entries()) {
      for (const run of this.deletions.from(replica, 0)) {
        if (run.timestamp <= last) yield sliceDeletion(run, run.timestamp, last + 1);
      }
    }
  }
}

/** The deletions with timestamps in [from, to), which must meet those of `run`. */
export function sliceDeletion<D extends DeleteOp>(run: D, from: number, to: number): D {
  const start = Math.max(from - run.timestamp, 0);
  const end = Math.min(to - run.timestamp, run.count);
  if (start === 0 && end === run.count) return run;
  const skipped = run.reversed ? run.count - end : start;
  return {
    ...run,
    timestamp: run.timestamp + start,
    target: { timestamp: run.target.timestamp + skipped, replica: run.target.replica },
    count: end - start,
  };
}

/** One run that means `a`, then `b` of the same author; null if there is none. */
export function joinDeletions<D extends DeleteOp>(a: D, b: D): D | null {
  if (b.timestamp !== a.timestamp + a.count || a.target.replica !== b.target.replica) return null;
  const count = a.count + b.count;
  // A single deletion has no direction and fits both.
  const mayRise = (!a.reversed || a.count === 1) && (!b.reversed || b.count === 1);
  if (mayRise && b.target.timestamp === a.target.timestamp + a.count) {
    return { ...a, count, reversed: false };
  }
  const mayFall = (a.reversed || a.count === 1) && (b.reversed || b.count === 1);
  if (mayFall && b.target.timestamp + b.count === a.target.timestamp) {
    return { ...a, target: b.target, count, reversed: true };
  }
  return null;
}
