/**
 * What workers and their primary say to each other on the pipe of the bus.
 *
 *   4 bytes   length of what follows, little-endian
 *   1 byte    kind
 *   2 bytes   length of the name, little-endian
 *   …         name of the document, UTF-8; empty = all
 *   …         what was published; empty with other kinds
 *
 * The primary passes a `publish` on as it is.
 */
import { assert } from '../../engine/assert.ts';

const busKinds = ['subscribe', 'unsubscribe', 'begun', 'publish', 'gap'] as const;

/** `begun` answers each `subscribe`; `gap`: messages were dropped. */
export type BusKind = (typeof busKinds)[number];

export interface BusFrame {
  readonly kind: BusKind;
  readonly document: string;
  /** A view of the frame. */
  readonly body: Uint8Array;
  /** All of it, as it came. */
  readonly bytes: Buffer;
}

const lengthBytes = 4;
const headBytes = lengthBytes + 3;
const noBody: Uint8Array = new Uint8Array(0);

export function encodeBusFrame(kind: BusKind, document: string, body = noBody): Buffer {
  const nameBytes = Buffer.byteLength(document);
  const frame = Buffer.allocUnsafe(headBytes + nameBytes + body.length);
  frame.writeUInt32LE(frame.length - lengthBytes, 0);
  frame.writeUInt8(busKinds.indexOf(kind), lengthBytes);
  frame.writeUInt16LE(nameBytes, lengthBytes + 1);
  frame.write(document, headBytes);
  frame.set(body, headBytes + nameBytes);
  return frame;
}

function decodeBusFrame(bytes: Buffer): BusFrame {
  const kind = busKinds[bytes.readUInt8(lengthBytes)];
  assert(kind !== undefined, 'a kind that both sides know: they are one program');
  const bodyAt = headBytes + bytes.readUInt16LE(lengthBytes + 1);
  const document = bytes.toString('utf8', headBytes, bodyAt);
  return { kind, document, body: bytes.subarray(bodyAt), bytes };
}

/** Puts the chunks of a stream together again. */
export class BusFrameReader {
  readonly #onFrame: (frame: BusFrame) => void;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** So many must be there before there is anything to do. */
  #wanted = lengthBytes;

  constructor(onFrame: (frame: BusFrame) => void) {
    this.#onFrame = onFrame;
  }

  take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#wanted) return;
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    this.#wanted = lengthBytes;
    while (rest.length >= lengthBytes) {
      const end = lengthBytes + rest.readUInt32LE(0);
      if (rest.length < end) {
        this.#wanted = end;
        break;
      }
      this.#onFrame(decodeBusFrame(rest.subarray(0, end)));
      rest = rest.subarray(end);
    }
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
  }
}
