/**
 * The `ops` field of a Batch: a stream of varints that says what the batch's timestamps do. It
 * holds no timestamps of its own (they run from `first` without a hole) and no text (operations
 * take slices of `text` in order).
 *
 *   insert   head = length × 32 + right × 8 + left × 2       [left reference] [right reference]
 *              left    0 = the author's previous timestamp   1 = reference   2 = document start
 *              right   0 = 'same'                            1 = reference   2 = document end
 *              length  in UTF-16 units, ≥ 1
 *   delete   head = count × 4 + reversed × 2 + 1             target reference
 *              count   1 … 2^51-1, as any other would not fit
 *
 *   reference = name, back      back = timestamp of the operation - referenced timestamp, ≥ 1
 *
 * The stream is left out when the batch is one insert of all of `text` with left 0 and right 0:
 * typing that goes on, the common case.
 *
 * What comes out keeps these rules: no operation of length 0; the lengths of the inserts add up to
 * the text; no cut through a surrogate pair; `'same'` only together with left 0; every reference is
 * to a timestamp from 1 to below the operation's own (for a delete: all of its targets). Whether a
 * referenced id exists is for the fold to say. Both ways go through OpColumns, without an object.
 */
import {
  batchFirst,
  batchName,
  batchOpEnd,
  batchStride,
  batchTextEnd,
  kindDelete,
  kindDeleteReversed,
  kindInsert,
  nameEdge,
  nameSame,
  type OpColumns,
  opKind,
  opLeftName,
  opLeftTimestamp,
  opRightName,
  opRightTimestamp,
  opStride,
  opUnits,
} from './op-columns.ts';
import type { Reader, Writer } from './wire.ts';

const leftPrevious = 0;
const rightSame = 0;
const byReference = 1;
const atEdge = 2;

/** Highest name that the wire can carry. */
const nameMax = 0xffff_ffff;

/** What stands on the wire for each name of the columns; null: the name itself. */
export type WrittenNames = readonly number[] | null;

/** The name of the columns for each one on the wire; null: one that stands for the number. */
export type ReadNames = readonly number[] | null;

/** What is written for a name. RangeError if it has no place on the wire, as a full id has none. */
export function writtenName(name: number, names: WrittenNames): number {
  const written = names === null ? name : names[name];
  if (written === undefined || !(written <= nameMax)) {
    throw new RangeError(`no name for replica ${written}`);
  }
  return written;
}

/** Whether the batch is one insert that goes on where its author was: it needs no stream. */
export function goesOn(columns: OpColumns, position: number): boolean {
  const { batches, ops } = columns;
  const batch = position * batchStride;
  const number = columns.opStart(position);
  const op = number * opStride;
  return (
    batches[batch + batchOpEnd] === number + 1 &&
    ops[op + opRightName] === nameSame &&
    ops[op + opLeftName] === batches[batch + batchName] &&
    ops[op + opLeftTimestamp] === (batches[batch + batchFirst] ?? 0) - 1
  );
}

/** RangeError if the lengths of the operations of a batch break a rule: see `writeOps`. */
export function checkLengths(columns: OpColumns, position: number): void {
  const { batches, ops, text } = columns;
  const batch = position * batchStride;
  const first = batches[batch + batchFirst] ?? 0;
  const opStart = columns.opStart(position);
  const opEnd = batches[batch + batchOpEnd] ?? 0;
  const textEnd = batches[batch + batchTextEnd] ?? 0;
  if (first < 1 || opEnd === opStart) {
    throw new RangeError(`batch of ${opEnd - opStart} operations from ${first} on`);
  }
  let timestamp = first;
  let unit = columns.textStart(position);
  for (let op = opStart * opStride; op < opEnd * opStride; op += opStride) {
    const length = ops[op + opUnits] ?? 0;
    // Subtracted, because a sum above 2^53 is rounded.
    if (length < 1 || length > Number.MAX_SAFE_INTEGER - timestamp + 1) {
      throw new RangeError(`operation of ${length} at ${timestamp}`);
    }
    if (ops[op + opKind] === kindInsert) {
      unit += length;
      if (unit < textEnd && isLow(text[unit])) {
        throw new RangeError(`insert ${timestamp} ends inside a surrogate pair`);
      }
    }
    timestamp += length;
  }
  if (unit !== textEnd) throw new RangeError(`batch ${first}: the text ends at ${textEnd}`);
}

