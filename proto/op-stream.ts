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
 * referenced id exists is for the fold to say.
 */
import type { Batch, DeleteOp, InsertOp, Op, OpId } from './batch.ts';
import { opLength } from './batch.ts';
import { cutsPair } from './text.ts';
import type { Reader, Writer } from './wire.ts';

const leftPrevious = 0;
const rightSame = 0;
const byReference = 1;
const atEdge = 2;

/** Highest name that the wire can carry. */
const nameMax = 0xffff_ffff;

/** Names by replica, for writing; null: the replicas of the batch are names already. */
export type WrittenNames = ReadonlyMap<number, number> | null;

/** Name of a replica. RangeError if the table lacks it, or for a full id that is no name. */
export function nameOf(replica: number, names: WrittenNames): number {
  const name = names === null ? replica : names.get(replica);
  if (name === undefined || name > nameMax) throw new RangeError(`no name for replica ${replica}`);
  return name;
}

/** Whether the batch is one insert that goes on where its author was: it needs no stream. */
export function goesOn(batch: Batch): boolean {
  const op = batch.ops[0];
  if (batch.ops.length !== 1 || op === undefined || op.type === 'delete') return false;
  return op.right === 'same' && isPrevious(op.left, op.timestamp, batch.replica);
}

function isPrevious(id: OpId | null, timestamp: number, author: number): boolean {
  return id !== null && id.timestamp === timestamp - 1 && id.replica === author;
}

/** Writes the stream. RangeError if the batch breaks a rule above: it must never reach a log. */
export function writeOps(writer: Writer, batch: Batch, names: WrittenNames): void {
  for (const op of batch.ops) {
    if (op.type === 'insert') writeInsert(writer, op, batch.replica, names);
    else writeDelete(writer, op, names);
  }
}

function writeInsert(writer: Writer, op: InsertOp, author: number, names: WrittenNames): void {
  const { left, right, timestamp } = op;
  const leftMode = isPrevious(left, timestamp, author)
    ? leftPrevious
    : left === null
      ? atEdge
      : byReference;
  const rightMode = right === 'same' ? rightSame : right === null ? atEdge : byReference;
  if (rightMode === rightSame && leftMode !== leftPrevious) {
    throw new RangeError(`insert ${timestamp}: right origin 'same' without the previous as left`);
  }
  writer.varint(op.text.length * 32 + rightMode * 8 + leftMode * 2);
  if (left !== null && leftMode === byReference) writeReference(writer, op, left, names);
  if (right !== null && right !== 'same') writeReference(writer, op, right, names);
}

function writeDelete(writer: Writer, op: DeleteOp, names: WrittenNames): void {
  if (op.target.timestamp + op.count > op.timestamp) {
    throw new RangeError(`delete ${op.timestamp}: a target is not older, ${op.target.timestamp}`);
  }
  writer.varint(op.count * 4 + (op.reversed ? 2 : 0) + 1);
  writeReference(writer, op, op.target, names);
}

function writeReference(writer: Writer, op: Op, id: OpId, names: WrittenNames): void {
  if (!(id.timestamp >= 1 && id.timestamp < op.timestamp)) {
    throw new RangeError(`operation ${op.timestamp} refers to ${id.timestamp}`);
  }
  writer.varint(nameOf(id.replica, names));
  writer.varint(op.timestamp - id.timestamp);
}

/** What the stream rests on. */
export interface OpsContext {
  /** null: left out. */
  readonly stream: Reader | null;
  readonly text: string;
  readonly first: number;
  /** The batch's author, as it is to appear in references. */
  readonly author: number;
  /** Meaning of the names by position; null: they stay as they are. */
  readonly names: readonly number[] | null;
}

/** Reads the stream; `batch` is the reader of the batch around it, for errors. */
export function readOps(batch: Reader, context: OpsContext): Op[] {
  const { stream, text, first, author } = context;
  if (stream === null) {
    if (text === '') throw batch.error('text', 'an operation', 'neither ops nor text');
    if (first === 1) throw batch.error('first', 'a character before the first', first);
    const left = { timestamp: first - 1, replica: author };
    checkRoom(batch, first, text.length);
    return [{ type: 'insert', timestamp: first, left, right: 'same', text }];
  }
  const ops: Op[] = [];
  let timestamp = first;
  let textEnd = 0;
  while (stream.more()) {
    const head = stream.varint('ops');
    const start = textEnd;
    if (head % 2 === 0) textEnd += Math.floor(head / 32);
    if (textEnd > text.length || cutsPair(text, textEnd)) {
      throw stream.error('ops', `a cut of ${text.length} units of text`, textEnd);
    }
    const op =
      head % 2 === 1
        ? readDelete(stream, head, timestamp, context)
        : readInsert(stream, head, timestamp, text.slice(start, textEnd), context);
    checkRoom(stream, timestamp, opLength(op));
    timestamp += opLength(op);
    ops.push(op);
  }
  if (ops.length === 0) throw batch.error('ops', 'an operation', 'none');
  if (textEnd < text.length) throw batch.error('text', `${textEnd} units`, text.length);
  return ops;
}

/** Whether `length` timestamps from `timestamp` on are at most 2^53-1. */
function checkRoom(reader: Reader, timestamp: number, length: number): void {
  // Subtracted, because a sum above 2^53 is rounded.
  const room = Number.MAX_SAFE_INTEGER - timestamp + 1;
  if (length > room) throw reader.error('ops', `${room} timestamps`, length);
}

function readInsert(
  stream: Reader,
  head: number,
  timestamp: number,
  text: string,
  context: OpsContext,
): InsertOp {
  const flags = head % 32;
  const leftMode = (flags >> 1) & 3;
  const rightMode = flags >> 3;
  const known = leftMode <= atEdge && rightMode <= atEdge;
  if (text === '' || !known || (rightMode === rightSame && leftMode !== leftPrevious)) {
    throw stream.error('ops', 'the head of an insert', head);
  }
  let left: OpId | null = null;
  if (leftMode === leftPrevious) {
    if (timestamp === 1) throw stream.error('ops', 'a timestamp before the insert', timestamp);
    left = { timestamp: timestamp - 1, replica: context.author };
  } else if (leftMode === byReference) left = readReference(stream, timestamp, context);
  const right =
    rightMode === rightSame
      ? 'same'
      : rightMode === byReference
        ? readReference(stream, timestamp, context)
        : null;
  return { type: 'insert', timestamp, left, right, text };
}

function readDelete(
  stream: Reader,
  head: number,
  timestamp: number,
  context: OpsContext,
): DeleteOp {
  const count = Math.floor(head / 4);
  const reversed = head % 4 === 3;
  const target = readReference(stream, timestamp, context);
  if (count === 0 || target.timestamp + count > timestamp) {
    throw stream.error('ops', `1 … ${timestamp - target.timestamp} deletions`, count);
  }
  return { type: 'delete', timestamp, target, count, reversed };
}

function readReference(stream: Reader, timestamp: number, context: OpsContext): OpId {
  const name = stream.varint('ops');
  const replica = context.names === null ? name : context.names[name];
  if (replica === undefined || name > nameMax) {
    throw stream.error('ops', `a name below ${context.names?.length ?? nameMax + 1}`, name);
  }
  const back = stream.varint('ops');
  if (back === 0 || back >= timestamp) {
    throw stream.error('ops', `1 … ${timestamp - 1} timestamps back`, back);
  }
  return { timestamp: timestamp - back, replica };
}
