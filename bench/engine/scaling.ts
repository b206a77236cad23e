/**
 * What one operation costs as the document grows: the child's part of `--scaling`.
 *
 * The document is made of pieces of a hundred characters, each inserted at a random place, so that
 * its number of runs grows with its size. Then one character at a time is typed or deleted at
 * random places, and a second copy, loaded from a save, applies those updates. Rounds are timed as
 * a whole, because one edit is too short for the clock; the median round counts.
 */
import { assert, must } from '../../engine/assert.ts';
import { Random } from '../../engine/random.ts';
import type { Library, Splices } from './library.ts';
import { summaryOf } from './statistics.ts';
import { receiverId, replicaIds } from './workload.ts';

export interface ScalingJob {
  /** UTF-16 units of the document. */
  readonly size: number;
  /** Rounds on another document before, which compile the code, equally warm at each size. */
  readonly warmUpRounds: number;
}

export interface ScalingResult {
  /** Microseconds per operation. */
  readonly localUs: number;
  readonly remoteUs: number;
}

const pieceLength = 100;
const measuredRounds = 21;
const roundEdits = 100;
const warmUpSize = 10_000;

/** Prints the result of the job that is the process's argument. */
export function runScaling(library: Library): void {
  const job: ScalingJob = JSON.parse(must(process.argv[2], 'the job is the argument'));
  measure(library, warmUpSize, job.warmUpRounds);
  process.stdout.write(`\n${JSON.stringify(measure(library, job.size, measuredRounds))}\n`);
}

function measure(library: Library, size: number, rounds: number): ScalingResult {
  const random = new Random(1, `scaling-${size}`);
  const local = library.create(must(replicaIds(1)[0], 'an id'));
  const piece = 'k'.repeat(pieceLength);
  let length = 0;
  for (; length < size; length += pieceLength) {
    local.edit([{ index: random.between(0, length), deleted: 0, inserted: piece }]);
  }
  const format = must(library.saves[0], 'a library can save').name;
  const remote = library.load(receiverId, local.save(format), format);
  const localUs: number[] = [];
  const remoteUs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const edits = Array.from({ length: roundEdits }, (_, edit) => key(random, length, edit));
    const updates: Uint8Array[] = [];
    localUs.push(
      timed(() => {
        for (const edit of edits) updates.push(local.edit(edit));
      }),
    );
    remoteUs.push(
      timed(() => {
        for (const update of updates) remote.apply(update);
      }),
    );
  }
  assert(local.text() === remote.text(), 'both copies have the same text');
  return { localUs: summaryOf(localUs).median, remoteUs: summaryOf(remoteUs).median };
}

/** One character in and, the next time, one out: the length stays. */
function key(random: Random, length: number, edit: number): Splices {
  const inserting = edit % 2 === 0;
  const index = random.below(length);
  return [{ index, deleted: inserting ? 0 : 1, inserted: inserting ? 'i' : '' }];
}

/** Microseconds of each of a round's edits. */
function timed(round: () => void): number {
  const startMs = performance.now();
  round();
  return ((performance.now() - startMs) * 1000) / roundEdits;
}
