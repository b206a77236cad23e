/**
 * The stored form of a document at one LSN.
 *
 *   "SVE1"
 *   format 1
 *   head          cursor, replicas, how the sections are stored, and their checksums
 *   checksum      CRC-32 of the format and the head
 *   text          section: UTF-8 of what is visible, then of what is hidden
 *   columns       section: an encoded SnapshotColumns
 *
 * One Protobuf message, stricter than Protobuf: its fields come once, in this order, and nothing
 * else does. The head is never compressed, each section is by itself if the caller wants. Whoever
 * needs only the text reads the head and the text section; every byte that is read is covered by a
 * checksum before anything is made of it, decompression included. What is decompressed takes no
 * more memory than the head declares, and that is limited.
 */
import type { Compression } from './compression.ts';
import { crc32 } from './crc32.ts';
import { DecodeError, UnreadableFormatError } from './decode-error.ts';
import { snapshotColumnsBytesMax, snapshotTextBytesMax } from './limits.ts';
import { encodeColumns, readColumns, textLengths } from './snapshot-columns.ts';
import { readHead, type Storage, writeHead } from './snapshot-head.ts';
import type { SnapshotHead, SnapshotState } from './snapshot-state.ts';
import { loneSurrogate, readUtf8, utf8Length, writeUtf8 } from './text.ts';
import { Reader, Writer } from './wire.ts';

/** "SVE1". */
const magic = new Uint8Array([0x53, 0x56, 0x45, 0x31]);
/** The format number that is read and written. */
const snapshotFormat = 1;
const empty = new Uint8Array(0);

/**
 * Encodes a snapshot; equal states give equal bytes. RangeError if the state does not keep the
 * rules of its columns or is larger than the limits.
 */
export function encodeSnapshot(
  state: SnapshotState,
  options: { readonly compression?: Compression } = {},
): Uint8Array {
  const { compression = null } = options;
  const plainColumns = encodeColumns(state);
  const { bytes: plainText, visibleBytes } = encodeText(state);
  if (plainText.length > snapshotTextBytesMax) {
    throw new RangeError(`a snapshot has room for ${snapshotTextBytesMax} bytes of text`);
  }
  if (plainColumns.length > snapshotColumnsBytesMax) {
    throw new RangeError(`a snapshot has room for ${snapshotColumnsBytesMax} bytes of columns`);
  }
  const text = compress(plainText, compression);
  const columns = compress(plainColumns, compression);
  const writer = new Writer();
  writer.raw(magic);
  writer.uint(1, snapshotFormat);
  const mark = writer.open(2);
  writeHead(writer, state, {
    compression: compression?.name ?? null,
    visibleBytes,
    hiddenBytes: state.hidden === null ? null : plainText.length - visibleBytes,
    columnsBytes: plainColumns.length,
    textChecksum: crc32(text),
    columnsChecksum: crc32(columns),
  });
  writer.close(mark);
  writer.fixed32(3, crc32(writer.finish().subarray(magic.length)));
  writer.bytes(4, text);
  writer.bytes(5, columns);
  return writer.finish();
}

function encodeText(state: SnapshotState): { bytes: Uint8Array; visibleBytes: number } {
  const { visible, hidden, spans } = state;
  const units = textLengths(spans);
  if (visible.length !== units.visible || (hidden?.length ?? units.hidden) !== units.hidden) {
    const found = `${visible.length} visible and ${hidden?.length} hidden units`;
    throw new RangeError(`${found} in spans of ${units.visible} and ${units.hidden}`);
  }
  for (const text of [visible, hidden ?? '']) {
    const lone = loneSurrogate(text);
    if (lone !== -1) throw new RangeError(`lone surrogate at index ${lone} of the text`);
  }
  const visibleBytes = utf8Length(visible);
  const hiddenBytes = utf8Length(hidden ?? '');
  const bytes = new Uint8Array(visibleBytes + hiddenBytes);
  writeUtf8(visible, visibleBytes, bytes, 0);
  writeUtf8(hidden ?? '', hiddenBytes, bytes, visibleBytes);
  return { bytes, visibleBytes };
}

/** An empty section is empty whatever the compression. */
function compress(plain: Uint8Array, compression: Compression | null): Uint8Array {
  return compression === null || plain.length === 0 ? plain : compression.compress(plain);
}

/** The compressions that a reader has. */
export interface ReadOptions {
  readonly compressions?: readonly Compression[];
}

/**
 * A snapshot that is read as far as it is asked for. Every method throws DecodeError if what it
 * reads is damaged or not well-formed. The bytes must not change as long as it is used; what is
 * returned shares no memory with them.
 */
export class SnapshotReader {
  readonly head: SnapshotHead;
  readonly #storage: Storage;
  readonly #compression: Compression | null;
  readonly #text: Section;
  readonly #columns: Section;
  #plainText: Uint8Array | null = null;
  #visible: string | null = null;

  /** Reads the head. UnreadableFormatError if the format is not known. */
  constructor(bytes: Uint8Array, options: ReadOptions = {}) {
    const reader = new Reader(bytes, magic.length);
    const { head, storage } = readEnvelope(bytes, reader);
    this.head = head;
    this.#storage = storage;
    const { compression } = storage;
    const named = options.compressions?.find(({ name }) => name === compression);
    if (compression !== null && named === undefined) {
      throw reader.error('head.compression', 'one that the reader has', compression);
    }
    this.#compression = named ?? null;
    this.#text = readSection(bytes, reader, 4, 'text');
    this.#columns = readSection(bytes, reader, 5, 'columns');
    if (reader.more()) throw reader.error('(tag)', 'the end', 'another field');
  }

