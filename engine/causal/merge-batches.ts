/**
 * The same operations in fewer batches: per replica in order, without duplicates, neighbours
 * joined, runs of operations too.
 *
 * Two batches are joined only if the second refers to nothing of another replica at or above the
 * first one's first timestamp. With it a batch refers only to what precedes its first timestamp,
 * and the order by first timestamp is a causal one. Joining from the left as long as it is allowed
 * gives the fewest batches, because a part of a batch that may be is one, too.
 *
 * What remains of each batch is a *piece*; pieces that stand together are a *group*, one batch of
 * the result, which is a copy of them in its order. Time is that of reading and writing, and of a
 * sort where batches do not come in order. As long as they do, groups grow while the updates are
 * read, so that memory is in proportion to the result.
 */
import { Keystroke } from '../../proto/keystroke.ts';
import {
  batchBase,
  batchFirst,
  batchGap,
  batchName,
  batchOpEnd,
  batchStride,
  kindDelete,
  kindDeleteReversed,
  kindInsert,
  nameSame,
  OpColumns,
  opKind,
  opLeftName,
  opLeftTimestamp,
  opRightName,
  opRightTimestamp,
  opStride,
  opUnits,
} from '../../proto/op-columns.ts';
import { readUpdate, writeUpdate } from '../../proto/update-codec.ts';
import { joinLastBatch, RunWriter } from './run-writer.ts';

/**
 * The operations of all updates as one, ordered by (first timestamp, replica), without the times
 * that they were held. Trusts that equal ids have equal content. DecodeError if one is not an
 * update.
 */
export function mergeUpdates(updates: readonly Uint8Array[]): Uint8Array {
  const columns = new OpColumns();
  if (!readInOrder(updates, columns)) {
    columns.clear();
    for (const update of updates) read(update, columns);
  }
  return writeUpdate(mergeColumns(columns));
}

/** The one that was read last. */
const keystroke = new Keystroke();

/** The last group of an author, whose batches are offered in order. */
class OpenGroup {
  /** Last timestamp; 0: there is none yet. */
  last = 0;
  #first = 0;
  #base = 0;

  /**
   * Takes what a batch of the author has from timestamp `start` up to its last, `last`. Returns
   * whether it stands in one batch with what was taken before; if not, it begins a group.
   */
  take(columns: OpColumns, position: number, start: number, last: number): boolean {
    const { batches, bindings } = columns;
    const at = position * batchStride;
    const base = batches[at + batchBase] ?? 0;
    const isRest = start > (batches[at + batchFirst] ?? 0);
    const follows =
      this.last > 0 &&
      start === this.last + 1 &&
      (isRest || (batches[at + batchGap] === 0 && !bindings.has(position))) &&
      base === this.#base &&
      highestReference(columns, position, start) < this.#first;
    this.last = last;
    if (follows) return true;
    this.#first = start;
    this.#base = base;
    return false;
  }
}

/**
 * Reads the updates, each batch at once into the one before it where both are of one group: what
 * `mergeColumns` would do later. False, and the columns are of no use: a batch comes after a later
 * one of its author, or twice.
 */
function readInOrder(updates: readonly Uint8Array[], columns: OpColumns): boolean {
  const groups: OpenGroup[] = [];
  for (const update of updates) {
    let position = columns.batchCount;
    read(update, columns);
    while (position < columns.batchCount) {
      const name = nameAt(columns, position);
      let group = groups[name];
      if (group === undefined) {
        group = new OpenGroup();
        groups[name] = group;
      }
      const first = columns.batches[position * batchStride + batchFirst] ?? 0;
      if (first <= group.last) return false;
      const joins = group.take(columns, position, first, lastTimestamp(columns, position));
      const isLast = position === columns.batchCount - 1;
      if (joins && isLast && nameAt(columns, position - 1) === name) joinLastBatch(columns, first);
      else position++;
    }
  }
  return true;
}

