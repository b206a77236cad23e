/**
 * Runs of operations of each replica, ordered by their first timestamp: which run has this id?
 *
 * One sorted array per replica, in chunks, with binary search over both: a run comes at the end as
 * a rule, where it costs nothing, and in the middle (a run was split, a snapshot is loaded in
 * document order) it moves one chunk. Runs of a replica must not overlap; the index knows where
 * they start, not where they end. Invariant: no chunk is empty.
 */
import { assert, must } from '../assert.ts';

/** Consecutive timestamps of one replica, from `timestamp`. */
export interface Run {
  readonly replica: number;
  readonly timestamp: number;
}

export class RunIndex<R extends Run> {
  readonly #chunks = new Map<number, R[][]>();
  readonly #chunkMax: number;

  /** Longer chunks than `chunkMax` runs are halved. */
  constructor(chunkMax = 1024) {
    this.#chunkMax = chunkMax;
  }

  /** Adds a run whose first timestamp is not there yet. */
  add(run: R): void {
    const chunks = this.#chunks.get(run.replica);
    if (chunks === undefined) {
      this.#chunks.set(run.replica, [[run]]);
      return;
    }
    const at = Math.max(0, floorChunk(chunks, run.timestamp));
    const chunk = must(chunks[at], 'a chunk');
    const position = floorPosition(chunk, run.timestamp) + 1;
    if (position === chunk.length) chunk.push(run);
    else chunk.splice(position, 0, run);
    if (chunk.length <= this.#chunkMax) return;
    chunks.splice(at + 1, 0, chunk.splice(chunk.length >>> 1));
  }

  remove(run: R): void {
    const chunks = this.#chunks.get(run.replica) ?? [];
    const at = floorChunk(chunks, run.timestamp);
    const chunk = chunks[at] ?? [];
    const position = floorPosition(chunk, run.timestamp);
    assert(chunk[position] === run, `run ${run.timestamp} of ${run.replica} is not in the index`);
    chunk.splice(position, 1);
    if (chunk.length === 0) chunks.splice(at, 1);
    if (chunks.length === 0) this.#chunks.delete(run.replica);
  }

  /** The last run of the replica that starts at or before `timestamp`. */
  floor(replica: number, timestamp: number): R | undefined {
    const chunks = this.#chunks.get(replica) ?? [];
    const chunk = chunks[floorChunk(chunks, timestamp)] ?? [];
    return chunk[floorPosition(chunk, timestamp)];
  }

  /** Runs of the replica by timestamp; from the one that `floor(replica, timestamp)` gives. */
  from(replica: number, timestamp: number): readonly R[] {
    const chunks = this.#chunks.get(replica) ?? [];
    const [first = [], ...rest] = chunks.slice(Math.max(floorChunk(chunks, timestamp), 0));
    return [first.slice(Math.max(floorPosition(first, timestamp), 0)), ...rest].flat();
  }

  /** The replica's last run. */
  last(replica: number): R | undefined {
    return this.#chunks.get(replica)?.at(-1)?.at(-1);
  }
}

/** Position of the last chunk that starts at or before `timestamp`; -1 if there is none. */
function floorChunk(chunks: readonly (readonly Run[])[], timestamp: number): number {
  return floorOf(chunks, timestamp, ([first]) => first?.timestamp ?? 0);
}

/** Position of the last run that starts at or before `timestamp`; -1 if there is none. */
function floorPosition(runs: readonly Run[], timestamp: number): number {
  return floorOf(runs, timestamp, (run) => run.timestamp);
}

function floorOf<T>(items: readonly T[], timestamp: number, startOf: (item: T) => number): number {
  // The newest is asked for most: typing goes on where it was.
  const newest = items.at(-1);
  if (newest !== undefined && startOf(newest) <= timestamp) return items.length - 1;
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (startOf(must(items[middle], 'an item')) <= timestamp) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
