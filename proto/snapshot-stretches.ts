/**
 * Stretches as columns: how many each replica has, what timestamps it left out before each
 * (`first` - 1 - its timestamp before), and how long each is.
 */
import { ColumnReader } from './column.ts';
import { snapshotOperationsMax } from './limits.ts';
import type { SnapshotReplica, StretchColumns } from './snapshot-state.ts';
import type { Reader } from './wire.ts';

export interface StretchMessage<Column, Timestamps> {
  readonly counts: Column;
  readonly gaps: Timestamps;
  readonly lengths: Column;
}

/**
 * RangeError if the stretches are not in order, not apart from each other, or not within the
 * replicas' timestamps, or if there are more than `snapshotOperationsMax` operations.
 */
export function writeStretches(
  { author, first, length }: StretchColumns,
  replicas: readonly SnapshotReplica[],
): StretchMessage<number[], number[]> {
  const counts = replicas.map(() => 0);
  const gaps: number[] = [];
  const lengths: number[] = [];
  let end = 1;
  let operations = 0;
  for (let at = 0; at < author.length; at++) {
    const replica = author[at] as number;
    const before = at === 0 ? 0 : (author[at - 1] as number);
    if (replica !== before) end = 1;
    const gap = (first[at] as number) - end;
    const count = length[at] as number;
    const last = replicas[replica]?.last ?? 0;
    end = (first[at] as number) + count;
    operations += count;
    const isApart = gap > 0 || (gap === 0 && counts[replica] === 0);
    if (replica < before || !isApart || count < 1 || count - 1 > last - (first[at] as number)) {
      throw new RangeError(`stretch ${at}: ${count} from ${first[at]} on of replica ${replica}`);
    }
    counts[replica] = (counts[replica] ?? 0) + 1;
    gaps.push(gap);
    lengths.push(count);
  }
  if (operations > snapshotOperationsMax) {
    throw new RangeError(`a snapshot has room for ${snapshotOperationsMax} operations`);
  }
  while (counts.at(-1) === 0) counts.pop();
  return { counts, gaps, lengths };
}

/** DecodeError unless the columns describe what `writeStretches` allows. */
export function readStretches(
  reader: Reader,
  message: StretchMessage<Int32Array, readonly number[]>,
  replicas: readonly SnapshotReplica[],
): StretchColumns {
  const { counts, gaps } = message;
  const lengths = new ColumnReader('stretch_lengths', message.lengths);
  const count = message.lengths.length;
  if (gaps.length !== count) throw reader.error('stretch_gaps', `${count} numbers`, gaps.length);
  if (counts.length > replicas.length) {
    throw reader.error('stretch_counts', `${replicas.length} numbers`, counts.length);
  }
  const author = new Int32Array(count);
  const first = new Float64Array(count);
  let at = 0;
  let operations = 0;
  for (const [replica, own] of counts.entries()) {
    const last = replicas[replica]?.last ?? 0;
    let end = 1;
    for (const begin = at; at - begin < own; at++) {
      const length = lengths.next();
      const gap = gaps[at] ?? 0;
      const start = end + gap;
      // Subtracted, because a sum above 2^53 is rounded.
      if (length < 1 || start > last || length - 1 > last - start || (gap === 0 && at > begin)) {
        throw lengths.error(`timestamps ${end} … ${last}`, `${length} from ${start} on`);
      }
      operations += length;
      if (operations > snapshotOperationsMax) {
        throw lengths.error(`at most ${snapshotOperationsMax} operations`, operations);
      }
      author[at] = replica;
      first[at] = start;
      end = start + length;
    }
  }
  lengths.end();
  return { author, first, length: message.lengths };
}
