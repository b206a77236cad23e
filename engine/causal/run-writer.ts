/**
 * Joins operations in columns, each to the one before it where one operation can mean both, and
 * copies them so:
 *
 *   insert   the second goes on from the last unit of the first, with the same right origin
 *   delete   the second's targets follow the first's, or precede them when backspacing, and all
 *            are older than the first deletion, as the format wants
 */
import {
  batchBase,
  batchFirst,
  batchGap,
  batchName,
  batchOpEnd,
  batchStride,
  batchTextEnd,
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

export class RunWriter {
  readonly #from: OpColumns;
  /** What was written: the names are those of the columns it comes from. */
  readonly columns = new OpColumns();
  #author = 0;
  /** First operation of the batch that is open. */
  #opStart = 0;

  constructor(from: OpColumns) {
    this.#from = from;
    for (const replica of from.replicas) this.columns.nameOf(replica);
  }

  /**
   * Begins a batch with what the batch at `position` has from timestamp `start` on, but for the
   * time that it was held: it counts from when the batch was sent, and this is another moment.
   */
  beginBatch(position: number, start: number): void {
    const { batches, bindings } = this.#from;
    const at = position * batchStride;
    const isWhole = batches[at + batchFirst] === start;
    this.#author = batches[at + batchName] ?? 0;
    this.#opStart = this.columns.opCount;
    const gap = isWhole ? (batches[at + batchGap] ?? 0) : 0;
    this.columns.beginBatch(this.#author, start, gap, batches[at + batchBase] ?? 0);
    const binding = isWhole ? bindings.get(position) : undefined;
    if (binding !== undefined) this.columns.bindings.set(this.columns.batchCount, binding);
  }

  /** Adds the operations of the batch at `position` from timestamp `start` on. */
  addFrom(position: number, start: number): void {
    const { batches, ops } = this.#from;
    const at = position * batchStride;
    const end = (batches[at + batchOpEnd] ?? 0) * opStride;
    let timestamp = batches[at + batchFirst] ?? 0;
    let unit = this.#from.textStart(position);
    for (let op = this.#from.opStart(position) * opStride; op < end; op += opStride) {
      const length = ops[op + opUnits] ?? 0;
      const skipped = Math.max(start - timestamp, 0);
      const isInsert = ops[op + opKind] === kindInsert;
      if (skipped < length) {
        if (isInsert) this.#addInsert(op, timestamp, skipped, unit);
        else this.#addDelete(op, skipped);
        this.#joinLast(timestamp + skipped);
      }
      if (isInsert) unit += length;
      timestamp += length;
    }
  }

  endBatch(): void {
    this.columns.endBatch();
  }

  #addInsert(op: number, timestamp: number, skipped: number, unit: number): void {
    const { ops, text } = this.#from;
    if (skipped > 0) {
      this.columns.addInsert(this.#author, timestamp + skipped - 1, nameSame, 0);
    } else {
      this.columns.addInsert(
        ops[op + opLeftName] ?? 0,
        ops[op + opLeftTimestamp] ?? 0,
        ops[op + opRightName] ?? 0,
        ops[op + opRightTimestamp] ?? 0,
      );
    }
    this.columns.appendUnits(text, unit + skipped, unit + (ops[op + opUnits] ?? 0));
  }

  #addDelete(op: number, skipped: number): void {
    const { ops } = this.#from;
    const kind = ops[op + opKind] === kindDeleteReversed ? kindDeleteReversed : kindDelete;
    const target = (ops[op + opLeftTimestamp] ?? 0) + (kind === kindDelete ? skipped : 0);
    const count = (ops[op + opUnits] ?? 0) - skipped;
    this.columns.addDelete(kind, ops[op + opLeftName] ?? 0, target, count);
  }

  /** Joins the operation that was added last, at `timestamp`, to the one before it. */
  #joinLast(timestamp: number): void {
    const number = this.columns.opCount - 1;
    if (number === this.#opStart) return;
    if (joinOps(this.columns.ops, number, this.#author, timestamp)) this.columns.opCount--;
  }
}

/**
 * Makes the last batch a part of the one before it, which it must follow directly. `first` is its
 * first timestamp.
 */
export function joinLastBatch(columns: OpColumns, first: number): void {
  const { batches, ops } = columns;
  const last = (columns.batchCount - 1) * batchStride;
  const before = last - batchStride;
  const number = batches[before + batchOpEnd] ?? 0;
  if (joinOps(ops, number, batches[last + batchName] ?? 0, first)) {
    ops.copyWithin(number * opStride, (number + 1) * opStride, columns.opCount * opStride);
    columns.opCount--;
  }
  batches[before + batchOpEnd] = columns.opCount;
  batches[before + batchTextEnd] = columns.textLength;
  columns.batchCount--;
}

/**
 * Makes the operation before `number`, of the same author and directly before it in time, mean that
 * at `number`, too, whose first timestamp is `timestamp`; the text needs no change. False, and
 * nothing has changed: one operation cannot.
 */
function joinOps(ops: Float64Array, number: number, author: number, timestamp: number): boolean {
  const second = number * opStride;
  const first = second - opStride;
  const isInsert = ops[first + opKind] === kindInsert;
  if (isInsert !== (ops[second + opKind] === kindInsert)) return false;
  if (!isInsert) return joinDeletions(ops, first, second, timestamp);
  const goesOn =
    ops[second + opLeftName] === author && ops[second + opLeftTimestamp] === timestamp - 1;
  const rightName = ops[second + opRightName];
  const isSameRight =
    rightName === nameSame ||
    (rightName === ops[first + opRightName] &&
      ops[second + opRightTimestamp] === ops[first + opRightTimestamp]);
  if (!goesOn || !isSameRight) return false;
  ops[first + opUnits] = (ops[first + opUnits] ?? 0) + (ops[second + opUnits] ?? 0);
  return true;
}

function joinDeletions(
  ops: Float64Array,
  first: number,
  second: number,
  timestamp: number,
): boolean {
  if (ops[first + opLeftName] !== ops[second + opLeftName]) return false;
  const count = ops[first + opUnits] ?? 0;
  const more = ops[second + opUnits] ?? 0;
  const target = ops[first + opLeftTimestamp] ?? 0;
  const next = ops[second + opLeftTimestamp] ?? 0;
  // A single deletion has no direction and fits both.
  const mayRise =
    (count === 1 || ops[first + opKind] === kindDelete) &&
    (more === 1 || ops[second + opKind] === kindDelete);
  const mayFall =
    (count === 1 || ops[first + opKind] === kindDeleteReversed) &&
    (more === 1 || ops[second + opKind] === kindDeleteReversed);
  const rises = mayRise && next === target + count;
  const falls = mayFall && next + more === target;
  const lowest = rises ? target : next;
  const oldest = timestamp - count;
  if (!(rises || falls) || lowest + count + more > oldest) return false;
  ops[first + opKind] = rises ? kindDelete : kindDeleteReversed;
  ops[first + opUnits] = count + more;
  ops[first + opLeftTimestamp] = lowest;
  return true;
}
