/**
 * The `ops` field of a Batch: a stream of varints that says what the batch's timestamps do. It
 * holds no timestamps of its own (they run from `first` without a hole) and no text (operations
 * take slices of `text` in order).
 *
 *   insert   head = length × 32 + right × 8 + left × 2       [left reference] [right reference]
 *              left    0 = the author's previous timestamp   1 = back to the author's own
 *                      2 = document start                    3 = name, back
 *              right   0 = implied                           1 = back to the author's own
 *                      2 = document end                      3 = name, back
 *              length  in UTF-16 units, ≥ 1
 *   delete   head = back × 4 + 1                             one character of the author's own
 *            head = count × 16 + reversed × 8 + other × 4 + 3      other ? name, back : back
 *              count   1 … 2^49-1, as any other would not fit
 *
 *   back     timestamp of the operation - referenced timestamp, ≥ 1
 *
 * An implied right origin is 'same' after left 0, and after a reference the character that the same
 * replica made next: in the middle of what somebody typed in a row it stands to the right of left.
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

/** Modes of an origin. */
const leftPrevious = 0;
const rightImplied = 0;
const toOwn = 1;
const atEdge = 2;
const toOther = 3;

/** A head that is a reference too has place for this much. */
const headBackMax = 2 ** 51 - 1;

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

/** RangeError if the operation of a batch that needs no stream breaks a rule. */
export function checkTyping(columns: OpColumns, position: number): void {
  const first = columns.batches[position * batchStride + batchFirst] ?? 0;
  const length = columns.ops[columns.opStart(position) * opStride + opUnits] ?? 0;
  if (first === 1) throw nothingPrevious();
  checkLength(first, length);
  const textEnd = columns.batches[position * batchStride + batchTextEnd] ?? 0;
  if (columns.textStart(position) + length !== textEnd) throw otherText(first, textEnd);
}

/** Writes the stream of a batch. RangeError if it breaks a rule above: it must reach no log. */
export function writeOps(
  writer: Writer,
  columns: OpColumns,
  position: number,
  names: WrittenNames,
): void {
  const { batches, ops, text } = columns;
  const batch = position * batchStride;
  const author = batches[batch + batchName] ?? 0;
  const first = batches[batch + batchFirst] ?? 0;
  const start = columns.opStart(position) * opStride;
  const end = (batches[batch + batchOpEnd] ?? 0) * opStride;
  const textEnd = batches[batch + batchTextEnd] ?? 0;
  if (start === end) throw new RangeError(`batch ${first} has no operation`);
  let timestamp = first;
  let unit = columns.textStart(position);
  for (let op = start; op < end; op += opStride) {
    const length = ops[op + opUnits] ?? 0;
    checkLength(timestamp, length);
    if (ops[op + opKind] === kindInsert) {
      unit += length;
      if (unit < textEnd && isLow(text[unit])) {
        throw new RangeError(`insert ${timestamp} ends inside a surrogate pair`);
      }
      writeInsert(writer, ops, op, timestamp, author, names);
    } else writeDelete(writer, ops, op, timestamp, author, names);
    timestamp += length;
  }
  if (unit !== textEnd) throw otherText(first, textEnd);
}

function checkLength(timestamp: number, length: number): void {
  // Subtracted, because a sum above 2^53 is rounded.
  if (length < 1 || length > Number.MAX_SAFE_INTEGER - timestamp + 1) {
    throw new RangeError(`operation of ${length} at ${timestamp}`);
  }
}

function nothingPrevious(): RangeError {
  return new RangeError('nothing is previous to timestamp 1');
}

function otherText(first: number, textEnd: number): RangeError {
  return new RangeError(`batch ${first}: its inserts do not end with its text, at ${textEnd}`);
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
  const right = ops[op + opRightTimestamp] ?? 0;
  const isPrevious = leftName === author && left === timestamp - 1;
  if (isPrevious && timestamp === 1) throw nothingPrevious();
  const leftMode = isPrevious ? leftPrevious : originMode(leftName, author);
  let rightMode = rightImplied;
  if (rightName === nameSame) {
    if (!isPrevious) {
      throw new RangeError(`insert ${timestamp}: right origin 'same' without the previous as left`);
    }
  } else if (isPrevious || rightName !== leftName || right !== left + 1 || leftMode === atEdge) {
    rightMode = originMode(rightName, author);
  }
  writer.varint((ops[op + opUnits] ?? 0) * 32 + rightMode * 8 + leftMode * 2);
  if (isReference(leftMode)) writeReference(writer, timestamp, leftMode, leftName, left, names);
  if (isReference(rightMode)) writeReference(writer, timestamp, rightMode, rightName, right, names);
}

function writeDelete(
  writer: Writer,
  ops: Float64Array,
  op: number,
  timestamp: number,
  author: number,
  names: WrittenNames,
): void {
  const count = ops[op + opUnits] ?? 0;
  const name = ops[op + opLeftName] ?? 0;
  const target = ops[op + opLeftTimestamp] ?? 0;
  const isReversed = ops[op + opKind] === kindDeleteReversed;
  if (!(target >= 1 && target + count <= timestamp)) {
    throw new RangeError(`delete ${timestamp}: a target is not older, ${target}`);
  }
  const back = timestamp - target;
  if (count === 1 && name === author && !isReversed && back <= headBackMax) {
    writer.varint(back * 4 + 1);
    return;
  }
  const mode = originMode(name, author);
  writer.varint(count * 16 + (isReversed ? 8 : 0) + (mode === toOther ? 4 : 0) + 3);
  writeReference(writer, timestamp, mode, name, target, names);
}

