/**
 * The update of a keystroke, in one step: the bytes that the general codec (update-codec.ts) gives
 * for the two commonest batches, without its columns.
 *
 *   typed      16 replica | 32 first | 66 1 character                one ASCII character that goes
 *                                                                    on where its author was
 *   deleted    16 replica | 32 first | 58 length head                one character of the author's
 *                                                                    own, head = back × 4 + 1
 *
 * Nine of ten updates of a writing person are one of them. Another form of the same meaning is left
 * to the general codec, which knows what to refuse; the first two fields are written and compared
 * as a whole, because they are the same from one keystroke to the next.
 */
import type { Op } from './batch.ts';
import { takeBytes } from './byte-pool.ts';
import { encodeUpdate } from './update-codec.ts';

const tagReplica = 0x10;
const tagFirst = 0x20;
const tagOps = 0x3a;
const tagText = 0x42;
/** Numbers of at most four bytes are read here. */
const numberMax = 2 ** 28 - 1;

/** Tag and varint of the replica written last, and its length. */
const prefix = new Uint8Array(9);
let prefixLength = 0;
let prefixReplica = 0;

/** The update of one ASCII unit that goes on where its author was, at timestamp `first`. */
export function typedUpdate(replica: number, first: number, unit: number): Uint8Array {
  if (first > numberMax) {
    const left = { timestamp: first - 1, replica };
    const text = String.fromCharCode(unit);
    return lone(replica, { type: 'insert', timestamp: first, left, right: 'same', text });
  }
  if (replica !== prefixReplica) setPrefix(replica);
  const size = sizeOf(first);
  const bytes = takeBytes(prefixLength + size + 4);
  let at = writeStart(bytes, first, size);
  bytes[at++] = tagText;
  bytes[at++] = 1;
  bytes[at] = unit;
  return bytes;
}

/**
 * The update of the deletion, at timestamp `first`, of the author's own character `back` before.
 */
export function deletedUpdate(replica: number, first: number, back: number): Uint8Array {
  const head = back * 4 + 1;
  if (first > numberMax || head > numberMax) {
    const target = { timestamp: first - back, replica };
    return lone(replica, { type: 'delete', timestamp: first, target, count: 1, reversed: false });
  }
  if (replica !== prefixReplica) setPrefix(replica);
  const firstSize = sizeOf(first);
  const headSize = sizeOf(head);
  const bytes = takeBytes(prefixLength + firstSize + headSize + 3);
  let at = writeStart(bytes, first, firstSize);
  bytes[at++] = tagOps;
  bytes[at++] = headSize;
  writeNumber(bytes, at, head, headSize);
  return bytes;
}

/** By the general codec. */
function lone(replica: number, op: Op): Uint8Array {
  const batch = { replica, first: op.timestamp, gap: 0, base: 0, ops: [op] };
  return encodeUpdate({ batches: [batch] });
}

/** A keystroke that was read. */
export class Keystroke {
  replica = 0;
  first = 0;
  /** The character typed; -1: one was deleted. */
  unit = -1;
  /** Timestamps between the deletion and the character's. */
  back = 0;
  #at = 0;

  /** Whether the update is a keystroke in one of the two forms; if not, the fields mean nothing. */
  read(bytes: Uint8Array): boolean {
    const { length } = bytes;
    if (!this.#readReplica(bytes) || bytes[this.#at] !== tagFirst) return false;
    this.#at++;
    this.first = this.#number(bytes);
    if (this.first < 2) return false;
    const tag = bytes[this.#at];
    if (tag === tagText) {
      this.unit = bytes[this.#at + 2] ?? 0x80;
      return bytes[this.#at + 1] === 1 && this.unit < 0x80 && this.#at + 3 === length;
    }
    if (tag !== tagOps || bytes[this.#at + 1] !== length - this.#at - 2) return false;
    this.#at += 2;
    const head = this.#number(bytes);
    if (head < 5 || (head & 3) !== 1 || this.#at !== length) return false;
    this.unit = -1;
    this.back = head >>> 2;
    return this.back < this.first;
  }

  #readReplica(bytes: Uint8Array): boolean {
    if (prefixLength === 0 || this.replica !== prefixReplica || !startsWithPrefix(bytes)) {
      if (bytes[0] !== tagReplica) return false;
      let value = 0;
      let scale = 1;
      let at = 1;
      for (; at < 9; at++, scale *= 0x80) {
        const byte = bytes[at] ?? 0;
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) break;
      }
      const isShortest = at < Math.min(9, bytes.length) && bytes[at] !== 0;
      if (!isShortest || !Number.isSafeInteger(value)) return false;
      this.replica = value;
      setPrefix(value);
    }
    this.#at = prefixLength;
    return true;
  }

  /** A number in its shortest form of at most four bytes; -1: it is none. */
  #number(bytes: Uint8Array): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[this.#at++];
      if (byte === undefined) return -1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return byte === 0 ? -1 : value;
    }
    return -1;
  }
}

function startsWithPrefix(bytes: Uint8Array): boolean {
  for (let at = 0; at < prefixLength; at++) if (bytes[at] !== prefix[at]) return false;
  return true;
}

function setPrefix(replica: number): void {
  prefix[0] = tagReplica;
  let at = 1;
  let rest = replica;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) prefix[at++] = (rest % 0x80) | 0x80;
  prefix[at++] = rest;
  prefixLength = at;
  prefixReplica = replica;
}

function writeStart(bytes: Uint8Array, first: number, size: number): number {
  for (let at = 0; at < prefixLength; at++) bytes[at] = prefix[at] as number;
  bytes[prefixLength] = tagFirst;
  writeNumber(bytes, prefixLength + 1, first, size);
  return prefixLength + 1 + size;
}

function writeNumber(bytes: Uint8Array, start: number, value: number, size: number): void {
  let rest = value;
  for (let at = start; at < start + size - 1; at++, rest >>>= 7) bytes[at] = rest | 0x80;
  bytes[start + size - 1] = rest;
}

function sizeOf(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
}
