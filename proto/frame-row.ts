/**
 * Rows of the log as frames carry them: `rows` and `lone_rows` of a ServerFrame.
 *
 * Nearly every row has one batch and introduces nobody. Such a *lone row* is packed, because the
 * tags and lengths of nested messages would be most of a keystroke; all numbers are varints:
 *
 *   lone row := author at first [gap] [length ops] text
 *   author   := index × 4 + (2 if it has ops) + (1 if it has a gap)
 *
 * The parts mean what the fields of Row and Batch of these names do; text goes to the end.
 */
import type { Batch } from './batch.ts';
import { readFrameBatch, writeFrameBatch } from './batch-codec.ts';
import { DecodeError } from './decode-error.ts';
import { batchFirst, batchGap, batchName, batchTextEnd, OpColumns } from './op-columns.ts';
import { addTyping, checkTyping, goesOn, readOps, writeOps, writtenName } from './op-stream.ts';
import { readUnits } from './unit-text.ts';
import { type Reader, Writer } from './wire.ts';

export const fieldRows = 2;
export const fieldLoneRows = 11;
const fieldAt = 1;
const fieldIntroduced = 2;
const fieldBatches = 3;
const fieldEpoch = 4;

const hasGap = 1;
const hasOps = 2;
const authorFactor = 4;

/** A committed row of the log, without the batches that the fold refused. */
export interface FrameRow {
  /** Commit time minus that of the row before (row 1: ms since 1970). */
  readonly at: number;
  /** Full ids of replicas that first appear in this row, in the order of their indexes. */
  readonly introduced: readonly number[];
  /** Names are indexes; `base` is 0, receivers do not need it. */
  readonly batches: readonly Batch[];
  /** In row 1 the epoch of the history that begins with it, else 0. */
  readonly epoch: number;
}

/** A batch of one row or more, whose names are indexes; encoded once. */
export class RowBatch {
  readonly batch: Batch;
  #part: Uint8Array | null = null;

  constructor(batch: Batch) {
    this.batch = batch;
  }

  /** As a part of a Row; base and binding are left out. */
  get part(): Uint8Array {
    this.#part ??= encoded((writer) => {
      const mark = writer.open(fieldBatches);
      writeFrameBatch(writer, this.batch, 'row');
      writer.close(mark);
    });
    return this.#part;
  }
}

/** A row as a part of a frame. RangeError if a batch breaks a rule of the format. */
export function encodeRowPart(
  row: Omit<FrameRow, 'batches'> & { readonly batches: readonly RowBatch[] },
): Uint8Array {
  const [only] = row.batches;
  const isLone = row.batches.length === 1 && row.introduced.length === 0 && row.epoch === 0;
  return encoded((writer) => {
    const mark = writer.open(isLone ? fieldLoneRows : fieldRows);
    if (isLone && only !== undefined) writeLoneRow(writer, row.at, only.batch);
    else {
      writer.uint(fieldAt, row.at);
      for (const replica of row.introduced) writer.uint(fieldIntroduced, replica);
      for (const { part } of row.batches) writer.raw(part);
      writer.uint(fieldEpoch, row.epoch);
    }
    writer.close(mark);
  });
}

/** Reads a Row message to its end. */
export function readRow(reader: Reader): FrameRow {
  let at = 0;
  let epoch = 0;
  const introduced: number[] = [];
  const batches: Batch[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === fieldAt) at = reader.uint('at');
    else if (field === fieldIntroduced) introduced.push(readReplica(reader, introduced.length));
    else if (field === fieldBatches) {
      batches.push(reader.message('batches', readRowBatch, batches.length));
    } else if (field === fieldEpoch) epoch = reader.uint('epoch');
    else reader.skip();
  }
  return { at, introduced, batches, epoch };
}

/** Reads a lone row to its end. */
export function readLoneRow(reader: Reader): FrameRow {
  const author = reader.varint('author');
  const at = reader.varint('at');
  const first = reader.varint('first');
  const gap = author % 2 === hasGap ? reader.varint('gap') : 0;
  if (gap >= first) throw reader.error('first', `above the gap of ${gap}`, first);
  const isTyping = author % authorFactor < hasOps;
  const opsLength = isTyping ? 0 : reader.varint('ops');
  const opsStart = reader.offset;
  const { end } = reader;
  const textStart = opsStart + opsLength;
  if (textStart > end) throw reader.error('ops', `at most ${end - opsStart} bytes`, opsLength);
  try {
    readText(reader, textStart, end);
    const name = columns.nameOf(readName(reader, author));
    columns.beginBatch(name, first, gap, 0);
    reader.seek(opsStart, textStart);
    if (isTyping) addTyping(reader, columns, name, first, 0);
    else readOps(reader, columns, name, first, 0, null);
    reader.seek(end, end);
    columns.endBatch();
    return { at, introduced: [], batches: [columns.batchAt(0)], epoch: 0 };
  } finally {
    columns.clear();
  }
}

/** Where a lone row's batch is while it is converted; empty in between. */
const columns = new OpColumns();
const opsWriter = new Writer();

function writeLoneRow(writer: Writer, at: number, batch: Batch): void {
  try {
    columns.addBatch(batch);
    const { batches } = columns;
    const first = batches[batchFirst] ?? 0;
    const gap = batches[batchGap] ?? 0;
    if (gap >= first) throw new RangeError(`batch ${first}: gap of ${gap}`);
    const isTyping = goesOn(columns, 0);
    const flags = (gap > 0 ? hasGap : 0) + (isTyping ? 0 : hasOps);
    const index = writtenName(batches[batchName] ?? 0, columns.replicas);
    writer.varint(index * authorFactor + flags);
    writer.varint(at);
    writer.varint(first);
    if (gap > 0) writer.varint(gap);
    if (isTyping) checkTyping(columns, 0);
    else {
      opsWriter.clear();
      writeOps(opsWriter, columns, 0, columns.replicas);
      const ops = opsWriter.finish();
      writer.varint(ops.length);
      writer.raw(ops);
    }
    writer.rawUnits(columns.text, 0, batches[batchTextEnd] ?? 0);
  } finally {
    columns.clear();
  }
}

function readName(reader: Reader, author: number): number {
  const name = Math.floor(author / authorFactor);
  if (name > 0xffff_ffff) throw reader.error('author', 'an index below 2^32', name);
  return name;
}

function readText(reader: Reader, start: number, end: number): void {
  columns.reserveText(end - start);
  const textEnd = readUnits(reader.source, start, end, columns.text, 0);
  if (textEnd === -1) throw new DecodeError('text', start, 'expected UTF-8, found other bytes');
  columns.textLength = textEnd;
}

function readReplica(reader: Reader, index: number): number {
  const replica = reader.uint(`introduced[${index}]`);
  if (replica === 0) throw reader.error(`introduced[${index}]`, 'a replica id', replica);
  return replica;
}

function readRowBatch(reader: Reader): Batch {
  return readFrameBatch(reader, 'row');
}

function encoded(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer();
  write(writer);
  return writer.finish();
}