/**
 * Writes the stream of a batch with right lengths. RangeError if it breaks another rule above: it
 * must never reach a log.
 */
export function writeOps(
  writer: Writer,
  columns: OpColumns,
  position: number,
  names: WrittenNames,
): void {
  const { batches, ops } = columns;
  const batch = position * batchStride;
  const author = batches[batch + batchName] ?? 0;
  const end = (batches[batch + batchOpEnd] ?? 0) * opStride;
  let timestamp = batches[batch + batchFirst] ?? 0;
  for (let op = columns.opStart(position) * opStride; op < end; op += opStride) {
    if (ops[op + opKind] === kindInsert) writeInsert(writer, ops, op, timestamp, author, names);
    else writeDelete(writer, ops, op, timestamp, names);
    timestamp += ops[op + opUnits] ?? 0;
  }
}

function writeInsert(
  writer: Writer,
  ops: Float64Array,
  op: number,
  timestamp: number,
  author: number,
  names: WrittenNames,
): void {
  const leftName = ops[op + opLeftName] ?? 0;
  const left = ops[op + opLeftTimestamp] ?? 0;
  const rightName = ops[op + opRightName] ?? 0;
  const isPrevious = leftName === author && left === timestamp - 1;
  const leftMode = isPrevious ? leftPrevious : leftName === nameEdge ? atEdge : byReference;
  const rightMode = rightName === nameSame ? rightSame : rightName < 0 ? atEdge : byReference;
  if (rightMode === rightSame && !isPrevious) {
    throw new RangeError(`insert ${timestamp}: right origin 'same' without the previous as left`);
  }
  if (isPrevious && timestamp === 1) throw new RangeError('nothing is previous to timestamp 1');
  writer.varint((ops[op + opUnits] ?? 0) * 32 + rightMode * 8 + leftMode * 2);
  if (leftMode === byReference) writeReference(writer, timestamp, leftName, left, names);
  if (rightMode === byReference) {
    writeReference(writer, timestamp, rightName, ops[op + opRightTimestamp] ?? 0, names);
  }
}

function writeDelete(
  writer: Writer,
  ops: Float64Array,
  op: number,
  timestamp: number,
  names: WrittenNames,
): void {
  const count = ops[op + opUnits] ?? 0;
  const target = ops[op + opLeftTimestamp] ?? 0;
  if (target + count > timestamp) {
    throw new RangeError(`delete ${timestamp}: a target is not older, ${target}`);
  }
  writer.varint(count * 4 + (ops[op + opKind] === kindDeleteReversed ? 2 : 0) + 1);
  writeReference(writer, timestamp, ops[op + opLeftName] ?? 0, target, names);
}

function writeReference(
  writer: Writer,
  timestamp: number,
  name: number,
  referenced: number,
  names: WrittenNames,
): void {
  if (!(referenced >= 1 && referenced < timestamp)) {
    throw new RangeError(`operation ${timestamp} refers to ${referenced}`);
  }
  writer.varint(writtenName(name, names));
  writer.varint(timestamp - referenced);
}

/** Adds the operation of a batch without a stream; `reader` is that of the batch, for errors. */
export function addTyping(
  reader: Reader,
  columns: OpColumns,
  author: number,
  first: number,
  textStart: number,
): void {
  const length = columns.textLength - textStart;
  if (length === 0) throw reader.error('text', 'an operation', 'neither ops nor text');
  if (first === 1) throw reader.error('first', 'a character before the first', first);
  checkRoom(reader, first, length);
  columns.addOp(kindInsert, length, author, first - 1, nameSame, 0);
}

