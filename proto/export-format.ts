/**
 * The file of a document's whole history, which an import makes the same document from.
 *
 *   "SVEX1"
 *   length · header          which document, and where its log ends
 *   length · snapshot        in pieces, only if the beginning of the log was pruned
 *   length · row             every row after it, in order
 *   length · version         names that were given to moments
 *   length · end             how many there were, and SHA-256 of all bytes before
 *
 * Each record is an ExportRecord, after its length as a varint: whoever writes or reads holds one
 * record at a time. The order, the hash and what the rows amount to are for the reader of the file
 * (server/history); here each record is told from bytes that are none.
 */
import { isDocumentName } from './client-frame.ts';
import { DecodeError, UnreadableFormatError } from './decode-error.ts';
import {
  documentNameUnitsMax,
  exportRecordBytesMax,
  exportSnapshotBytesMax,
  principalUnitsMax,
  versionNameUnitsMax,
} from './limits.ts';
import { Reader, Writer } from './wire.ts';

/** "SVEX1". */
export const exportMagic: Readonly<Uint8Array> = new Uint8Array([0x53, 0x56, 0x45, 0x58, 0x31]);
/** The format number that is read and written. */
const exportFormat = 1;
/** Bytes of SHA-256. */
const hashBytes = 32;
/** Of the varint of exportRecordBytesMax. */
const lengthBytesMax = 4;
const noBytes = new Uint8Array(0);

export interface ExportHeader {
  /** Where it came from. */
  readonly document: string;
  readonly epoch: number;
  /** Of the last row. */
  readonly lsn: number;
  /** Commit time of the last row, or the last closed moment if later; ms since 1970. */
  readonly at: number;
  /** Rows up to this LSN are not in the file. */
  readonly prunedLsn: number;
  readonly exportedAt: number;
  /** Of all pieces together; 0 exactly if nothing was pruned. */
  readonly snapshotBytes: number;
}

export interface ExportRow {
  /** ≥ 1. */
  readonly lsn: number;
  readonly at: number;
  /** An encoded Update. */
  readonly body: Uint8Array;
}

/** A name that somebody gave to a moment. */
export interface ExportVersion {
  readonly name: string;
  readonly lsn: number;
  readonly at: number;
  /** When the name was given, ms since 1970. */
  readonly createdAt: number;
  readonly principal: string;
}

export interface ExportEnd {
  readonly rows: number;
  readonly versions: number;
  /** SHA-256 of all bytes of the file before the length of this record. */
  readonly hash: Uint8Array;
}

export type ExportRecord =
  | { readonly type: 'header'; readonly header: ExportHeader }
  | { readonly type: 'snapshot'; readonly piece: Uint8Array }
  | { readonly type: 'row'; readonly row: ExportRow }
  | { readonly type: 'version'; readonly version: ExportVersion }
  | { readonly type: 'end'; readonly end: ExportEnd };

/** The record without its length. */
export function encodeExportRecord(record: ExportRecord): Uint8Array {
  const writer = new Writer();
  if (record.type === 'snapshot') {
    writer.bytes(2, record.piece);
    return writer.finish();
  }
  const mark = writer.open(fieldOf(record));
  if (record.type === 'header') writeHeader(writer, record.header);
  else if (record.type === 'row') writeRow(writer, record.row);
  else if (record.type === 'version') writeVersion(writer, record.version);
  else writeEnd(writer, record.end);
  writer.close(mark);
  return writer.finish();
}

/** The record as it stands in a file. RangeError if it is larger than the limit. */
export function frameExportRecord(record: ExportRecord): Uint8Array {
  const bytes = encodeExportRecord(record);
  if (bytes.length > exportRecordBytesMax) {
    throw new RangeError(
      `a record has room for ${exportRecordBytesMax} bytes, not ${bytes.length}`,
    );
  }
  const writer = new Writer();
  writer.varint(bytes.length);
  writer.raw(bytes);
  return writer.finish();
}

/** Decodes a record, or throws a DecodeError. Shares no memory with `bytes`. */
export function decodeExportRecord(bytes: Uint8Array): ExportRecord {
  const reader = new Reader(bytes);
  let record: ExportRecord | null = null;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field > 5) reader.skip();
    else if (record !== null) throw reader.error('record', 'one', 'a second one');
    else record = readRecord(reader, field);
  }
  if (record === null) throw reader.error('record', 'one', 'none');
  return record;
}

