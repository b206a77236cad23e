/**
 * As much of Yjs's binary format (update v1) as a client of the bench needs: the update of one
 * typed character, and which characters an update of others brings. No document is kept.
 *
 *   update: clients(1) then of each: structs(n) client clock struct…, then the deleted (none: 0)
 *   struct: info, the character to the left (if info & 0x80), the one to the right (0x40), the name
 *           of the text if it has neither, content; a string's info & 0x1f is 4
 *
 * Numbers are base 128, lowest first. What other content there is nobody types here.
 */

/** The root type that everybody types into. */
const textName = 'text';
/** Yjs draws ids of 32 bits, which nearly all take five bytes. */
const leastClient = 2 ** 31;
const contentString = 4;
const hasLeft = 0x80;
const hasRight = 0x40;
const hasParentKey = 0x20;
const garbage = 0;
const skip = 10;

export function clientOf(author: number): number {
  return leastClient + author;
}

export function authorOf(client: number): number {
  return client - leastClient;
}

/** Bytes that grow; `take` returns them and begins anew. */
export class Writer {
  #bytes = new Uint8Array(256);
  #length = 0;

  uint(value: number): this {
    this.#reserve(8);
    let left = value;
    for (; left > 127; left = Math.floor(left / 128)) {
      this.#bytes[this.#length++] = (left % 128) | 128;
    }
    this.#bytes[this.#length++] = left;
    return this;
  }

  byte(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** ASCII. */
  text(value: string): this {
    this.uint(value.length).#reserve(value.length);
    for (let index = 0; index < value.length; index++) {
      this.#bytes[this.#length++] = value.charCodeAt(index);
    }
    return this;
  }

  bytes(value: Uint8Array): this {
    this.uint(value.length).#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * (this.#length + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  uint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Error('a message ends too early');
    return byte;
  }

  /** Bytes of the next string or array, skipped. */
  skipBytes(): number {
    const length = this.uint();
    this.#at += length;
    return length;
  }

  /** A view. */
  bytes(): Uint8Array {
    const length = this.uint();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }
}

/**
 * The update of one character at `clock`, typed by `client` behind its last one, if it has any, and
 * else at the start. What a character has to its right, which an editor adds (6 bytes) unless it
 * is the end of the text, is left out.
 */
export function typedUpdate(client: number, clock: number, letter: string): Uint8Array {
  const out = new Writer().uint(1).uint(1).uint(client).uint(clock);
  if (clock === 0) out.byte(contentString).uint(1).text(textName);
  else
    out
      .byte(contentString | hasLeft)
      .uint(client)
      .uint(clock - 1);
  return out.text(letter).uint(0).take();
}

/** Calls back with each run of characters, all of them ASCII, in an update. */
export function readRuns(
  update: Uint8Array,
  run: (client: number, clock: number, count: number) => void,
): void {
  const reader = new Reader(update);
  for (let clients = reader.uint(); clients > 0; clients--) {
    let structs = reader.uint();
    const client = reader.uint();
    let clock = reader.uint();
    for (; structs > 0; structs--) {
      const info = reader.byte();
      const kind = info & 31;
      if (kind === garbage || kind === skip) {
        clock += reader.uint();
        continue;
      }
      if (kind !== contentString) throw new Error(`content of kind ${kind} was not expected`);
      const count = readString(reader, info);
      run(client, clock, count);
      clock += count;
    }
  }
}

/** How many characters. */
function readString(reader: Reader, info: number): number {
  if ((info & hasLeft) !== 0) skipId(reader);
  if ((info & hasRight) !== 0) skipId(reader);
  if ((info & (hasLeft | hasRight)) === 0) {
    if (reader.uint() === 1) reader.skipBytes();
    else skipId(reader);
    if ((info & hasParentKey) !== 0) reader.skipBytes();
  }
  return reader.skipBytes();
}

function skipId(reader: Reader): void {
  reader.uint();
  reader.uint();
}
