/**
 * Runs of operations of each replica, ordered by their first timestamp: which run has this id?
 *
 * Binary search in one sorted array per replica. Most additions come at the end, where they cost
 * nothing; one in the middle (a run was split) moves the rest. Runs of a replica must not overlap;
 * the index knows where they start, not where they end.
 */
import { assert } from '../assert.ts';

/** Consecutive timestamps of one replica, from `timestamp`. */
export interface Run {
  readonly replica: number;
  readonly timestamp: number;
}

export class RunIndex<R extends Run> {
  readonly #runs = new Map<number, R[]>();

  /** Adds a run whose first timestamp is not there yet. */
  add(run: R): void {
    const runs = this.#runs.get(run.replica);
    if (runs === undefined) {
      this.#runs.set(run.replica, [run]);
      return;
    }
    const position = floorPosition(runs, run.timestamp) + 1;
    if (position === runs.length) runs.push(run);
    else runs.splice(position, 0, run);
  }

  remove(run: R): void {
    const runs = this.#runs.get(run.replica) ?? [];
    const position = floorPosition(runs, run.timestamp);
    assert(runs[position] === run, `run ${run.timestamp} of ${run.replica} is not in the index`);
    runs.splice(position, 1);
  }

  /** The last run of the replica that starts at or before `timestamp`. */
  floor(replica: number, timestamp: number): R | undefined {
    const runs = this.#runs.get(replica);
    return runs?.[floorPosition(runs, timestamp)];
  }

  /** Runs of the replica by timestamp; from the one that `floor(replica, timestamp)` gives. */
  from(replica: number, timestamp: number): readonly R[] {
    const runs = this.#runs.get(replica) ?? [];
    return runs.slice(Math.max(floorPosition(runs, timestamp), 0));
  }

  /** The replica's last run. */
  last(replica: number): R | undefined {
    return this.#runs.get(replica)?.at(-1);
  }
}

/** Position of the last run that starts at or before `timestamp`; -1 if there is none. */
function floorPosition(runs: readonly Run[], timestamp: number): number {
  let low = 0;
  let high = runs.length;
  // The newest run is asked for most: typing goes on where it was.
  if (high > 0 && (runs[high - 1]?.timestamp ?? 0) <= timestamp) return high - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((runs[middle]?.timestamp ?? 0) <= timestamp) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
