/**
 * The Protobuf wire format, as much of it as the formats here use: a Writer and a Reader.
 *
 *   field    := tag value                 tag = field number × 8 + wire type, a varint
 *   value    := varint                    wire type 0: seven bits a byte, low ones first
 *             | length bytes              wire type 2: bytes, text, a message, or packed varints
 *             | 4 bytes, low ones first   wire type 5
 *
 * Numbers are JavaScript numbers up to 2^53-1: a larger one is refused, never rounded, so there is
 * no Long and no BigInt. Stricter than Protobuf: a varint has its shortest form, packed fields come
 * packed, known fields have their own wire type. As in Protobuf, a field of value 0 (or empty) is
 * left out, the last one of a field that may come once wins, and fields with unknown numbers are
 * skipped.
 *
 * The Reader never reads outside its message and takes memory in proportion to the bytes it was
 * given.
 */
import { takeBytes } from './byte-pool.ts';
import { DecodeError } from './decode-error.ts';
import { unknownFieldsMax } from './limits.ts';
import { loneSurrogate, readUtf8, utf8Length, writeUtf8 } from './text.ts';
import { unitBytesMax, writeUnits } from './unit-text.ts';

const wireVarint = 0;
const wireFixed64 = 1;
const wireBytes = 2;
const wireFixed32 = 5;

const uint32Max = 0xffff_ffff;
/** Bytes of the varint of 2^53-1. */
const varintBytesMax = 8;
/** Four bytes of a varint carry this many values. */
const fourBytes = 0x1000_0000;

/** V8 keeps up to 64 bytes in its own heap: four times as fast as 128 for a keystroke. */
const heapBytesMax = 64;
/** A larger array is given back by `clear`. */
const keptBytesMax = 64 * 1024;

/** Up to this many bytes our own loop copies faster than a call into the platform. */
const shortBytesMax = 64;

/** Collects one message. Field numbers are 1 … 15, so that a tag is one byte. */
export class Writer {
  #bytes = new Uint8Array(heapBytesMax);
  #length = 0;

  /** Forgets what was written: a writer that is used again saves its array. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > keptBytesMax) this.#bytes = new Uint8Array(heapBytesMax);
  }

  /** A number 0 … 2^53-1; 0 is left out. RangeError for any other value. */
  uint(field: number, value: number): void {
    if (value === 0) return;
    this.#byte(field * 8 + wireVarint);
    this.varint(value);
  }

  /** A number 0 … 2^32-1; 0 is left out. RangeError for any other value. */
  uint32(field: number, value: number): void {
    if (value > uint32Max) throw new RangeError(`field ${field}: more than 2^32-1, ${value}`);
    this.uint(field, value);
  }

  bool(field: number, value: boolean): void {
    this.uint(field, value ? 1 : 0);
  }

