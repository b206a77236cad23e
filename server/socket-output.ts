/**
 * What is written to the WebSockets of a transport: ready-made frames, all that a turn of the event
 * loop has for one socket in one system call.
 *
 * A message to many sockets is framed once (RFC 6455, section 5.2) and its bytes go to every
 * socket as they are; `ws` would make a header for each. Written is at the end of the turn: when
 * the loop is busy a turn is long, and what comes together saves calls just then; when it is idle
 * the turn ends at once. The order of frames on one socket is the order in which they came.
 */
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';

/** A longer payload is not copied behind its header but handed over beside it. */
const copiedBytesMax = 4_096;

/** Outputs with something to write in this turn. */
export class OutputTurn {
  #outputs: SocketOutput[] = [];

  /** Writes it at the end of the turn. */
  add(output: SocketOutput): void {
    this.#outputs.push(output);
    if (this.#outputs.length === 1) setImmediate(() => this.#end());
  }

  #end(): void {
    const outputs = this.#outputs;
    this.#outputs = [];
    for (const output of outputs) output.flush();
  }
}

export class SocketOutput {
  readonly #webSocket: Pick<WebSocket, 'readyState'>;
  /** Under `#webSocket`, whose own writes are whole frames as well. */
  readonly #socket: Duplex;
  readonly #turn: OutputTurn;
  readonly #chunks: Uint8Array[] = [];

  constructor(webSocket: Pick<WebSocket, 'readyState'>, socket: Duplex, turn: OutputTurn) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#turn = turn;
  }

  /** Takes a frame of `messageFrame`. */
  write(frame: readonly Uint8Array[]): void {
    if (this.#chunks.length === 0) this.#turn.add(this);
    for (const chunk of frame) this.#chunks.push(chunk);
  }

  /** Writes what waits, unless the socket is closing: nothing may follow a close frame. */
  flush(): void {
    const { length } = this.#chunks;
    if (this.#webSocket.readyState === WebSocket.OPEN) {
      if (length > 1) this.#socket.cork();
      for (const chunk of this.#chunks) this.#socket.write(chunk);
      if (length > 1) this.#socket.uncork();
    }
    this.#chunks.length = 0;
  }

  /** Whether what was written waits for the peer to read; `drain` of the socket ends that. */
  get isFull(): boolean {
    return this.#socket.writableNeedDrain;
  }
}

/** A binary message as a frame: its header and payload, in one piece or two. */
export function messageFrame(payload: Uint8Array): readonly Uint8Array[] {
  const { length } = payload;
  const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const isCopied = length <= copiedBytesMax;
  const first = Buffer.allocUnsafe(headerBytes + (isCopied ? length : 0));
  first[0] = 0x82; // The last and only frame of a binary message.
  if (headerBytes === 2) first[1] = length;
  else if (headerBytes === 4) {
    first[1] = 126;
    first.writeUInt16BE(length, 2);
  } else {
    first[1] = 127;
    first.writeBigUInt64BE(BigInt(length), 2);
  }
  if (!isCopied) return [first, payload];
  first.set(payload, headerBytes);
  return [first];
}