/** Adds the batches of an update; a keystroke, as most of them are, in one step. */
function read(update: Uint8Array, columns: OpColumns): void {
  if (!keystroke.read(update)) {
    readUpdate(update, columns);
    return;
  }
  const { replica, first, unit, back } = keystroke;
  const name = columns.nameOf(replica);
  columns.beginBatch(name, first, 0, 0);
  if (unit === -1) columns.addDelete(kindDelete, name, first - back, 1);
  else {
    columns.addInsert(name, first - 1, nameSame, 0);
    columns.appendUnit(unit);
  }
  columns.endBatch();
}

function nameAt({ batches }: OpColumns, position: number): number {
  return batches[position * batchStride + batchName] ?? 0;
}

/** Timestamp of the last operation of a batch. */
function lastTimestamp(columns: OpColumns, position: number): number {
  const { batches, ops } = columns;
  const at = position * batchStride;
  const end = (batches[at + batchOpEnd] ?? 0) * opStride;
  let next = batches[at + batchFirst] ?? 0;
  for (let op = columns.opStart(position) * opStride; op < end; op += opStride) {
    next += ops[op + opUnits] ?? 0;
  }
  return next - 1;
}

/** What remains of the batches, those of a replica together and in order. */
interface Pieces {
  readonly count: number;
  /** Position of the batch of each piece. */
  readonly positions: Int32Array;
  /** Timestamp from which on it remains. */
  readonly starts: Float64Array;
  /** 1: stands in one batch with the piece before it. */
  readonly joined: Uint8Array;
}

/** The same batches merged, in columns of their own. */
function mergeColumns(columns: OpColumns): OpColumns {
  const pieces = piecesOf(columns);
  const { positions, starts, joined } = pieces;
  const writer = new RunWriter(columns);
  for (let piece of groupsInOrder(columns, pieces)) {
    writer.beginBatch(positions[piece] ?? 0, starts[piece] ?? 0);
    do {
      writer.addFrom(positions[piece] ?? 0, starts[piece] ?? 0);
      piece++;
    } while (piece < pieces.count && joined[piece] === 1);
    writer.endBatch();
  }
  return writer.columns;
}

function piecesOf(columns: OpColumns): Pieces {
  const { batches, batchCount } = columns;
  const lasts = new Float64Array(batchCount);
  for (let position = 0; position < batchCount; position++) {
    lasts[position] = lastTimestamp(columns, position);
  }
  const positions = new Int32Array(batchCount);
  const starts = new Float64Array(batchCount);
  const joined = new Uint8Array(batchCount);
  let count = 0;
  let author = -1;
  let group = new OpenGroup();
  for (const position of byAuthor(columns, lasts)) {
    const name = nameAt(columns, position);
    if (name !== author) group = new OpenGroup();
    author = name;
    const known = group.last;
    const last = lasts[position] ?? 0;
    if (last <= known) continue;
    const first = batches[position * batchStride + batchFirst] ?? 0;
    const isNew = first > known || !canCut(columns, position, known + 1);
    const start = isNew ? first : known + 1;
    positions[count] = position;
    starts[count] = start;
    joined[count++] = group.take(columns, position, start, last) ? 1 : 0;
  }
  return { count, positions, starts, joined };
}