/** A record, and the bytes that it has in the file. */
export interface FramedRecord {
  readonly record: ExportRecord;
  readonly framed: Uint8Array;
}

/** Takes a file in pieces of any size and gives its records, one at a time. */
export class ExportSplitter {
  readonly #pieces: Uint8Array[] = [];
  /** Bytes in `#pieces`. */
  #held = 0;
  /** Bytes that the next record needs, as far as that is known. */
  #needed = exportMagic.length;
  #records = 0;
  #isBegun = false;

  /** Bytes that belong to no record yet. */
  get held(): number {
    return this.#held;
  }

  /** The bytes must not be changed until they were given as records. */
  feed(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#held += piece.length;
  }

  /** null: more is needed. Throws DecodeError, with the number of the record, counted from 0. */
  next(): FramedRecord | null {
    if (!this.#isBegun && !this.#begin()) return null;
    if (this.#held < this.#needed) return null;
    const bytes = this.#join();
    const length = this.#lengthOf(bytes);
    if (length === null) return null;
    this.#needed = length.start + length.value;
    if (bytes.length < this.#needed) return null;
    const framed = bytes.subarray(0, this.#needed);
    const record = this.#decode(framed.subarray(length.start));
    this.#drop(this.#needed);
    this.#needed = 1;
    this.#records++;
    return { record, framed };
  }

  #begin(): boolean {
    if (this.#held < exportMagic.length) return false;
    const bytes = this.#join();
    if (exportMagic.some((byte, index) => bytes[index] !== byte)) {
      throw new DecodeError('(magic)', 0, 'expected "SVEX1", found other bytes');
    }
    this.#drop(exportMagic.length);
    this.#needed = 1;
    this.#isBegun = true;
    return true;
  }

  /** null: the varint is not whole. */
  #lengthOf(bytes: Uint8Array): { readonly start: number; readonly value: number } | null {
    const field = `records[${this.#records}].(length)`;
    const end = bytes.subarray(0, lengthBytesMax).findIndex((byte) => byte < 0x80);
    if (end === -1 && bytes.length < lengthBytesMax) return null;
    const reader = new Reader(bytes, 0, Math.min(bytes.length, lengthBytesMax));
    const value = reader.varint(field);
    if (value === 0 || value > exportRecordBytesMax) {
      throw reader.error(field, `1 … ${exportRecordBytesMax} bytes`, value);
    }
    return { start: reader.offset, value };
  }

  #decode(bytes: Uint8Array): ExportRecord {
    try {
      return decodeExportRecord(bytes);
    } catch (error) {
      throw error instanceof DecodeError ? error.within(`records[${this.#records}]`) : error;
    }
  }

  /** All that is held, in one piece. */
  #join(): Uint8Array {
    const [first] = this.#pieces;
    if (this.#pieces.length === 1 && first !== undefined) return first;
    const joined = new Uint8Array(this.#held);
    let offset = 0;
    for (const piece of this.#pieces.splice(0)) {
      joined.set(piece, offset);
      offset += piece.length;
    }
    this.#pieces.push(joined);
    return joined;
  }

  #drop(count: number): void {
    const rest = this.#join().subarray(count);
    this.#pieces.length = 0;
    if (rest.length > 0) this.#pieces.push(rest);
    this.#held = rest.length;
  }
}

function fieldOf({ type }: ExportRecord): number {
  return ['header', 'snapshot', 'row', 'version', 'end'].indexOf(type) + 1;
}

function readRecord(reader: Reader, field: number): ExportRecord {
  if (field === 1) return { type: 'header', header: reader.message('header', readHeader) };
  if (field === 2) return { type: 'snapshot', piece: readPiece(reader) };
  if (field === 3) return { type: 'row', row: reader.message('row', readRow) };
  if (field === 4) return { type: 'version', version: reader.message('version', readVersion) };
  return { type: 'end', end: reader.message('end', readEnd) };
}

function readPiece(reader: Reader): Uint8Array {
  const piece = reader.bytes('snapshot');
  if (piece.length === 0) throw reader.error('snapshot', 'a piece', 'nothing');
  return piece;
}

function writeHeader(writer: Writer, header: ExportHeader): void {
  writer.uint(1, exportFormat);
  writer.string(2, header.document);
  writer.uint(3, header.epoch);
  writer.uint(4, header.lsn);
  writer.uint(5, header.at);
  writer.uint(6, header.prunedLsn);
  writer.uint(7, header.exportedAt);
  writer.uint32(8, header.snapshotBytes);
}

function readHeader(reader: Reader): ExportHeader {
  const numbers = { epoch: 0, lsn: 0, at: 0, prunedLsn: 0, exportedAt: 0, snapshotBytes: 0 };
  let format = 0;
  let document = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) format = readFormat(reader);
    else if (field === 2) document = reader.string('document', documentNameUnitsMax);
    else if (field === 3) numbers.epoch = reader.uint('epoch');
    else if (field === 4) numbers.lsn = reader.uint('lsn');
    else if (field === 5) numbers.at = reader.uint('at');
    else if (field === 6) numbers.prunedLsn = reader.uint('pruned_lsn');
    else if (field === 7) numbers.exportedAt = reader.uint('exported_at');
    else if (field === 8) {
      numbers.snapshotBytes = reader.uint('snapshot_bytes', exportSnapshotBytesMax);
    } else reader.skip();
  }
  if (format === 0) throw reader.error('format', 'one', 'none');
  if (!isDocumentName(document)) {
    throw reader.error('document', 'a document name', JSON.stringify(document));
  }
  if (numbers.epoch === 0) throw reader.error('epoch', 'one', 'none');
  const { prunedLsn, lsn, snapshotBytes } = numbers;
  if (prunedLsn > lsn) throw reader.error('pruned_lsn', `at most ${lsn}`, prunedLsn);
  if (prunedLsn > 0 !== snapshotBytes > 0) {
    throw reader.error('snapshot_bytes', 'a snapshot where rows were pruned', snapshotBytes);
  }
  return { document, ...numbers };
}

