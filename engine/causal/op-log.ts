/**
 * Which operations are here: the version vector, the clock, and every deletion as runs.
 *
 * An insertion is its own record (the spans of the text keep ids and origins for ever), a deletion
 * leaves no id in the text, so it is kept here: author and timestamp → the character it hit. Two
 * deletions of one character are both kept. Does not know text or order.
 */
import { type DeleteOp, joinDeletions, type OpId, sliceDeletion } from '../../proto/batch.ts';
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