/** Positions of the batches by author, then (first timestamp, longest first). */
function byAuthor(columns: OpColumns, lasts: Float64Array): Int32Array {
  const { batches, batchCount, replicas } = columns;
  // Counted, not compared: batches of many authors often come in turns, each author's in order.
  const ends = new Int32Array(replicas.length + 1);
  for (let position = 0; position < batchCount; position++) {
    const name = nameAt(columns, position) + 1;
    ends[name] = (ends[name] ?? 0) + 1;
  }
  for (let name = 1; name < ends.length; name++)
    ends[name] = (ends[name] ?? 0) + (ends[name - 1] ?? 0);
  const order = new Int32Array(batchCount);
  for (let position = 0; position < batchCount; position++) {
    const name = nameAt(columns, position);
    const at = ends[name] ?? 0;
    order[at] = position;
    ends[name] = at + 1;
  }
  const firstAt = (position: number): number => batches[position * batchStride + batchFirst] ?? 0;
  const compare = (a: number, b: number): number =>
    firstAt(a) - firstAt(b) || (lasts[b] ?? 0) - (lasts[a] ?? 0);
  let start = 0;
  for (const end of ends.subarray(0, replicas.length)) {
    sort(order.subarray(start, end), compare);
    start = end;
  }
  return order;
}

/** The first piece of every group, by (first timestamp, replica). */
function groupsInOrder(columns: OpColumns, pieces: Pieces): Int32Array {
  const { count, positions, starts, joined } = pieces;
  const groups = new Int32Array(count);
  let groupCount = 0;
  for (let piece = 0; piece < count; piece++) if (joined[piece] === 0) groups[groupCount++] = piece;
  const replicaOf = (piece: number): number =>
    columns.replicas[nameAt(columns, positions[piece] ?? 0)] ?? 0;
  return sort(
    groups.subarray(0, groupCount),
    (a, b) => (starts[a] ?? 0) - (starts[b] ?? 0) || replicaOf(a) - replicaOf(b),
  );
}

/** Sorts what is not in order already, as it mostly is. */
function sort(values: Int32Array, compare: (a: number, b: number) => number): Int32Array {
  for (let index = 1; index < values.length; index++) {
    if (compare(values[index - 1] ?? 0, values[index] ?? 0) > 0) return values.sort(compare);
  }
  return values;
}

/** Whether the batch can be cut before `timestamp`, as in batch.ts. */
function canCut(columns: OpColumns, position: number, timestamp: number): boolean {
  const { batches, ops, text } = columns;
  let before = batches[position * batchStride + batchFirst] ?? 0;
  let unit = columns.textStart(position);
  for (let op = columns.opStart(position) * opStride; before < timestamp; op += opStride) {
    const length = ops[op + opUnits] ?? 0;
    const isInsert = ops[op + opKind] === kindInsert;
    if (before + length > timestamp) {
      // Well-formed text has a low surrogate only behind a high one.
      return !isInsert || ((text[unit + timestamp - before] ?? 0) & 0xfc00) !== 0xdc00;
    }
    if (isInsert) unit += length;
    before += length;
  }
  return true;
}

/**
 * Highest timestamp of other replicas to which operations of the batch from timestamp `start` on
 * refer; 0 = none.
 */
function highestReference(columns: OpColumns, position: number, start: number): number {
  const { batches, ops } = columns;
  const at = position * batchStride;
  const author = batches[at + batchName] ?? 0;
  const end = (batches[at + batchOpEnd] ?? 0) * opStride;
  let timestamp = batches[at + batchFirst] ?? 0;
  let highest = 0;
  for (let op = columns.opStart(position) * opStride; op < end; op += opStride) {
    const length = ops[op + opUnits] ?? 0;
    const skipped = Math.max(start - timestamp, 0);
    timestamp += length;
    if (skipped >= length) continue;
    const left = ops[op + opLeftTimestamp] ?? 0;
    const isOfOther = ops[op + opLeftName] !== author;
    if (ops[op + opKind] !== kindInsert) {
      const isReversed = ops[op + opKind] === kindDeleteReversed;
      const last = left + length - 1 - (isReversed ? skipped : 0);
      if (isOfOther && last > highest) highest = last;
      continue;
    }
    // The rest of an insert refers to the unit before it, the author's own.
    if (skipped > 0) continue;
    if (isOfOther && left > highest) highest = left;
    const right = ops[op + opRightTimestamp] ?? 0;
    if (ops[op + opRightName] !== author && right > highest) highest = right;
  }
  return highest;
}
