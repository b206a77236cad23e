/**
 * A WebSocket of the generator: the least that speaks the protocol, so that a thousand of them cost
 * little. All read into one buffer, since what was read is dealt with before the next read.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { clientFrame, FrameReader } from './frame-reader.ts';

export interface RawSocketEvents {
  opened(): void;
  /** See FrameEvents. */
  message(bytes: Uint8Array, isText: boolean, wireBytes: number): void;
  /** Once, if it was not ended from here. */
  lost(why: string): void;
}

const readBytes = 65_536;
const headBytesMax = 16_384;
const shared = Buffer.allocUnsafeSlow(readBytes);
const opcodes = { text: 1, binary: 2, close: 8, pong: 10 } as const;

export class RawSocket {
  readonly #events: RawSocketEvents;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  /** Of the answer to the handshake; null: it is through. */
  #head: Buffer | null = Buffer.alloc(0);
  #isOver = false;

  constructor(address: string, events: RawSocketEvents) {
    this.#events = events;
    const url = new URL(address);
    const { hostname: host, port, pathname, search } = url;
    this.#reader = new FrameReader({
      message: (bytes, isText, wireBytes) => events.message(bytes, isText, wireBytes),
      ping: (payload) => this.#write(clientFrame(payload, opcodes.pong)),
      closed: (code, reason) => this.#lose(`closed with ${code} ${reason}`),
    });
    const callback = (count: number, buffer: Uint8Array): boolean => {
      this.#read(buffer.subarray(0, count));
      return true;
    };
    const onread = { buffer: shared, callback };
    this.#socket = connect({ host, port: Number(port || 80), noDelay: true, onread });
    this.#socket.on('connect', () => {
      this.#socket.write(upgradeRequest(`${pathname}${search}`, url.host));
    });
    this.#socket.on('error', (error) => this.#lose(error.message));
    this.#socket.on('close', () => this.#lose('the socket ended'));
  }

  send(message: Uint8Array | string): void {
    const isText = typeof message === 'string';
    const payload = isText ? Buffer.from(message) : message;
    this.#write(clientFrame(payload, isText ? opcodes.text : opcodes.binary));
  }

  /** Takes leave and ends; nothing is heard of it any more. */
  end(): void {
    this.#isOver = true;
    this.#socket.write(clientFrame(Buffer.from([1000 >> 8, 1000 & 0xff]), opcodes.close));
    this.#socket.destroySoon();
  }

  /** Without a word, as when a network breaks. */
  cut(): void {
    this.#isOver = true;
    this.#socket.resetAndDestroy();
  }

  #write(frame: Buffer): void {
    if (!this.#isOver) this.#socket.write(frame);
  }

  #read(chunk: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#head === null) {
      this.#reader.read(chunk);
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end === -1 && this.#head.length < headBytesMax) return;
    const head = this.#head.subarray(0, end).toString('latin1');
    if (!/^HTTP\/1\.1 101 /.test(head)) {
      this.#lose(`answered with ${head.split('\r\n')[0] ?? ''}`);
      return;
    }
    const rest = this.#head.subarray(end + 4);
    this.#head = null;
    this.#events.opened();
    if (rest.length > 0) this.#reader.read(rest);
  }

  #lose(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.destroy();
    this.#events.lost(why);
  }
}

function upgradeRequest(path: string, host: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    '\r\n',
  ].join('\r\n');
}
