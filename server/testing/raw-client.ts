/**
 * A client that says exactly what a test tells it to: one socket, the codecs, no engine.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Batch } from '../../proto/batch.ts';
import { type ClientFrame, encodeClientFrame } from '../../proto/client-frame.ts';
import { protocolVersion } from '../../proto/protocol-version.ts';
import { decodeServerFrame, type ServerFrame } from '../../proto/server-frame.ts';

/** What a hello says of its sender; random when absent. */
export interface HelloOptions {
  readonly document: string;
  readonly replica?: number;
  readonly secret?: Uint8Array;
  readonly channel?: number;
  readonly token?: string;
}

export class RawClient {
  readonly socket: WebSocket;
  /** Every frame that has come and was not taken by `next`. */
  readonly frames: ServerFrame[] = [];
  /** Close code and reason, when the socket has ended; 1006 if without a close frame. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #ended = false;
  #changed: () => void = () => {};

  /** Of a socket that has not opened yet; see `open`. */
  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('message', (data) => {
      if (!Buffer.isBuffer(data)) return;
      this.frames.push(decodeServerFrame(data));
      this.#changed();
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.#ended = true;
        this.#changed();
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** Opens a socket; rejects when the server refuses it. */
  static async open(syncUrl: string): Promise<RawClient> {
    const socket = new WebSocket(syncUrl, { perMessageDeflate: false });
    const client = new RawClient(socket);
    await once(socket, 'open');
    return client;
  }

  send(frame: ClientFrame | Uint8Array): void {
    this.socket.send(frame instanceof Uint8Array ? frame : encodeClientFrame(frame));
  }

  hello(options: HelloOptions): void {
    this.send(helloFrame(options));
  }

  /** The first frame that fits, taken out of `frames`; rejects when the socket ends without one. */
  async next(fits: (frame: ServerFrame) => boolean): Promise<ServerFrame> {
    for (;;) {
      const index = this.frames.findIndex(fits);
      const [frame] = index < 0 ? [] : this.frames.splice(index, 1);
      if (frame !== undefined) return frame;
      if (this.#ended) throw new Error('the socket ended before the frame came');
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** Cuts the socket without a word. */
  async cut(): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }
}

export function helloFrame(options: HelloOptions): ClientFrame {
  const { document, channel = 0, token = '', ...given } = options;
  const replica = given.replica ?? randomInt(1, 2 ** 48 - 1);
  const secret = given.secret ?? randomBytes(16);
  const protocol = protocolVersion.current;
  const rest = { token, cursor: null, thin: false, whole: false, settled: 0 };
  const body = { document, replica, secret, protocol, ...rest };
  return { channel, body: { type: 'hello', ...body } };
}

/**
 * An edit that types `text` at the start of the document, or after the replica's last timestamp.
 */
export function typing(text: string, options: { first?: number; base?: number } = {}): ClientFrame {
  const { first = 1, base = 0 } = options;
  const left = first === 1 ? null : { timestamp: first - 1, replica: 0 };
  const right = first === 1 ? null : ('same' as const);
  const batch: Batch = {
    ...{ replica: 0, first, gap: 0, base },
    ops: [{ type: 'insert', timestamp: first, left, right, text }],
  };
  return { channel: 0, body: { type: 'edit', batches: [batch] } };
}
