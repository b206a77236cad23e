/**
 * Copies operations from columns to new ones, each joined to the one before it where one operation
 * can mean both:
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
  /** Timestamp of the operation that was written last. */
  #lastTimestamp = 0;

  constructor(from: OpColumns) {
    this.#from = from;
    for (const replica of from.replicas) this.columns.nameOf(replica);
  }

  /** Begins a batch with what the batch at `position` has from timestamp `start` on. */
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
        else this.#addDelete(op, timestamp, skipped);
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
    const start = timestamp + skipped;
    const isRest = skipped > 0;
    const leftName = isRest ? this.#author : (ops[op + opLeftName] ?? 0);
    const left = isRest ? start - 1 : (ops[op + opLeftTimestamp] ?? 0);
    const rightName = isRest ? nameSame : (ops[op + opRightName] ?? 0);
    const right = isRest ? 0 : (ops[op + opRightTimestamp] ?? 0);
    const goesOn = leftName === this.#author && left === start - 1;
    if (!goesOn || !this.#lastHasRight(rightName, right)) {
      this.columns.addInsert(leftName, left, rightName, right);
      this.#lastTimestamp = start;
    }
    this.columns.appendUnits(text, unit + skipped, unit + (ops[op + opUnits] ?? 0));
  }

  /** Whether the last operation is an insert with this right origin; a 'same' fits any. */
  #lastHasRight(rightName: number, right: number): boolean {
    const { ops, opCount } = this.columns;
    const last = (opCount - 1) * opStride;
    if (opCount === this.#opStart || ops[last + opKind] !== kindInsert) return false;
    if (rightName === nameSame) return true;
    return ops[last + opRightName] === rightName && ops[last + opRightTimestamp] === right;
  }

  #addDelete(op: number, timestamp: number, skipped: number): void {
    const { ops } = this.#from;
    const count = (ops[op + opUnits] ?? 0) - skipped;
    const reversed = ops[op + opKind] === kindDeleteReversed;
    const name = ops[op + opLeftName] ?? 0;
    const target = (ops[op + opLeftTimestamp] ?? 0) + (reversed ? 0 : skipped);
    if (this.#joinDelete(name, target, count, reversed)) return;
    this.columns.addDelete(name, target, count, reversed);
    this.#lastTimestamp = timestamp + skipped;
  }

  /** Makes the last operation mean the deletion, too; false: it cannot. */
  #joinDelete(name: number, target: number, count: number, reversed: boolean): boolean {
    const { ops, opCount } = this.columns;
    const last = (opCount - 1) * opStride;
    if (opCount === this.#opStart || ops[last + opKind] === kindInsert) return false;
    if (ops[last + opLeftName] !== name) return false;
    const lastCount = ops[last + opUnits] ?? 0;
    const lastTarget = ops[last + opLeftTimestamp] ?? 0;
    const lastReversed = ops[last + opKind] === kindDeleteReversed;
    // A single deletion has no direction and fits both.
    const mayRise = (!lastReversed || lastCount === 1) && (!reversed || count === 1);
    const mayFall = (lastReversed || lastCount === 1) && (reversed || count === 1);
    const rises = mayRise && target === lastTarget + lastCount;
    const falls = mayFall && target + count === lastTarget;
    const lowest = rises ? lastTarget : target;
    if (!(rises || falls) || lowest + lastCount + count > this.#lastTimestamp) return false;
    ops[last + opKind] = rises ? kindDelete : kindDeleteReversed;
    ops[last + opUnits] = lastCount + count;
    ops[last + opLeftTimestamp] = lowest;
    return true;
  }
}
