/**
 * The stored form of a document at one LSN: the Snapshot message, columns of numbers and one text.
 *
 *   "SVE1" | Snapshot message without field 15 | field 15: CRC-32 of the message before it
 *
 * Spans are columns, because neighbours in a column are alike and small numbers are one byte: a
 * span's timestamp is the distance from the end of its replica's previous span, an origin is told
 * by how much older it is, a deletion by its distance from the one before. The last two cannot be
 * negative, so a decoded origin or target is always older than what refers to it, and deletions are
 * always in order.
 *
 * Checked besides: the checksum first, then that the columns fit together and to the text, and that
 * every id lies within its replica's timestamps. Not checked: that the origins form the tree that
 * the order of the spans claims; the engine's own check does that.
 */
import type { Binding, OpId } from './batch.ts';
import { checkBinding, writeBinding } from './batch-codec.ts';
import { crc32 } from './crc32.ts';
import { DecodeError, UnreadableFormatError } from './decode-error.ts';
import { principalUnitsMax } from './limits.ts';
import { Reader, Writer } from './wire.ts';

/** "SVE1". */
const magic = new Uint8Array([0x53, 0x56, 0x45, 0x31]);
/** Highest format number that is read, and the one that is written. */
const snapshotFormat = 0;
const fieldChecksum = 15;
/** Tag and value of field 15. */
const checksumBytes = 5;
/** Numbers per deletion in its column. */
const deletionNumbers = 5;

/** Characters in document order with running timestamps, each the right child of the one before. */
export interface SnapshotSpan {
  /** Of the first character. */
  readonly id: OpId;
  /** In UTF-16 units, ≥ 1. */
  readonly length: number;
  /** Origins of the first character; null = start and end of the document. */
  readonly left: OpId | null;
  readonly right: OpId | null;
  /** The first character is the left child of `right`, else the right child of `left`. */
  readonly leftChild: boolean;
  readonly deleted: boolean;
}

/** A run of deletions, as in a batch. */
export interface SnapshotDeletion {
  /** Own id of the first deletion. */
  readonly id: OpId;
  /** Lowest id of the deleted characters. */
  readonly target: OpId;
  readonly count: number;
  readonly reversed: boolean;
}

/** A replica that has written to the document. */
export interface SnapshotReplica {
  readonly id: number;
  /** Its last timestamp. */
  readonly last: number;
  /** LSN of the row in which it first appeared. */
  readonly since: number;
  readonly binding?: Binding;
}

/** A document at one LSN, as plain data under full replica ids. */
export interface Snapshot {
  readonly epoch: number;
  readonly lsn: number;
  /** Commit time of the row at `lsn`, ms since 1970. */
  readonly at: number;
  /** Operations that the rows up to `lsn` applied. */
  readonly operations: number;
  /** In order of first appearance. */
  readonly replicas: readonly SnapshotReplica[];
  readonly spans: readonly SnapshotSpan[];
  /** Content of all spans in order, tombstones included. */
  readonly text: string;
  /** Ordered by author (position in `replicas`), then timestamp. */
  readonly deletions: readonly SnapshotDeletion[];
  /** Batches of rows up to `lsn` that the fold refused, in log order. */
  readonly voided: readonly VoidedBatch[];
}

/** A batch in the log that changes nothing. */
export interface VoidedBatch {
  readonly lsn: number;
  /** Position among the batches of the row. */
  readonly position: number;
}

/**
 * Encodes a snapshot. RangeError if it names a replica that is not among its own, or holds a number
 * or a text that has no encoding.
 */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const writer = new Writer();
  writer.raw(magic);
  writer.uint(1, snapshotFormat);
  writer.uint(2, snapshot.epoch);
  writer.uint(3, snapshot.lsn);
  writer.uint(4, snapshot.at);
  writer.uint(5, snapshot.operations);
  for (const replica of snapshot.replicas) {
    const mark = writer.open(6);
    writeReplica(writer, replica);
    writer.close(mark);
  }
  const names = new Map(snapshot.replicas.map((replica, index) => [replica.id, index + 1]));
  const nameOf = (replica: number): number => {
    const name = names.get(replica);
    if (name === undefined) throw new RangeError(`snapshot without its replica ${replica}`);
    return name;
  };
  writeSpans(writer, snapshot.spans, nameOf);
  writer.string(12, snapshot.text);
  writer.packed(13, deletionColumn(snapshot.deletions, nameOf));
  writer.packed(14, voidedColumn(snapshot.voided));
  const message = writer.finish().subarray(magic.length);
  writer.fixed32(fieldChecksum, crc32(message));
  return writer.finish();
}

