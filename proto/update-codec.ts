/**
 * The Update message: a log row's body, a client's update, an outbox. Self-contained: it has its
 * own table of full replica ids, in order of first use, and batches name replicas by position in
 * it.
 *
 *   format (0 is left out) | id, id, … | batch, batch, …          other orders are refused
 *                                      | fields of the only batch
 *
 * If there is one batch, as in a keystroke, its fields are the update's own: two bytes less, and no
 * message in a message. Each update has one form: a single `batches` is refused, as are both.
 *
 * The format number also stands for the rules by which the fold judges the batches. A number that
 * is not known here ends the reading: a node must not guess what a newer one meant.
 *
 * There is one way through OpColumns; Batch objects are made from them and put into them. The
 * reader, the writer and the columns for objects are used again by every call.
 */
import type { Batch } from './batch.ts';
import { loneFieldMax, loneFieldMin, readBatch, writeBatch } from './batch-codec.ts';
import { DecodeError, UnreadableFormatError } from './decode-error.ts';
import {
  batchName,
  batchOpEnd,
  batchStride,
  OpColumns,
  opLeftName,
  opRightName,
  opStride,
} from './op-columns.ts';
import type { WrittenNames } from './op-stream.ts';
import { Reader, Writer } from './wire.ts';

const fieldFormat = 1;
const fieldReplicas = 2;
const fieldBatches = 3;

/** Highest format number that is read, and the one that is written unless told otherwise. */
const updateFormat = 0;

/** Operations under full replica ids. */
export interface Update {
  readonly format: number;
  readonly batches: readonly Batch[];
}

const noBytes = new Uint8Array(0);
const reader = new Reader(noBytes);
const writer = new Writer();
/** Empty between calls. */
const objectColumns = new OpColumns();
/** Names in the columns by position in the table of the update that is read. */
const readNames: number[] = [];

/** Encodes batches with full replica ids. RangeError if one breaks a rule of the format. */
export function encodeUpdate(update: {
  readonly format?: number;
  readonly batches: readonly Batch[];
}): Uint8Array {
  try {
    for (const batch of update.batches) objectColumns.addBatch(batch);
    return writeUpdate(objectColumns, update.format);
  } finally {
    objectColumns.clear();
  }
}

/**
 * Decodes an update into full replica ids. UnreadableFormatError if its format is not known,
 * DecodeError if the bytes are not an update. Shares no memory with `bytes`.
 */
export function decodeUpdate(bytes: Uint8Array): Update {
  readUpdate(bytes, objectColumns);
  const batches: Batch[] = [];
  for (let position = 0; position < objectColumns.batchCount; position++) {
    batches.push(objectColumns.batchAt(position));
  }
  objectColumns.clear();
  // Another format is not read.
  return { format: updateFormat, batches };
}

/**
 * The batches of the columns, whose replicas are full ids, as an update. RangeError if one breaks a
 * rule of the format.
 */
export function writeUpdate(columns: OpColumns, format: number = updateFormat): Uint8Array {
  const { replicas, batchCount } = columns;
  const used = namesInOrder(columns);
  const names = used === -1 ? namesByUse(columns) : null;
  writer.clear();
  writer.uint32(fieldFormat, format);
  if (names === null) for (let name = 0; name < used; name++) writeReplica(replicas[name] ?? 0);
  else for (const name of names.table) writeReplica(replicas[name] ?? 0);
  const written = names === null ? null : names.written;
  if (batchCount === 1) writeBatch(writer, columns, 0, 'lone', written);
  else {
    for (let position = 0; position < batchCount; position++) {
      const mark = writer.open(fieldBatches);
      writeBatch(writer, columns, position, 'update', written);
      writer.close(mark);
    }
  }
  const bytes = writer.finish();
  writer.clear();
  return bytes;
}

function writeReplica(replica: number): void {
  if (replica === 0) throw new RangeError('a replica id is 1 … 2^53-1, got 0');
  writer.uint(fieldReplicas, replica);
}