function readFormat(reader: Reader): number {
  const format = reader.uint32('format');
  if (format !== exportFormat) throw new UnreadableFormatError(reader.offset, format);
  return format;
}

function writeRow(writer: Writer, row: ExportRow): void {
  writer.uint(1, row.lsn);
  writer.uint(2, row.at);
  writer.bytes(3, row.body);
}

function readRow(reader: Reader): ExportRow {
  const numbers = { lsn: 0, at: 0 };
  let body: Uint8Array = noBytes;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) numbers.lsn = reader.uint('lsn');
    else if (field === 2) numbers.at = reader.uint('at');
    else if (field === 3) body = reader.bytes('body');
    else reader.skip();
  }
  if (numbers.lsn === 0) throw reader.error('lsn', 'an LSN', 0);
  if (body.length === 0) throw reader.error('body', 'an update', 'none');
  return { ...numbers, body };
}

function writeVersion(writer: Writer, version: ExportVersion): void {
  writer.string(1, version.name);
  writer.uint(2, version.lsn);
  writer.uint(3, version.at);
  writer.uint(4, version.createdAt);
  writer.string(5, version.principal);
}

function readVersion(reader: Reader): ExportVersion {
  const numbers = { lsn: 0, at: 0, createdAt: 0 };
  const texts = { name: '', principal: '' };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) texts.name = reader.string('name', versionNameUnitsMax * 3);
    else if (field === 2) numbers.lsn = reader.uint('lsn');
    else if (field === 3) numbers.at = reader.uint('at');
    else if (field === 4) numbers.createdAt = reader.uint('created_at');
    else if (field === 5) texts.principal = reader.string('principal', principalUnitsMax * 3);
    else reader.skip();
  }
  if (texts.name === '') throw reader.error('name', 'a name', 'none');
  return { ...numbers, ...texts };
}

function writeEnd(writer: Writer, end: ExportEnd): void {
  writer.uint(1, end.rows);
  writer.uint(2, end.versions);
  writer.bytes(3, end.hash);
}

function readEnd(reader: Reader): ExportEnd {
  const numbers = { rows: 0, versions: 0 };
  let hash: Uint8Array = noBytes;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) numbers.rows = reader.uint('rows');
    else if (field === 2) numbers.versions = reader.uint('versions');
    else if (field === 3) hash = reader.bytes('hash');
    else reader.skip();
  }
  if (hash.length !== hashBytes) throw reader.error('hash', `${hashBytes} bytes`, hash.length);
  return { ...numbers, hash };
}