/**
 * Adds the operations of a stream, which is what `reader` has left, and of the text from
 * `textStart` to the end of the columns. Returns how much of the text they take.
 */
export function readOps(
  reader: Reader,
  columns: OpColumns,
  author: number,
  first: number,
  textStart: number,
  names: ReadNames,
): number {
  const units = columns.textLength - textStart;
  let timestamp = first;
  let textEnd = 0;
  while (reader.more()) {
    const head = reader.varint('ops');
    let length: number;
    if (head % 2 === 0) {
      length = Math.floor(head / 32);
      textEnd += length;
      if (textEnd > units || (textEnd < units && isLow(columns.text[textStart + textEnd]))) {
        throw reader.error('ops', `a cut of ${units} units of text`, textEnd);
      }
      readInsert(reader, columns, head, timestamp, author, names);
    } else {
      length = Math.floor(head / 4);
      readDelete(reader, columns, head, timestamp, names);
    }
    checkRoom(reader, timestamp, length);
    timestamp += length;
  }
  return textEnd;
}

/** Whether `length` timestamps from `timestamp` on are at most 2^53-1. */
function checkRoom(reader: Reader, timestamp: number, length: number): void {
  // Subtracted, because a sum above 2^53 is rounded.
  const room = Number.MAX_SAFE_INTEGER - timestamp + 1;
  if (length > room) throw reader.error('ops', `${room} timestamps`, length);
}

function readInsert(
  reader: Reader,
  columns: OpColumns,
  head: number,
  timestamp: number,
  author: number,
  names: ReadNames,
): void {
  const flags = head % 32;
  const leftMode = (flags >> 1) & 3;
  const rightMode = flags >> 3;
  const known = leftMode <= atEdge && rightMode <= atEdge;
  if (head < 32 || !known || (rightMode === rightSame && leftMode !== leftPrevious)) {
    throw reader.error('ops', 'the head of an insert', head);
  }
  let leftName = nameEdge;
  let left = 0;
  if (leftMode === leftPrevious) {
    if (timestamp === 1) throw reader.error('ops', 'a timestamp before the insert', timestamp);
    leftName = author;
    left = timestamp - 1;
  } else if (leftMode === byReference) {
    leftName = readName(reader, columns, names);
    left = readReferenced(reader, timestamp);
  }
  let rightName = rightMode === rightSame ? nameSame : nameEdge;
  let right = 0;
  if (rightMode === byReference) {
    rightName = readName(reader, columns, names);
    right = readReferenced(reader, timestamp);
  }
  columns.addOp(kindInsert, Math.floor(head / 32), leftName, left, rightName, right);
}

function readDelete(
  reader: Reader,
  columns: OpColumns,
  head: number,
  timestamp: number,
  names: ReadNames,
): void {
  const count = Math.floor(head / 4);
  const name = readName(reader, columns, names);
  const target = readReferenced(reader, timestamp);
  if (count === 0 || target + count > timestamp) {
    throw reader.error('ops', `1 … ${timestamp - target} deletions`, count);
  }
  const kind = head % 4 === 3 ? kindDeleteReversed : kindDelete;
  columns.addOp(kind, count, name, target, nameEdge, 0);
}

function readName(reader: Reader, columns: OpColumns, names: ReadNames): number {
  const read = reader.varint('ops');
  const name = names === null ? columns.nameOf(read) : names[read];
  if (name === undefined || read > nameMax) {
    throw reader.error('ops', `a name below ${names?.length ?? nameMax + 1}`, read);
  }
  return name;
}

function readReferenced(reader: Reader, timestamp: number): number {
  const back = reader.varint('ops');
  if (back === 0 || back >= timestamp) {
    throw reader.error('ops', `1 … ${timestamp - 1} timestamps back`, back);
  }
  return timestamp - back;
}

/** Whether the unit is the second half of a surrogate pair: well-formed text has no cut before. */
function isLow(unit: number | undefined): boolean {
  return ((unit ?? 0) & 0xfc00) === 0xdc00;
}
