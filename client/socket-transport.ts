/**
 * A transport over anything with the interface of a WebSocket. Which class that is, the platform's
 * file decides (transport-websocket.ts, transport-node.ts).
 */
import type { ClientTransport, TransportEvents } from './transport.ts';

/** The part of a WebSocket that is used here. */
export interface SocketLike {
  binaryType: string;
  readonly readyState: number;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

const open = 1;

export class SocketTransport implements ClientTransport {
  readonly #events: TransportEvents;
  readonly #openSocket: () => SocketLike;
  readonly #onDispose: () => void;
  readonly #sockets = new Map<number, SocketLike>();

  constructor(options: {
    readonly events: TransportEvents;
    readonly openSocket: () => SocketLike;
    readonly onDispose?: () => void;
  }) {
    this.#events = options.events;
    this.#openSocket = options.openSocket;
    this.#onDispose = options.onDispose ?? (() => {});
  }

  connect(connection: number): void {
    const socket = this.#openSocket();
    socket.binaryType = 'arraybuffer';
    this.#sockets.set(connection, socket);
    socket.addEventListener('open', () => this.#events.opened(connection));
    socket.addEventListener('message', ({ data }) => {
      // A text message is none of ours; if nothing else comes, the heartbeat ends the connection.
      if (data instanceof ArrayBuffer) this.#events.received(connection, new Uint8Array(data));
    });
    socket.addEventListener('close', ({ code }) => {
      if (this.#sockets.delete(connection)) this.#events.closed(connection, code);
    });
    // A failure is told by the close that follows it.
    socket.addEventListener('error', () => {});
  }

  send(connection: number, bytes: Uint8Array): void {
    const socket = this.#sockets.get(connection);
    // Copied: the platform may keep the bytes until they have left.
    if (socket?.readyState === open) socket.send(new Uint8Array(bytes));
  }

  close(connection: number): void {
    const socket = this.#sockets.get(connection);
    this.#sockets.delete(connection);
    socket?.close();
  }

  dispose(): void {
    for (const connection of [...this.#sockets.keys()]) this.close(connection);
    this.#onDispose();
  }
}