  /** The visible text. */
  get text(): string {
    this.#visible ??= readText(this.#textBytes(), 0, this.#storage.visibleBytes, 'visible');
    return this.#visible;
  }

  /** Everything; all rules of the columns are checked. */
  state(): SnapshotState {
    const visible = this.text;
    const { visibleBytes, hiddenBytes, columnsBytes, columnsChecksum } = this.#storage;
    const end = visibleBytes + (hiddenBytes ?? 0);
    const hidden =
      hiddenBytes === null ? null : readText(this.#textBytes(), visibleBytes, end, 'hidden');
    const expected = { length: columnsBytes, checksum: columnsChecksum };
    const reader = new Reader(openSection(this.#columns, expected, this.#compression));
    const columns = readColumns(reader, this.head.replicas, hidden === null ? 'none' : 'full');
    const units = textLengths(columns.spans);
    if (visible.length !== units.visible) {
      throw reader.error('spans', `${visible.length} visible units`, units.visible);
    }
    if (hidden !== null && hidden.length !== units.hidden) {
      throw reader.error('spans', `${hidden.length} deleted units`, units.hidden);
    }
    return { ...this.head, ...columns, visible, hidden };
  }

  #textBytes(): Uint8Array {
    const { visibleBytes, hiddenBytes, textChecksum } = this.#storage;
    const expected = { length: visibleBytes + (hiddenBytes ?? 0), checksum: textChecksum };
    this.#plainText ??= openSection(this.#text, expected, this.#compression);
    return this.#plainText;
  }
}

/** `new SnapshotReader(bytes, options).state()`. */
export function decodeSnapshot(bytes: Uint8Array, options: ReadOptions = {}): SnapshotState {
  return new SnapshotReader(bytes, options).state();
}

/**
 * The visible text of an uncompressed snapshot of which only the beginning is here; null if the
 * text is not whole yet, or not to be read.
 */
export function textOfBeginning(bytes: Uint8Array): string | null {
  try {
    const reader = new Reader(bytes, magic.length);
    const { storage } = readEnvelope(bytes, reader);
    const { visibleBytes, hiddenBytes, textChecksum } = storage;
    const expected = { length: visibleBytes + (hiddenBytes ?? 0), checksum: textChecksum };
    const text = openSection(readSection(bytes, reader, 4, 'text'), expected, null);
    return readText(text, 0, visibleBytes, 'visible');
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** Magic, format, head and their checksum: the same three fields in every format. */
function readEnvelope(bytes: Uint8Array, reader: Reader): { head: SnapshotHead; storage: Storage } {
  if (magic.some((byte, index) => bytes[index] !== byte)) {
    throw new DecodeError('(magic)', 0, 'expected "SVE1", found other bytes');
  }
  expectField(reader, 1, 'format');
  const format = reader.uint32('format');
  const formatEnd = reader.offset;
  expectField(reader, 2, 'head');
  const head = reader.inner('head');
  const end = reader.offset;
  expectField(reader, 3, 'checksum');
  const found = reader.fixed32('checksum');
  const expected = crc32(bytes.subarray(magic.length, end));
  if (found !== expected) throw reader.error('checksum', String(expected), found);
  if (format !== snapshotFormat) throw new UnreadableFormatError(formatEnd, format);
  try {
    return readHead(head);
  } catch (error) {
    throw error instanceof DecodeError ? error.within('head') : error;
  }
}

function expectField(reader: Reader, number: number, field: string): void {
  const found = reader.next();
  if (found !== number) throw reader.error('(tag)', `field ${number} (${field})`, found);
}

/** A section as it is stored. */
interface Section {
  readonly field: 'text' | 'columns';
  readonly offset: number;
  readonly stored: Uint8Array;
}

/** The next field if it has this number, else an empty section, which is left out. */
function readSection(
  bytes: Uint8Array,
  reader: Reader,
  number: number,
  field: 'text' | 'columns',
): Section {
  const offset = reader.offset;
  if (bytes[offset] !== number * 8 + 2) return { field, offset, stored: empty };
  expectField(reader, number, field);
  const { offset: start } = reader.inner(field);
  return { field, offset: start, stored: bytes.subarray(start, reader.offset) };
}

/** The plain bytes of a section whose checksum is right; of the length that the head declares. */
function openSection(
  { field, offset, stored }: Section,
  expected: { readonly length: number; readonly checksum: number },
  compression: Compression | null,
): Uint8Array {
  const { length, checksum } = expected;
  const found = crc32(stored);
  if (found !== checksum) {
    throw new DecodeError(field, offset, `expected checksum ${checksum}, found ${found}`);
  }
  const plain = length === 0 ? stored : decompress(stored, length, compression);
  if (plain === null) {
    throw new DecodeError(field, offset, `expected ${length} ${compression?.name} bytes`);
  }
  if (plain.length !== length) {
    throw new DecodeError(field, offset, `expected ${length} bytes, found ${plain.length}`);
  }
  return plain;
}

/** Null if the bytes are not what the compression gives for at most `lengthMax` bytes. */
function decompress(
  stored: Uint8Array,
  lengthMax: number,
  compression: Compression | null,
): Uint8Array | null {
  if (compression === null) return stored;
  try {
    return compression.decompress(stored, lengthMax);
  } catch {
    return null;
  }
}

function readText(bytes: Uint8Array, start: number, end: number, field: string): string {
  const text = readUtf8(bytes, start, end);
  if (text === null) throw new DecodeError(field, start, 'expected UTF-8, found other bytes');
  return text;
}
