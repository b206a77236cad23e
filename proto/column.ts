/**
 * A column of a snapshot: a packed Protobuf field of many small numbers, read at once into a typed
 * array. Takes memory in proportion to the bytes, whatever they say.
 */
import { DecodeError } from './decode-error.ts';
import type { Reader } from './wire.ts';

const int32Max = 0x7fff_ffff;
/** Bytes of the varint of 2^31-1. */
const varintBytesMax = 5;

/** Numbers 0 … 2^31-1 of a `repeated uint32` field. */
export function readColumn(reader: Reader, field: string): Int32Array {
  const bytes = reader.bytes(field);
  const offset = reader.offset - bytes.length;
  let count = 0;
  for (let at = 0; at < bytes.length; at++) if ((bytes[at] as number) < 0x80) count++;
  const column = new Int32Array(count);
  let at = 0;
  for (let index = 0; index < count; index++) {
    let byte = bytes[at++] as number;
    let value = byte & 0x7f;
    if (byte >= 0x80) {
      const start = at - 1;
      let scale = 0x80;
      do {
        byte = bytes[at++] as number;
        value += (byte & 0x7f) * scale;
        scale *= 0x80;
      } while (byte >= 0x80 && at - start < varintBytesMax);
      if (byte === 0 || byte >= 0x80 || value > int32Max) {
        const problem = 'expected the shortest varint of a number up to 2^31-1, found another';
        throw new DecodeError(`${field}[${index}]`, offset + start, problem);
      }
    }
    column[index] = value;
  }
  if (at !== bytes.length) {
    throw new DecodeError(field, offset + at, 'expected a varint, found the end');
  }
  return column;
}

/** 0, -1, 1, -2, … as 0, 1, 2, 3, …, in 32 bits. */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

export function unzigzag(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

/** Goes through a column from its start, one number after the other. */
export class ColumnReader {
  readonly field: string;
  readonly #column: Int32Array;
  #next = 0;

  constructor(field: string, column: Int32Array) {
    this.field = field;
    this.#column = column;
  }

  get more(): boolean {
    return this.#next < this.#column.length;
  }

  /** DecodeError if there is none. */
  next(): number {
    if (this.#next >= this.#column.length) throw this.error('one more number', 'the end');
    return this.#column[this.#next++] as number;
  }

  /** DecodeError if something was not read. */
  end(): void {
    if (this.more) {
      this.#next++;
      throw this.error('the end', 'one more number');
    }
  }

  /** An error to throw about the number that was read last. The offset is a position in it. */
  error(expected: string, found: unknown): DecodeError {
    const at = Math.max(this.#next - 1, 0);
    const problem = `expected ${expected}, found ${String(found)}`;
    return new DecodeError(`${this.field}[${at}]`, at, problem);
  }
}