function writeReplica(writer: Writer, replica: SnapshotReplica): void {
  writer.uint(1, replica.id);
  writer.uint(2, replica.last);
  if (replica.binding !== undefined) writeBinding(writer, replica.binding, 3, 4);
  writer.uint(5, replica.since);
}

function writeSpans(
  writer: Writer,
  spans: readonly SnapshotSpan[],
  nameOf: (replica: number) => number,
): void {
  const replicas: number[] = [];
  const timestamps: number[] = [];
  const lengths: number[] = [];
  const lefts: number[] = [];
  const rights: number[] = [];
  const ends = new Map<number, number>();
  const pushOrigin = (column: number[], origin: OpId | null, timestamp: number): void => {
    if (origin === null) column.push(0, 0);
    else column.push(nameOf(origin.replica), timestamp - origin.timestamp);
  };
  for (const { id, length, left, right, leftChild, deleted } of spans) {
    const { timestamp, replica } = id;
    replicas.push(nameOf(replica));
    timestamps.push(timestamp - (ends.get(replica) ?? 0));
    lengths.push(length * 4 + (leftChild ? 2 : 0) + (deleted ? 1 : 0));
    pushOrigin(lefts, left, timestamp);
    pushOrigin(rights, right, timestamp);
    ends.set(replica, timestamp + length);
  }
  writer.packed(7, replicas);
  writer.packedSigned(8, timestamps);
  writer.packed(9, lengths);
  writer.packed(10, lefts);
  writer.packed(11, rights);
}

function deletionColumn(
  deletions: readonly SnapshotDeletion[],
  nameOf: (replica: number) => number,
): number[] {
  const column: number[] = [];
  let author = 0;
  let end = 0;
  for (const { id, target, count, reversed } of deletions) {
    if (id.replica !== author) end = 0;
    column.push(nameOf(id.replica), id.timestamp - end);
    column.push(nameOf(target.replica), id.timestamp - target.timestamp);
    column.push(count * 2 + (reversed ? 1 : 0));
    author = id.replica;
    end = id.timestamp + count;
  }
  return column;
}

function voidedColumn(voided: readonly VoidedBatch[]): number[] {
  let before = 0;
  return voided.flatMap(({ lsn, position }) => {
    const distance = lsn - before;
    before = lsn;
    return [distance, position];
  });
}

/**
 * Decodes a snapshot. UnreadableFormatError if its format is not known, DecodeError if it is
 * damaged or not well-formed. Shares no memory with `bytes`.
 */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const end = checkEnvelope(bytes);
  const reader = new Reader(bytes, magic.length, end);
  const numbers = { epoch: 0, lsn: 0, at: 0, operations: 0 };
  const replicas: SnapshotReplica[] = [];
  const columns: Columns = { replica: [], timestamp: [], length: [], left: [], right: [] };
  let text = '';
  let deletions: readonly number[] = [];
  let voided: readonly number[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) checkFormat(reader);
    else if (field === 2) numbers.epoch = reader.uint('epoch');
    else if (field === 3) numbers.lsn = reader.uint('lsn');
    else if (field === 4) numbers.at = reader.uint('at');
    else if (field === 5) numbers.operations = reader.uint('operations');
    else if (field === 6) {
      replicas.push(reader.message('replicas', readReplica, replicas.length));
    } else if (field === 7) columns.replica = reader.packed('span_replica');
    else if (field === 8) columns.timestamp = reader.packedSigned('span_timestamp');
    else if (field === 9) columns.length = reader.packed('span_length');
    else if (field === 10) columns.left = reader.packed('span_left');
    else if (field === 11) columns.right = reader.packed('span_right');
    else if (field === 12) text = reader.string('text');
    else if (field === 13) deletions = reader.packed('deletions');
    else if (field === 14) voided = reader.packed('voided');
    else reader.skip();
  }
  checkReplicas(reader, replicas, numbers.lsn);
  return {
    ...numbers,
    replicas,
    spans: readSpans(reader, columns, text, replicas),
    text,
    deletions: readDeletions(reader, deletions, replicas),
    voided: readVoided(reader, voided, numbers.lsn),
  };
}