function isReference(mode: number): boolean {
  return mode === toOwn || mode === toOther;
}

function originMode(name: number, author: number): number {
  return name === author ? toOwn : name === nameEdge ? atEdge : toOther;
}

function writeReference(
  writer: Writer,
  timestamp: number,
  mode: number,
  name: number,
  referenced: number,
  names: WrittenNames,
): void {
  if (!(referenced >= 1 && referenced < timestamp)) {
    throw new RangeError(`operation ${timestamp} refers to ${referenced}`);
  }
  if (mode === toOther) writer.varint(writtenName(name, names));
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
 * `textStart` to the end of the columns.
 */
export function readOps(
  reader: Reader,
  columns: OpColumns,
  author: number,
  first: number,
  textStart: number,
  names: ReadNames,
): void {
  if (!reader.more()) throw reader.error('ops', 'an operation', 'none');
  const units = columns.textLength - textStart;
  let timestamp = first;
  let textEnd = 0;
  while (reader.more()) {
    const head = reader.varint('ops');
    let length: number;
    if (head % 2 === 0) {
      length = readInsert(reader, columns, head, timestamp, author, names);
      textEnd += length;
      if (textEnd > units || (textEnd < units && isLow(columns.text[textStart + textEnd]))) {
        throw reader.error('ops', `a cut of ${units} units of text`, textEnd);
      }
    } else length = readDelete(reader, columns, head, timestamp, author, names);
    checkRoom(reader, timestamp, length);
    timestamp += length;
  }
  if (textEnd < units) throw reader.error('text', `${textEnd} units`, units);
}

/** Whether `length` timestamps from `timestamp` on are at most 2^53-1. */
function checkRoom(reader: Reader, timestamp: number, length: number): void {
  // Subtracted, because a sum above 2^53 is rounded.
  const room = Number.MAX_SAFE_INTEGER - timestamp + 1;
  if (length > room) throw reader.error('ops', `${room} timestamps`, length);
}

/** Adds the insert; returns its length. */
function readInsert(
  reader: Reader,
  columns: OpColumns,
  head: number,
  timestamp: number,
  author: number,
  names: ReadNames,
): number {
  const flags = head % 32;
  const length = (head - flags) / 32;
  const leftMode = (flags >> 1) & 3;
  const rightMode = flags >> 3;
  if (length === 0 || (rightMode === rightImplied && leftMode === atEdge)) {
    throw reader.error('ops', 'the head of an insert', head);
  }
  let leftName = author;
  let left = timestamp - 1;
  if (leftMode === leftPrevious) {
    if (timestamp === 1) throw reader.error('ops', 'a timestamp before the insert', timestamp);
  } else if (leftMode === atEdge) {
    leftName = nameEdge;
    left = 0;
  } else {
    if (leftMode === toOther) leftName = readName(reader, columns, names);
    left = readReferenced(reader, timestamp);
  }
  let rightName = nameEdge;
  let right = 0;
  if (rightMode === rightImplied) {
    if (leftMode === leftPrevious) rightName = nameSame;
    else {
      if (left === timestamp - 1) throw reader.error('ops', '2 or more timestamps back', 1);
      rightName = leftName;
      right = left + 1;
    }
  } else if (rightMode !== atEdge) {
    rightName = rightMode === toOwn ? author : readName(reader, columns, names);
    right = readReferenced(reader, timestamp);
  }
  columns.addOp(kindInsert, length, leftName, left, rightName, right);
  return length;
}

/** Adds the deletion; returns its length. */
function readDelete(
  reader: Reader,
  columns: OpColumns,
  head: number,
  timestamp: number,
  author: number,
  names: ReadNames,
): number {
  const flags = head % 16;
  if ((flags & 2) === 0) {
    const target = timestamp - checkBack(reader, (head - (flags & 3)) / 4, timestamp);
    columns.addOp(kindDelete, 1, author, target, nameEdge, 0);
    return 1;
  }
  const count = (head - flags) / 16;
  const name = (flags & 4) === 0 ? author : readName(reader, columns, names);
  const target = readReferenced(reader, timestamp);
  if (count === 0 || target + count > timestamp) {
    throw reader.error('ops', `1 … ${timestamp - target} deletions`, count);
  }
  const kind = (flags & 8) === 0 ? kindDelete : kindDeleteReversed;
  columns.addOp(kind, count, name, target, nameEdge, 0);
  return count;
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
  return timestamp - checkBack(reader, reader.varint('ops'), timestamp);
}

function checkBack(reader: Reader, back: number, timestamp: number): number {
  if (back === 0 || back >= timestamp) {
    throw reader.error('ops', `1 … ${timestamp - 1} timestamps back`, back);
  }
  return back;
}

/** Whether the unit is the second half of a surrogate pair: well-formed text has no cut before. */
function isLow(unit: number | undefined): boolean {
  return ((unit ?? 0) & 0xfc00) === 0xdc00;
}
