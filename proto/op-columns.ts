/**
 * Batches of operations as columns of numbers: the hub between bytes, Batch objects and the engine.
 * Nothing is created per batch or operation, so a keystroke goes from one form into another at the
 * cost of a few stores, and a quarter of a million of them take three arrays.
 *
 *   batches   name | first | gap | base | op end | text end          one record of 6 a batch
 *   ops       kind | length | left name | left timestamp             one record of 6 an operation
 *                           | right name | right timestamp
 *   text      UTF-16 units of all inserts, in order
 *   replicas  replica by name
 *
 * A record starts in `ops` and `text` where the one before it ends; the timestamps of its
 * operations run from `first` without a hole, an insert takes `length` units of the text.
 *
 *   insert    left name -1: document start; right name -1: document end, -2: 'same' (see batch.ts)
 *   delete    left name and timestamp: the lowest target; right name -1; length: the count
 *
 * A *name* is a position in `replicas`, which holds full ids, or the indexes of a frame. The
 * columns keep what they are given: whether a batch keeps the rules of the format is for the codecs
 * to say, whether an id exists for the engine. The arrays are replaced when they grow, so they must
 * be read anew after a call that adds.
 */
import { type Batch, type Binding, type Op, type OpId, opLength } from './batch.ts';
import { textOfUnits } from './text.ts';

/** Numbers in a record of `batches`, and where each of them is. */
export const batchStride = 6;
export const batchName = 0;
export const batchFirst = 1;
export const batchGap = 2;
export const batchBase = 3;
/** Number of operations up to the end of the batch, counted over all batches. */
export const batchOpEnd = 4;
/** Units of text up to the end of the batch, counted over all batches. */
export const batchTextEnd = 5;

/** Numbers in a record of `ops`, and where each of them is. */
export const opStride = 6;
export const opKind = 0;
/** Timestamps that the operation takes. */
export const opUnits = 1;
export const opLeftName = 2;
export const opLeftTimestamp = 3;
export const opRightName = 4;
export const opRightTimestamp = 5;

/** Kinds of operations. */
export const kindInsert = 0;
export const kindDelete = 1;
/** The k-th deletion hits the k-th target from the end. */
export const kindDeleteReversed = 2;
export type DeleteKind = typeof kindDelete | typeof kindDeleteReversed;

/** In place of a name: the document's start as a left origin, its end as a right one. */
export const nameEdge = -1;
/** In place of the name of a right origin: that of the left origin. */
export const nameSame = -2;

/** Columns above these lengths are given back by `clear`: 48 KB, 48 KB and 32 KB are kept. */
const keptNumbersMax = 6 * 1024;
const keptUnitsMax = 16 * 1024;

/** Up to this many replicas a look-up by eye is faster than the map. */
const scannedReplicasMax = 16;

export class OpColumns {
  /** Replica by name, each one once. */
  readonly replicas: number[] = [];
  batchCount = 0;
  /** Records of `batchStride` numbers, of which `batchCount` count. */
  batches = new Float64Array(batchStride);
  opCount = 0;
  /** Records of `opStride` numbers, of which `opCount` count. */
  ops = new Float64Array(opStride);
  textLength = 0;
  /** Units, of which `textLength` count. */
  text = new Uint16Array(16);
  /** By position of the batch; few have one. */
  readonly bindings = new Map<number, Binding>();
  /** How long the author held it, ms, by position of the batch; few tell, and 0 tells nothing. */
  readonly heldMs = new Map<number, number>();
  /** Name by replica, once there are more than `scannedReplicasMax`. */
  #names: Map<number, number> | null = null;
  /** The name that was looked up last. */
  #lastName = 0;

  /** Forgets everything, the names too; keeps columns that are not large. */
  clear(): void {
    // Setting the length would give the array's memory back, for the next keystroke to take anew.
    while (this.replicas.length > 0) this.replicas.pop();
    this.batchCount = 0;
    this.opCount = 0;
    this.textLength = 0;
    this.#names = null;
    if (this.bindings.size > 0) this.bindings.clear();
    if (this.heldMs.size > 0) this.heldMs.clear();
    if (this.batches.length > keptNumbersMax) this.batches = new Float64Array(batchStride);
    if (this.ops.length > keptNumbersMax) this.ops = new Float64Array(opStride);
    if (this.text.length > keptUnitsMax) this.text = new Uint16Array(16);
  }