  /** Text; empty is left out. RangeError if it holds a lone surrogate. */
  string(field: number, value: string): void {
    if (value === '') return;
    const lone = loneSurrogate(value);
    if (lone !== -1) {
      throw new RangeError(`field ${field}: lone surrogate at index ${lone} of the text`);
    }
    const length = utf8Length(value);
    this.#byte(field * 8 + wireBytes);
    this.varint(length);
    this.#reserve(length);
    writeUtf8(value, length, this.#bytes, this.#length);
    this.#length += length;
  }

  /** The text of UTF-16 units [start, end), as `string` does. */
  units(field: number, units: Uint16Array, start: number, end: number): void {
    if (start === end) return;
    const mark = this.open(field);
    this.rawUnits(units, start, end);
    this.close(mark);
  }

  /** The same without tag and length. */
  rawUnits(units: Uint16Array, start: number, end: number): void {
    this.#reserve((end - start) * unitBytesMax);
    const textEnd = writeUnits(units, start, end, this.#bytes, this.#length);
    if (textEnd === -1) throw new RangeError('lone surrogate in the text');
    this.#length = textEnd;
  }

  /** Bytes, copied; empty is left out. */
  bytes(field: number, value: Uint8Array): void {
    if (value.length === 0) return;
    this.#byte(field * 8 + wireBytes);
    this.varint(value.length);
    this.raw(value);
  }

  /** Numbers 0 … 2^53-1 in one field; none is left out. */
  packed(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    const mark = this.open(field);
    for (const value of values) this.varint(value);
    this.close(mark);
  }

  fixed32(field: number, value: number): void {
    this.#byte(field * 8 + wireFixed32);
    for (let shift = 0; shift < 32; shift += 8) this.#byte((value >>> shift) & 0xff);
  }

  /** Begins a message in `field`; what is written until `close` with the mark is its content. */
  open(field: number): number {
    this.#reserve(2);
    this.#bytes[this.#length] = field * 8 + wireBytes;
    this.#length += 2;
    return this.#length;
  }

  close(mark: number): void {
    // One byte was kept for the length; a longer content moves up to make place.
    const length = this.#length - mark;
    if (length < 0x80) {
      this.#bytes[mark - 1] = length;
      return;
    }
    const extra = varintSize(length) - 1;
    this.#reserve(extra);
    this.#bytes.copyWithin(mark + extra, mark, this.#length);
    this.#length = mark - 1;
    this.varint(length);
    this.#length += length;
  }

  /** A number 0 … 2^53-1 without a tag, for the inside of a packed field. */
  varint(value: number): void {
    if (this.#length + varintBytesMax > this.#bytes.length) this.#grow(varintBytesMax);
    if ((value & 0x7f) === value) this.#bytes[this.#length++] = value;
    else this.#longVarint(value);
  }

  /** A number of several bytes, or none. */
  #longVarint(value: number): void {
    if (!(Number.isSafeInteger(value) && value >= 0)) {
      throw new RangeError(`expected a whole number 0 … 2^53-1, got ${value}`);
    }
    const bytes = this.#bytes;
    let at = this.#length;
    let rest = value;
    if (value >= fourBytes) {
      // Cut in two, because shifts are on 32 bits and divisions of more are slow.
      rest = Math.floor(value / fourBytes);
      const low = value - rest * fourBytes;
      bytes[at] = low | 0x80;
      bytes[at + 1] = (low >>> 7) | 0x80;
      bytes[at + 2] = (low >>> 14) | 0x80;
      bytes[at + 3] = (low >>> 21) | 0x80;
      at += 4;
    }
    for (; rest >= 0x80; rest >>>= 7) bytes[at++] = rest | 0x80;
    bytes[at] = rest;
    this.#length = at + 1;
  }

  /** Encoded fields as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What was written, in an array of its own. */
  finish(): Uint8Array {
    const length = this.#length;
    if (length > shortBytesMax) return this.#bytes.slice(0, length);
    const bytes = takeBytes(length);
    for (let at = 0; at < length; at++) bytes[at] = this.#bytes[at] ?? 0;
    return bytes;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  #reserve(extra: number): void {
    if (this.#length + extra > this.#bytes.length) this.#grow(extra);
  }

  #grow(extra: number): void {
    const grown = new Uint8Array(Math.max(this.#length + extra, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/**
 * Reads one message field by field:
 *
 *   for (let field = reader.next(); field !== 0; field = reader.next()) {
 *     switch (field) { case 1: first = reader.uint('first'); break; default: reader.skip(); }
 *   }
 *
 * Every method that reads a value takes the field's name for the error. The bytes must not change
 * meanwhile; nothing that is returned shares memory with them, except another Reader.
 */
export class Reader {
  #bytes: Uint8Array;
  #position: number;
  #end: number;
  #field = 0;
  #wire = 0;
  #unknown = 0;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  /** Begins anew with other bytes: a reader that is used again saves its creation. */
  reset(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#position = 0;
    this.#end = bytes.length;
    this.#unknown = 0;
  }

  /** The bytes, of which the message is a part. */
  get source(): Uint8Array {
    return this.#bytes;
  }

  /** Position in the bytes: the end of what was read last. */
  get offset(): number {
    return this.#position;
  }

  /** Where the message ends. */
  get end(): number {
    return this.#end;
  }

  /** Goes on at a position that was read past, up to `end`. */
  seek(position: number, end: number): void {
    this.#position = position;
    this.#end = end;
  }

  /** Whether the message has more bytes. */
  more(): boolean {
    return this.#position < this.#end;
  }

  /** Number of the next field, or 0 at the end of the message. */
  next(): number {
    if (this.#position >= this.#end) return 0;
    const tag = this.varint('(tag)');
    if (tag < 8 || tag > uint32Max) throw this.error('(tag)', 'a field number', tag);
    this.#wire = tag & 7;
    this.#field = tag >>> 3;
    return this.#field;
  }

  /** A number 0 … `max` (2^53-1 if not given). */
  uint(field: string, max: number = Number.MAX_SAFE_INTEGER): number {
    if (this.#wire !== wireVarint) throw this.#otherWire(field, wireVarint);
    const value = this.varint(field);
    if (value > max) throw this.error(field, `at most ${max}`, value);
    return value;
  }

  uint32(field: string): number {
    return this.uint(field, uint32Max);
  }

  bool(field: string): boolean {
    return this.uint(field, 1) === 1;
  }

  /** Well-formed text of at most `bytesMax` bytes. */
  string(field: string, bytesMax: number = Number.MAX_SAFE_INTEGER): string {
    const start = this.content(field, bytesMax);
    const text = readUtf8(this.#bytes, start, this.#position);
    if (text === null) throw new DecodeError(field, start, 'expected UTF-8, found other bytes');
    return text;
  }

  /** Bytes, copied. */
  bytes(field: string): Uint8Array {
    const start = this.content(field);
    // Not slice(): that of a Node Buffer shares its memory.
    return new Uint8Array(this.#bytes.subarray(start, this.#position));
  }

  /** Start of the content of a length-delimited field; the position goes to its end. */
  content(field: string, bytesMax: number = Number.MAX_SAFE_INTEGER): number {
    if (this.#wire !== wireBytes) throw this.#otherWire(field, wireBytes);
    const length = this.varint(field);
    if (length > bytesMax) throw this.error(field, `at most ${bytesMax} bytes`, length);
    const start = this.#position;
    if (length > this.#end - start) throw this.#tooShort(field, length);
    this.#position = start + length;
    return start;
  }

  packed(field: string): number[] {
    const values: number[] = [];
    for (const inner = this.inner(field); inner.more(); ) values.push(inner.varint(field));
    return values;
  }

  fixed32(field: string): number {
    if (this.#wire !== wireFixed32) throw this.#otherWire(field, wireFixed32);
    const start = this.#take(field, 4);
    let value = 0;
    for (let index = 3; index >= 0; index--) value = value * 0x100 + this.#at(start + index);
    return value;
  }

  /**
   * Reads a message with `read`, which must read to its end. `index`: its position in a repeated
   * field, for the error.
   */
  message<T>(field: string, read: (reader: Reader) => T, index?: number): T {
    const start = this.content(field);
    const outer = this.#end;
    this.seek(start, this.#position);
    try {
      const value = read(this);
      this.#end = outer;
      return value;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw error.within(index === undefined ? field : `${field}[${index}]`);
    }
  }

  /** A reader of this field's content, to be read later. */
  inner(field: string): Reader {
    const start = this.content(field);
    return new Reader(this.#bytes, start, this.#position);
  }

  /** Passes over a field whose number is not known: a later version's. */
  skip(): void {
    const name = `(field ${this.#field})`;
    if (++this.#unknown > unknownFieldsMax) {
      throw this.error(name, `at most ${unknownFieldsMax} unknown fields`, 'one more');
    }
    if (this.#wire === wireVarint) {
      const start = this.#position;
      while (this.#at(this.#take(name, 1)) >= 0x80) {
        if (this.#position - start >= 10) throw this.error(name, 'a varint', 'more than 10 bytes');
      }
    } else if (this.#wire === wireFixed64) this.#take(name, 8);
    else if (this.#wire === wireBytes) this.content(name);
    else if (this.#wire === wireFixed32) this.#take(name, 4);
    else throw this.error(name, 'a wire type 0, 1, 2 or 5', this.#wire);
  }

  /** A number without a tag, from the inside of a packed field. */
  varint(field: string): number {
    const position = this.#position;
    if (position < this.#end) {
      const byte = this.#bytes[position] ?? 0;
      if (byte < 0x80) {
        this.#position = position + 1;
        return byte;
      }
    }
    return this.#longVarint(field);
  }

  /** An error to throw about the value that ends here. */
  error(field: string, expected: string, found: unknown): DecodeError {
    return new DecodeError(field, this.#position, `expected ${expected}, found ${String(found)}`);
  }

  /** A number of several bytes, or none. */
  #longVarint(field: string): number {
    const bytes = this.#bytes;
    const start = this.#position;
    const end = Math.min(this.#end, start + varintBytesMax);
    // In two halves, because shifts are on 32 bits.
    let low = 0;
    let high = 0;
    let byte = 0x80;
    let at = start;
    for (let shift = 0; byte >= 0x80 && shift < 28 && at < end; shift += 7) {
      byte = bytes[at++] ?? 0;
      low |= (byte & 0x7f) << shift;
    }
    for (let shift = 0; byte >= 0x80 && at < end; shift += 7) {
      byte = bytes[at++] ?? 0;
      high |= (byte & 0x7f) << shift;
    }
    this.#position = at;
    const value = high * fourBytes + low;
    if (byte === 0 || byte >= 0x80 || value > Number.MAX_SAFE_INTEGER) {
      throw this.#noVarint(field, start, byte, value);
    }
    return value;
  }

  /** What is wrong with the varint from `start` to here, whose last byte is `byte`. */
  #noVarint(field: string, start: number, byte: number, value: number): DecodeError {
    const expected = 'expected a number up to 2^53-1, found';
    if (byte === 0) {
      return new DecodeError(field, start, `expected the shortest varint, found a longer ${value}`);
    }
    if (byte < 0x80) return new DecodeError(field, start, `${expected} ${value}`);
    if (this.#position - start < varintBytesMax) return this.#tooShort(field, 1);
    return new DecodeError(field, start, `${expected} a longer varint`);
  }

  #otherWire(field: string, wire: number): DecodeError {
    return this.error(field, `wire type ${wire}`, this.#wire);
  }

  #tooShort(field: string, count: number): DecodeError {
    return this.error(field, `${count} more bytes`, this.#end - this.#position);
  }

  /** Start of the next `count` bytes, which must all be there. */
  #take(field: string, count: number): number {
    const start = this.#position;
    if (count > this.#end - start) throw this.#tooShort(field, count);
    this.#position = start + count;
    return start;
  }

  #at(position: number): number {
    return this.#bytes[position] ?? 0;
  }
}
