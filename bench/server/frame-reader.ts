/**
 * WebSocket messages out of the bytes that a server sent (RFC 6455), in place: a message that is
 * whole in a chunk is handed over without a copy.
 *
 *   byte 0   fin 80 | opcode 0f          byte 1   length 00 … 7d | 7e: two bytes | 7f: eight bytes
 *
 * A server does not mask. Extensions were not asked for, so that there are none.
 */
export interface FrameEvents {
  /** The bytes are only valid during the call. `wireBytes`: with the header. */
  message(bytes: Uint8Array, isText: boolean, wireBytes: number): void;
  ping(payload: Uint8Array): void;
  /** A close frame, with its code (1005: none) and reason. */
  closed(code: number, reason: string): void;
}

const opcodeText = 1;
const opcodeBinary = 2;
const opcodeClose = 8;
const opcodePing = 9;

export class FrameReader {
  readonly #events: FrameEvents;
  /** The beginning of a frame that is not whole. */
  #rest: Uint8Array | null = null;
  /** Frames of a message that is not whole. */
  #parts: Uint8Array[] = [];
  #isText = false;
  #partBytes = 0;

  constructor(events: FrameEvents) {
    this.#events = events;
  }

  /** The next bytes; they may be overwritten after the call. */
  read(chunk: Uint8Array): void {
    const rest = this.#rest;
    const bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at < bytes.length) {
      const end = this.#frame(bytes, at);
      if (end === -1) break;
      at = end;
    }
    // Not slice(): that of a Buffer shares its memory.
    this.#rest = at === bytes.length ? null : new Uint8Array(bytes.subarray(at));
  }

  /** Where the frame at `start` ends; -1: it is not whole. */
  #frame(bytes: Uint8Array, start: number): number {
    if (start + 2 > bytes.length) return -1;
    const short = (bytes[start + 1] ?? 0) & 0x7f;
    let at = start + 2;
    let length = short;
    if (short > 125) {
      const size = short === 126 ? 2 : 8;
      if (at + size > bytes.length) return -1;
      length = 0;
      for (const end = at + size; at < end; at++) length = length * 256 + (bytes[at] ?? 0);
    }
    const end = at + length;
    if (end > bytes.length) return -1;
    this.#take(bytes[start] ?? 0, bytes.subarray(at, end), end - start);
    return end;
  }

  #take(first: number, payload: Uint8Array, wireBytes: number): void {
    const opcode = first & 0x0f;
    if (opcode === opcodePing) this.#events.ping(payload);
    if (opcode === opcodeClose) this.#close(payload);
    if (opcode >= opcodeClose) return;
    if (opcode === opcodeText || opcode === opcodeBinary) this.#isText = opcode === opcodeText;
    const isLast = first >= 0x80;
    if (isLast && this.#parts.length === 0) {
      this.#events.message(payload, this.#isText, wireBytes);
      return;
    }
    this.#parts.push(new Uint8Array(payload));
    this.#partBytes += wireBytes;
    if (!isLast) return;
    const whole = Buffer.concat(this.#parts);
    const bytes = this.#partBytes;
    [this.#parts, this.#partBytes] = [[], 0];
    this.#events.message(whole, this.#isText, bytes);
  }

  #close(payload: Uint8Array): void {
    const code = payload.length < 2 ? 1005 : (payload[0] ?? 0) * 256 + (payload[1] ?? 0);
    this.#events.closed(code, Buffer.from(payload.subarray(2)).toString());
  }
}

/**
 * A client's frame. Its mask is 0, which leaves the payload as it is: what masking is for, a proxy
 * that is led astray by what a page wrote, is no part of a bench, and a server unmasks it as any.
 */
export function clientFrame(payload: Uint8Array, opcode: number): Buffer {
  const { length } = payload;
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.allocUnsafe(6 + extra + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127);
  if (extra === 2) frame.writeUInt16BE(length, 2);
  if (extra === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.writeUInt32BE(0, 2 + extra);
  frame.set(payload, 6 + extra);
  return frame;
}