  /** The name of a replica, a new one if it has none. */
  nameOf(replica: number): number {
    if (this.replicas[this.#lastName] === replica) return this.#lastName;
    this.#lastName = this.#find(replica);
    return this.#lastName;
  }

  /** Number of the first operation of a batch. */
  opStart(position: number): number {
    return position === 0 ? 0 : this.#batchField(position - 1, batchOpEnd);
  }

  /** Index in `text` of the first unit of a batch. */
  textStart(position: number): number {
    return position === 0 ? 0 : this.#batchField(position - 1, batchTextEnd);
  }

  /** Begins a batch: the operations and units that are added up to `endBatch` are its own. */
  beginBatch(name: number, first: number, gap: number, base: number): void {
    const at = this.batchCount * batchStride;
    if (at + batchStride > this.batches.length) {
      this.batches = grown(this.batches, new Float64Array(this.batches.length * 2));
    }
    const { batches } = this;
    batches[at] = name;
    batches[at + batchFirst] = first;
    batches[at + batchGap] = gap;
    batches[at + batchBase] = base;
  }

  /** Ends the batch; returns its position. */
  endBatch(): number {
    const at = this.batchCount * batchStride;
    this.batches[at + batchOpEnd] = this.opCount;
    this.batches[at + batchTextEnd] = this.textLength;
    return this.batchCount++;
  }

  /** An insert; its units come by `appendText` and `appendUnits` before the next operation. */
  addInsert(
    leftName: number,
    leftTimestamp: number,
    rightName: number,
    rightTimestamp: number,
  ): void {
    this.addOp(kindInsert, 0, leftName, leftTimestamp, rightName, rightTimestamp);
  }

  /** A deletion of `count` characters from the lowest target on. */
  addDelete(kind: DeleteKind, targetName: number, targetTimestamp: number, count: number): void {
    this.addOp(kind, count, targetName, targetTimestamp, nameEdge, 0);
  }

  /** A record as it is. The units of an insert must be in `text` when its batch ends. */
  addOp(
    kind: number,
    length: number,
    leftName: number,
    leftTimestamp: number,
    rightName: number,
    rightTimestamp: number,
  ): void {
    const at = this.opCount * opStride;
    if (at + opStride > this.ops.length) {
      this.ops = grown(this.ops, new Float64Array(this.ops.length * 2));
    }
    const { ops } = this;
    ops[at] = kind;
    ops[at + opUnits] = length;
    ops[at + opLeftName] = leftName;
    ops[at + opLeftTimestamp] = leftTimestamp;
    ops[at + opRightName] = rightName;
    ops[at + opRightTimestamp] = rightTimestamp;
    this.opCount++;
  }

  /** Adds units to the insert that was added last. */
  appendText(text: string): void {
    const { length } = text;
    this.reserveText(length);
    const units = this.text;
    const start = this.textLength;
    for (let index = 0; index < length; index++) units[start + index] = text.charCodeAt(index);
    this.#extendInsert(length);
  }

  /** Adds a unit to the insert that was added last. */
  appendUnit(unit: number): void {
    this.reserveText(1);
    this.text[this.textLength] = unit;
    this.#extendInsert(1);
  }

  /** Adds units [start, end) of `units` to the insert that was added last. */
  appendUnits(units: Uint16Array, start: number, end: number): void {
    this.reserveText(end - start);
    const into = this.text;
    let at = this.textLength;
    for (let index = start; index < end; index++) into[at++] = units[index] ?? 0;
    this.#extendInsert(end - start);
  }

  /** Makes place for `count` more units behind `textLength`. */
  reserveText(count: number): void {
    const needed = this.textLength + count;
    if (needed <= this.text.length) return;
    this.text = grown(this.text, new Uint16Array(Math.max(needed, this.text.length * 2)));
  }

  /** Adds a batch. RangeError if its timestamps have a hole. */
  addBatch(batch: Batch): void {
    this.beginBatch(this.nameOf(batch.replica), batch.first, batch.gap, batch.base);
    let timestamp = batch.first;
    for (const op of batch.ops) {
      if (op.timestamp !== timestamp) {
        throw new RangeError(`operation at ${op.timestamp}, expected at ${timestamp}`);
      }
      this.#addOpOf(op);
      timestamp += opLength(op);
    }
    const position = this.endBatch();
    if (batch.binding !== undefined) this.bindings.set(position, batch.binding);
    if (batch.heldMs !== undefined) this.heldMs.set(position, batch.heldMs);
  }

  /** The batch at a position as an object that shares nothing with the columns. */
  batchAt(position: number): Batch {
    const first = this.#batchField(position, batchFirst);
    const opEnd = this.#batchField(position, batchOpEnd);
    const ops: Op[] = [];
    let timestamp = first;
    let textStart = this.textStart(position);
    for (let number = this.opStart(position); number < opEnd; number++) {
      const op = this.#opAt(number, timestamp, textStart);
      if (op.type === 'insert') textStart += op.text.length;
      timestamp += opLength(op);
      ops.push(op);
    }
    const batch: Batch = {
      replica: this.replicaOf(this.#batchField(position, batchName)),
      first,
      gap: this.#batchField(position, batchGap),
      base: this.#batchField(position, batchBase),
      ops,
    };
    const binding = this.bindings.get(position);
    const heldMs = this.heldMs.get(position);
    if (binding === undefined && heldMs === undefined) return batch;
    return { ...batch, ...(binding && { binding }), ...(heldMs && { heldMs }) };
  }

  #find(replica: number): number {
    const { replicas } = this;
    if (replicas.length > scannedReplicasMax) return this.#findInMap(replica);
    for (let name = 0; name < replicas.length; name++) if (replicas[name] === replica) return name;
    return replicas.push(replica) - 1;
  }

  #findInMap(replica: number): number {
    const { replicas } = this;
    this.#names ??= new Map(replicas.map((known, name) => [known, name]));
    const name = this.#names.get(replica);
    if (name !== undefined) return name;
    this.#names.set(replica, replicas.length);
    return replicas.push(replica) - 1;
  }

  #extendInsert(count: number): void {
    const at = (this.opCount - 1) * opStride + opUnits;
    this.ops[at] = (this.ops[at] ?? 0) + count;
    this.textLength += count;
  }

