/**
 * The sockets of the clients: TransportPort over `ws`.
 *
 * Decides who may open one (path, version, origin, number) and what a message is: binary, at most
 * `clientFrameBytesMax`. What a message says is the core's. Every socket has a number of its own,
 * which is never used again; `closed` is called once for each, and no other event follows it.
 */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { TransportPort } from '../engine/driver/ports.ts';
import type { ConnId } from '../engine/ids.ts';
import type { ProblemCode } from '../proto/codes.ts';
import { clientFrameBytesMax } from '../proto/limits.ts';
import { problemBody, problemStatus, problemType } from './problem.ts';
import { messageFrame, OutputTurn, SocketOutput } from './socket-output.ts';

/** Where sockets are opened. */
export const syncPath = '/v1/sync';

/** What sockets do, as GatewayDriver takes it. */
export interface TransportEvents {
  opened(conn: ConnId): void;
  received(conn: ConnId, bytes: Uint8Array): void;
  malformed(conn: ConnId, code: 'bad-frame' | 'too-large', message: string): void;
  closed(conn: ConnId): void;
}

export interface TransportOptions {
  /** Origins that may connect besides the own host; `*` = any. */
  readonly allowedOrigins: readonly string[];
  readonly connectionsMax: number;
}

/** Who does not answer a close in this time is cut off. */
const closeTimeoutMs = 2_000;
const tooBig = 1009;

/** A constant of its own because the types of ws do not know `closeTimeout` yet. */
const serverOptions = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: clientFrameBytesMax,
  closeTimeout: closeTimeoutMs,
};

interface Link {
  readonly socket: WebSocket;
  readonly output: SocketOutput;
  /** To be called when the peer has taken what was written. */
  drained: (() => void) | null;
  /** The core has closed it: what still comes is not read. */
  closing: boolean;
}

interface Refusal {
  readonly code: ProblemCode;
  readonly reason: string;
}

export class WebSocketTransport implements TransportPort {
  readonly #options: TransportOptions;
  readonly #links = new Map<ConnId, Link>();
  readonly #server = new WebSocketServer(serverOptions);
  readonly #turn = new OutputTurn();
  #last = 0;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** Sockets that are open or closing. */
  get connections(): number {
    return this.#links.size;
  }

  /** Takes over every upgrade that `server` is asked for. */
  serve(server: Server, events: TransportEvents): void {
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      const refusal = this.#refusal(request);
      if (refusal !== null) refuse(socket, refusal);
      else {
        this.#server.handleUpgrade(request, socket, head, (opened) => {
          this.#open(opened, socket, events);
        });
      }
    });
  }

  /** See TransportPort; nothing for a socket that is gone. */
  send(conns: readonly ConnId[], bytes: Uint8Array): void {
    const frame = messageFrame(bytes);
    for (const conn of conns) this.#links.get(conn)?.output.write(frame);
  }

  notifyDrained(conn: ConnId, drained: () => void): void {
    const link = this.#links.get(conn);
    link?.output.flush();
    if (link?.output.isFull === true) link.drained = drained;
    else setImmediate(drained);
  }

  close(conn: ConnId, code: number, reason: string): void {
    const link = this.#links.get(conn);
    if (link === undefined) return;
    link.closing = true;
    link.output.flush();
    link.socket.close(code, reason);
  }

  #refusal({ url = '', method, headers }: IncomingMessage): Refusal | null {
    if (url.split('?')[0] !== syncPath) {
      return { code: 'unknown-path', reason: `sockets are opened at ${syncPath}` };
    }
    if (method !== 'GET') return { code: 'wrong-method', reason: 'a socket is opened with GET' };
    if (headers.upgrade?.toLowerCase() !== 'websocket') {
      return { code: 'bad-request', reason: 'the only protocol to upgrade to is websocket' };
    }
    if (headers['sec-websocket-version'] !== '13') {
      return { code: 'upgrade-required', reason: 'WebSocket version 13 is spoken here' };
    }
    if (!this.#allows(headers.origin, headers.host)) {
      const reason = `the origin ${headers.origin} is not allowed: add it to ALLOWED_ORIGINS`;
      return { code: 'forbidden', reason };
    }
    if (this.#links.size >= this.#options.connectionsMax) {
      return { code: 'overloaded', reason: 'too many connections: try again later' };
    }
    return null;
  }

  /**
   * Only browsers send an origin; a page of another host must not act with what the browser knows.
   */
  #allows(origin: string | undefined, host: string | undefined): boolean {
    const { allowedOrigins } = this.#options;
    if (origin === undefined || allowedOrigins.includes('*')) return true;
    if (allowedOrigins.includes(origin)) return true;
    return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
  }

  #open(socket: WebSocket, stream: Duplex, events: TransportEvents): void {
    this.#last++;
    const conn = this.#last as ConnId;
    const output = new SocketOutput(socket, stream, this.#turn);
    const link: Link = { socket, output, drained: null, closing: false };
    this.#links.set(conn, link);
    socket.on('message', (data, isBinary) => {
      if (link.closing) return;
      const bytes = isBinary ? bytesOf(data) : null;
      if (bytes === null) events.malformed(conn, 'bad-frame', 'a text message; frames are binary');
      else events.received(conn, bytes);
    });
    // Whatever it was, ws ends the socket and `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#links.delete(conn);
      events.closed(conn);
      drained(link);
    });
    stream.on('drain', () => drained(link));
    explainTooBig(socket, (message) => events.malformed(conn, 'too-large', message));
    events.opened(conn);
  }
}

function drained(link: Link): void {
  const { drained: callBack } = link;
  link.drained = null;
  callBack?.();
}

/**
 * Of a message over the limit, ws reads the header and closes with 1009. The client shall hear
 * why, and with a code of ours; after a close frame that would be too late.
 */
function explainTooBig(socket: WebSocket, explain: (message: string) => void): void {
  const close = socket.close.bind(socket);
  socket.close = (code, reason) => {
    if (code !== tooBig) close(code, reason);
    else explain(`a message of more than ${clientFrameBytesMax} bytes`);
  };
}

function bytesOf(data: RawData): Uint8Array | null {
  return Buffer.isBuffer(data) ? data : null;
}

function refuse(socket: Duplex, { code, reason }: Refusal): void {
  const status = problemStatus(code);
  const body = problemBody(code, reason);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    `Content-Type: ${problemType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(status === 405 ? ['Allow: GET'] : []),
    ...(status === 426 ? ['Upgrade: websocket', 'Sec-WebSocket-Version: 13'] : []),
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