function readVoided(reader: Reader, column: readonly number[], last: number): VoidedBatch[] {
  if (column.length % 2 !== 0) throw reader.error('voided', 'pairs', column.length);
  const voided: VoidedBatch[] = [];
  let lsn = 0;
  for (let i = 0; i < column.length; i += 2) {
    lsn += column[i] ?? 0;
    if (lsn < 1 || lsn > last) throw reader.error(`voided[${i}]`, `an LSN 1 … ${last}`, lsn);
    voided.push({ lsn, position: column[i + 1] ?? 0 });
  }
  return voided;
}

/** Magic and checksum; the end of the message without field 15. */
function checkEnvelope(bytes: Uint8Array): number {
  const end = bytes.length - checksumBytes;
  if (end < magic.length || magic.some((byte, index) => bytes[index] !== byte)) {
    throw new DecodeError('(magic)', 0, 'expected "SVE1" and a message, found other bytes');
  }
  const reader = new Reader(bytes, end);
  const found = reader.next() === fieldChecksum ? reader.fixed32('checksum') : null;
  const expected = crc32(bytes.subarray(magic.length, end));
  if (found !== expected)
    throw new DecodeError('checksum', end, `expected ${expected}, found ${found}`);
  return end;
}

function checkFormat(reader: Reader): void {
  const format = reader.uint32('format');
  if (format > snapshotFormat) throw new UnreadableFormatError(reader.offset, format);
}

function readReplica(reader: Reader): SnapshotReplica {
  const numbers = { id: 0, last: 0, since: 0 };
  let secretHash: Uint8Array | null = null;
  let principal = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) numbers.id = reader.uint('id');
    else if (field === 2) numbers.last = reader.uint('last');
    else if (field === 3) secretHash = reader.bytes('secret_hash');
    else if (field === 4) principal = reader.string('principal', principalUnitsMax * 3);
    else if (field === 5) numbers.since = reader.uint('since');
    else reader.skip();
  }
  const binding = checkBinding(reader, secretHash, principal);
  return binding === null ? numbers : { ...numbers, binding };
}

function checkReplicas(reader: Reader, replicas: readonly SnapshotReplica[], lsn: number): void {
  const ids = new Set<number>();
  for (const [index, { id, since }] of replicas.entries()) {
    if (id === 0 || ids.has(id)) throw reader.error(`replicas[${index}].id`, 'a new id', id);
    if (since > lsn) throw reader.error(`replicas[${index}].since`, `at most ${lsn}`, since);
    ids.add(id);
  }
}

interface Columns {
  replica: readonly number[];
  timestamp: readonly number[];
  length: readonly number[];
  left: readonly number[];
  right: readonly number[];
}

function readSpans(
  reader: Reader,
  columns: Columns,
  text: string,
  replicas: readonly SnapshotReplica[],
): SnapshotSpan[] {
  const count = columns.replica.length;
  checkColumn(reader, 'span_timestamp', columns.timestamp, count);
  checkColumn(reader, 'span_length', columns.length, count);
  checkColumn(reader, 'span_left', columns.left, count * 2);
  checkColumn(reader, 'span_right', columns.right, count * 2);
  const spans: SnapshotSpan[] = [];
  const ends = replicas.map(() => 0);
  let textLength = 0;
  for (let index = 0; index < count; index++) {
    const name = columns.replica[index] ?? 0;
    const packed = columns.length[index] ?? 0;
    const length = Math.floor(packed / 4);
    const timestamp = (ends[name - 1] ?? 0) + (columns.timestamp[index] ?? 0);
    const place = { field: 'span_timestamp', index };
    const id = checkId(reader, replicas, place, { name, timestamp, length });
    ends[name - 1] = timestamp + length;
    textLength += length;
    const origins = { index: index * 2, timestamp };
    const left = readOrigin(reader, replicas, columns.left, { field: 'span_left', ...origins });
    const right = readOrigin(reader, replicas, columns.right, { field: 'span_right', ...origins });
    const leftChild = packed % 4 >= 2;
    if (leftChild && right === null) {
      throw reader.error(`span_right[${index * 2}]`, 'the parent of a left child', 'none');
    }
    spans.push({ id, length, left, right, leftChild, deleted: packed % 2 === 1 });
  }
  if (textLength !== text.length) {
    throw reader.error('text', `the ${textLength} units of the spans`, text.length);
  }
  return spans;
}