  #addOpOf(op: Op): void {
    if (op.type === 'delete') {
      const { target } = op;
      const kind = op.reversed ? kindDeleteReversed : kindDelete;
      this.addDelete(kind, this.nameOf(target.replica), target.timestamp, op.count);
      return;
    }
    const { left, right } = op;
    const leftName = left === null ? nameEdge : this.nameOf(left.replica);
    const rightName =
      right === 'same' ? nameSame : right === null ? nameEdge : this.nameOf(right.replica);
    const rightTimestamp = right === 'same' || right === null ? 0 : right.timestamp;
    this.addInsert(leftName, left === null ? 0 : left.timestamp, rightName, rightTimestamp);
    this.appendText(op.text);
  }

  #opAt(number: number, timestamp: number, textStart: number): Op {
    const kind = this.#opField(number, opKind);
    const length = this.#opField(number, opUnits);
    const left = this.#idAt(number, opLeftName);
    if (kind !== kindInsert) {
      if (left === null) throw new RangeError(`deletion ${timestamp} has no target`);
      const reversed = kind === kindDeleteReversed;
      return { type: 'delete', timestamp, target: left, count: length, reversed };
    }
    const isSame = this.#opField(number, opRightName) === nameSame;
    const right = isSame ? 'same' : this.#idAt(number, opRightName);
    return {
      type: 'insert',
      timestamp,
      left,
      right,
      text: textOfUnits(this.text, textStart, textStart + length),
    };
  }

  /** The id whose name is in `field` and whose timestamp is in the next one; null: an edge. */
  #idAt(number: number, field: number): OpId | null {
    const name = this.#opField(number, field);
    if (name === nameEdge) return null;
    return { timestamp: this.#opField(number, field + 1), replica: this.replicaOf(name) };
  }

  /** The replica with this name. RangeError if there is none. */
  replicaOf(name: number): number {
    const replica = this.replicas[name];
    if (replica === undefined) throw new RangeError(`no replica has the name ${name}`);
    return replica;
  }

  #batchField(position: number, field: number): number {
    return this.batches[position * batchStride + field] ?? 0;
  }

  #opField(number: number, field: number): number {
    return this.ops[number * opStride + field] ?? 0;
  }
}

function grown<A extends Float64Array | Uint16Array>(from: A, into: A): A {
  into.set(from);
  return into;
}