/**
 * How many names the batches use, if their order is that of first use: the common case, which needs
 * no table. -1: it is not.
 */
function namesInOrder({ batches, batchCount, ops }: OpColumns): number {
  let used = 0;
  let op = 0;
  for (let batch = 0; batch < batchCount * batchStride; batch += batchStride) {
    const author = batches[batch + batchName] ?? 0;
    if (author > used) return -1;
    if (author === used) used++;
    for (const end = (batches[batch + batchOpEnd] ?? 0) * opStride; op < end; op += opStride) {
      const left = ops[op + opLeftName] ?? 0;
      if (left > used) return -1;
      if (left === used) used++;
      const right = ops[op + opRightName] ?? 0;
      if (right > used) return -1;
      if (right === used) used++;
    }
  }
  return used;
}

/** The names that are used, in order of first use, and for each name its place among them. */
function namesByUse({ replicas, batches, batchCount, ops }: OpColumns): {
  readonly table: readonly number[];
  readonly written: WrittenNames;
} {
  const table: number[] = [];
  const written: number[] = replicas.map(() => -1);
  const use = (name: number): void => {
    if (name < 0 || written[name] !== -1) return;
    written[name] = table.length;
    table.push(name);
  };
  let op = 0;
  for (let batch = 0; batch < batchCount * batchStride; batch += batchStride) {
    use(batches[batch + batchName] ?? 0);
    for (const end = (batches[batch + batchOpEnd] ?? 0) * opStride; op < end; op += opStride) {
      use(ops[op + opLeftName] ?? 0);
      use(ops[op + opRightName] ?? 0);
    }
  }
  return { table, written };
}

/**
 * Adds the batches of an update to the columns, whose replicas are full ids. Errors: those of
 * `decodeUpdate`, and the columns are empty. Shares no memory with `bytes`.
 */
export function readUpdate(bytes: Uint8Array, columns: OpColumns): void {
  let batchCount = 0;
  reader.reset(bytes);
  while (readNames.length > 0) readNames.pop();
  try {
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === fieldReplicas) readReplica(columns, batchCount);
      else if (field >= loneFieldMin && field <= loneFieldMax) readLone(field, batchCount, columns);
      else if (field === fieldBatches) readBatchAt(batchCount++, columns);
      else if (field === fieldFormat) readFormat();
      else reader.skip();
    }
    if (batchCount === 1) throw reader.error('batches', 'its fields outside if it is one', 'one');
  } catch (error) {
    columns.clear();
    throw error;
  } finally {
    reader.reset(noBytes);
  }
}

function readFormat(): void {
  const format = reader.uint32('format');
  if (format > updateFormat) throw new UnreadableFormatError(reader.offset, format);
}

function readReplica(columns: OpColumns, batchCount: number): void {
  const index = readNames.length;
  const field = index === 0 ? 'replicas[0]' : `replicas[${index}]`;
  const replica = reader.uint(field);
  if (replica === 0) throw reader.error(field, 'a replica id', replica);
  if (batchCount > 0) throw reader.error(field, 'a batch', 'a replica id after one');
  readNames.push(columns.nameOf(replica));
}

/** Reads to the end of the update. */
function readLone(field: number, batchCount: number, columns: OpColumns): void {
  if (batchCount > 0) throw reader.error('batches', 'none beside the fields of one', batchCount);
  if (readNames.length === 0) throw reader.error('replicas', 'the id of the author', 'none');
  readBatch(reader, field, 'lone', readNames, columns);
}

function readBatchAt(index: number, columns: OpColumns): void {
  const start = reader.content('batches');
  const outer = reader.end;
  reader.seek(start, reader.offset);
  try {
    readBatch(reader, reader.next(), 'update', readNames, columns);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw error.within(`batches[${index}]`);
  }
  reader.seek(reader.offset, outer);
}