function checkColumn(
  reader: Reader,
  field: string,
  column: readonly number[],
  count: number,
): void {
  if (column.length !== count) throw reader.error(field, `${count} numbers`, column.length);
}

/** A number in a column. */
interface Place {
  readonly field: string;
  readonly index: number;
}

function errorAt(reader: Reader, place: Place, expected: string, found: unknown): DecodeError {
  return reader.error(`${place.field}[${place.index}]`, expected, found);
}

/** The id of the first of `length` timestamps, all of which its replica must have. */
function checkId(
  reader: Reader,
  replicas: readonly SnapshotReplica[],
  place: Place,
  run: { readonly name: number; readonly timestamp: number; readonly length: number },
): OpId {
  const { name, timestamp, length } = run;
  const replica = replicas[name - 1];
  if (replica === undefined) throw errorAt(reader, place, `a name 1 … ${replicas.length}`, name);
  // Subtracted, because a sum above 2^53 is rounded.
  if (length < 1 || timestamp < 1 || length - 1 > replica.last - timestamp) {
    const found = `${length} from ${timestamp} on`;
    throw errorAt(reader, place, `timestamps 1 … ${replica.last}`, found);
  }
  return { timestamp, replica: replica.id };
}

/** The origin at a place of its column, of a character with this timestamp. */
function readOrigin(
  reader: Reader,
  replicas: readonly SnapshotReplica[],
  column: readonly number[],
  place: Place & { readonly timestamp: number },
): OpId | null {
  const name = column[place.index] ?? 0;
  const back = column[place.index + 1] ?? 0;
  if (name === 0 && back === 0) return null;
  if (back === 0) throw errorAt(reader, place, 'an older origin', back);
  return checkId(reader, replicas, place, { name, timestamp: place.timestamp - back, length: 1 });
}

function readDeletions(
  reader: Reader,
  column: readonly number[],
  replicas: readonly SnapshotReplica[],
): SnapshotDeletion[] {
  if (column.length % deletionNumbers !== 0) {
    throw reader.error('deletions', `a multiple of ${deletionNumbers} numbers`, column.length);
  }
  const deletions: SnapshotDeletion[] = [];
  let author = 0;
  let end = 0;
  for (let index = 0; index < column.length; index += deletionNumbers) {
    const name = column[index] ?? 0;
    const targetName = column[index + 2] ?? 0;
    const back = column[index + 3] ?? 0;
    const packed = column[index + 4] ?? 0;
    const place = { field: 'deletions', index };
    if (name < author) throw errorAt(reader, place, `a name from ${author} on`, name);
    if (name > author) end = 0;
    const timestamp = end + (column[index + 1] ?? 0);
    const count = Math.floor(packed / 2);
    const id = checkId(reader, replicas, place, { name, timestamp, length: count });
    const isReversed = packed % 2 === 1;
    // Each deletion is newer than what it hits; a run forward may hit what came while it was made.
    if (back < (isReversed ? count : 1)) {
      throw errorAt(reader, place, 'older targets', `${count} from ${back} back`);
    }
    const targets = { name: targetName, timestamp: timestamp - back, length: count };
    const target = checkId(reader, replicas, place, targets);
    deletions.push({ id, target, count, reversed: isReversed });
    author = name;
    end = timestamp + count;
  }
  return deletions;
}
