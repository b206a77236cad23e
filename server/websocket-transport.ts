/**
 * The sockets of the clients: TransportPort over `ws`.
 *
 * Decides who may open one (path, version, origin, number, address), what a message is (binary, at
 * most `clientFrameBytesMax`) and how fast they come. What a message says is the core's. Every
 * socket has a number of its own, which is never used again; `closed` is called once for each, and
 * no other event follows it.
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { TransportPort } from '../engine/driver/ports.ts';
import type { ConnId } from '../engine/ids.ts';
import type { ProblemCode } from '../proto/codes.ts';
import { clientFrameBytesMax, helloFrameBytesMax } from '../proto/limits.ts';
import { AddressLimits, IntakeBuckets, type IntakeRates } from './address-limits.ts';
import { type ClientAddress, ClientAddresses } from './client-address.ts';
import type { Config } from './config.ts';
import { limitRequests } from './http-limits.ts';
import type { RefusalReason } from './limit-metrics.ts';
import type { HttpServer } from './listen.ts';
import { allowMessages, explainTooBig } from './message-size.ts';
import { problemBody, problemStatus, problemType } from './problem.ts';
import { SocketIntake } from './socket-intake.ts';
import { messageFrame, OutputTurn, SocketOutput } from './socket-output.ts';
import type { Rate } from './token-bucket.ts';
import { traceIdOf } from './trace.ts';
import { Traffic } from './traffic.ts';

/** Where sockets are opened. */
export const syncPath = '/v1/sync';

/** What sockets do, as GatewayDriver takes it. */
export interface TransportEvents {
  opened(conn: ConnId): void;
  /** Returns the operations that it is worth. */
  received(conn: ConnId, bytes: Uint8Array): number;
  malformed(conn: ConnId, code: 'bad-frame' | 'too-large' | 'rate-limited', message: string): void;
  closed(conn: ConnId): void;
}

export type TransportOptions = Pick<
  Config,
  | ('allowedOrigins' | 'trustedProxies' | 'burstSeconds' | 'heartbeatMs' | 'helloMs')
  | ('connectionsMax' | 'connectionsPerAddressMax' | 'connectsPerAddressPerSecond')
  | ('framesPerSecond' | 'bytesPerSecond' | 'operationsPerSecond')
  | ('addressFramesPerSecond' | 'addressBytesPerSecond' | 'addressOperationsPerSecond')
>;

/** What others want to know of it, and it of them. */
export interface TransportWatch {
  /** Memory is short: no new sockets. */
  readonly isShort: () => boolean;
  readonly onRefused: (reason: RefusalReason) => void;
  readonly onPaused: (change: 1 | -1) => void;
}

const unwatched: TransportWatch = {
  isShort: () => false,
  onRefused: () => {},
  onPaused: () => {},
};

/** Who does not answer a close in this time is cut off. */
const closeTimeoutMs = 2_000;
/** Whoever was refused for what the node has or had comes back no sooner. */
const retryAfterSeconds = 5;

/** A constant of its own because the types of ws do not know `closeTimeout` yet. */
const serverOptions = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: helloFrameBytesMax,
  // Who pings and does not read would be answered into this process's memory.
  autoPong: false,
  closeTimeout: closeTimeoutMs,
};

interface Link {
  readonly socket: WebSocket;
  readonly output: SocketOutput;
  readonly intake: SocketIntake;
  /** To be called when the peer has taken what was written. */
  drained: (() => void) | null;
  /** See `traceOf`. */
  readonly trace: string;
  /** The core has closed it: what still comes is not read. */
  closing: boolean;
}

interface Refusal {
  readonly code: ProblemCode;
  readonly reason: string;
  /** The limit that was met, if it is one. */
  readonly limit?: RefusalReason;
}

interface IntakeParts {
  readonly socket: WebSocket;
  readonly address: ClientAddress;
  readonly events: TransportEvents;
}

/** A socket that was just opened; `stream`: what is under it. */
interface Opened extends Omit<IntakeParts, 'socket'> {
  readonly stream: Duplex;
  readonly trace: string;
}

export class WebSocketTransport implements TransportPort {
  readonly traffic = new Traffic();
  readonly #options: TransportOptions;
  readonly #watch: TransportWatch;
  readonly #addresses: ClientAddresses;
  readonly #limits: AddressLimits;
  readonly #rates: IntakeRates;
  readonly #links = new Map<ConnId, Link>();
  readonly #server = new WebSocketServer(serverOptions);
  readonly #turn = new OutputTurn();
  #last = 0;

  constructor(options: TransportOptions, watch = unwatched) {
    this.#options = options;
    this.#watch = watch;
    this.#addresses = new ClientAddresses(options.trustedProxies);
    const { burstSeconds } = options;
    const rate = (perSecond: number): Rate => ({ perSecond, burst: perSecond * burstSeconds });
    this.#rates = {
      frames: rate(options.framesPerSecond),
      bytes: rate(options.bytesPerSecond),
      operations: rate(options.operationsPerSecond),
    };
    const intake = {
      frames: rate(options.addressFramesPerSecond),
      bytes: rate(options.addressBytesPerSecond),
      operations: rate(options.addressOperationsPerSecond),
    };
    const connects = rate(options.connectsPerAddressPerSecond);
    const { connectionsPerAddressMax: connectionsMax } = options;
    this.#limits = new AddressLimits({ intake, connects, connectionsMax }, now);
  }

  /** Sockets that are open or closing. */
  get connections(): number {
    return this.#links.size;
  }

  /** By what the log lines about a socket are found; null: it is gone. */
  traceOf(conn: ConnId | undefined): string | null {
    return conn === undefined ? null : (this.#links.get(conn)?.trace ?? null);
  }

  /** Takes over every upgrade that `server` is asked for. */
  serve(server: HttpServer, events: TransportEvents): void {
    limitRequests(server, this.#options);
    server.on('connection', (socket) => this.#connected(socket));
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      const address = this.#addresses.of(request);
      const refusal = this.#refusal(request) ?? this.#overLimit(address);
      if (refusal?.limit !== undefined) this.#watch.onRefused(refusal.limit);
      if (refusal !== null) refuse(socket, refusal);
      else {
        const trace = traceIdOf(request.headers.traceparent);
        this.#server.handleUpgrade(request, socket, head, (opened) => {
          this.#open(opened, { stream: socket, address, trace, events });
        });
      }
    });
  }

  /** See TransportPort; nothing for a socket that is gone. */
  send(conns: readonly ConnId[], bytes: Uint8Array): void {
    this.traffic.framesSent += conns.length;
    this.traffic.bytesSent += conns.length * bytes.length;
    const frame = messageFrame(bytes);
    for (const conn of conns) this.#links.get(conn)?.output.write(frame);
  }

  notifyDrained(conn: ConnId, drained: () => void): void {
    const link = this.#links.get(conn);
    link?.output.flush();
    if (link?.output.isFull === true) link.drained = drained;
    else setImmediate(drained);
  }

  admit(conn: ConnId): void {
    const link = this.#links.get(conn);
    if (link !== undefined) allowMessages(link.socket, clientFrameBytesMax);
  }

  pause(conn: ConnId): void {
    this.#links.get(conn)?.intake.hold('paused');
  }

  resume(conn: ConnId): void {
    this.#links.get(conn)?.intake.hold('free');
  }

  close(conn: ConnId, code: number, reason: string): void {
    const link = this.#links.get(conn);
    if (link === undefined) return;
    link.closing = true;
    this.traffic.countClose(reason);
    link.output.flush();
    // Reads on, or the answer to the close would not come.
    link.intake.end();
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
    if (/[?&](access_)?token=/i.test(url)) {
      const reason = 'a token belongs in the hello: addresses are kept in logs and histories';
      return { code: 'bad-request', reason };
    }
    if (headers['sec-websocket-version'] !== '13') {
      return { code: 'upgrade-required', reason: 'WebSocket version 13 is spoken here' };
    }
    if (!this.#allows(headers.origin, headers.host)) {
      const reason = `the origin ${headers.origin} is not allowed: add it to ALLOWED_ORIGINS`;
      return { code: 'forbidden', reason, limit: 'origin' };
    }
    return null;
  }

  #overLimit(address: ClientAddress): Refusal | null {
    if (this.#watch.isShort()) {
      return { code: 'overloaded', reason: 'memory is short: try again later', limit: 'memory' };
    }
    if (this.#links.size >= this.#options.connectionsMax) {
      const reason = 'too many connections: try again later';
      return { code: 'overloaded', reason, limit: 'connections' };
    }
    const limit = this.#limits.refusal(address);
    if (limit === null) return null;
    const what = limit === 'address-connects' ? 'new connections' : 'connections';
    return { code: 'rate-limited', reason: `too many ${what} from ${address.key}`, limit };
  }

  /** A TCP connection, before it has said anything. */
  #connected(socket: Socket): void {
    const address = this.#addresses.ofPeer(socket.remoteAddress);
    if (address === null) return; // Of a proxy: counted when it says for whom.
    if (!this.#limits.connected(address)) {
      this.#watch.onRefused('address-sockets');
      socket.destroy();
      return;
    }
    socket.once('close', () => this.#limits.disconnected(address));
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

  #open(socket: WebSocket, from: Opened): void {
    const { stream, address, trace, events } = from;
    this.#last++;
    const conn = this.#last as ConnId;
    const output = new SocketOutput(socket, stream, this.#turn);
    const intake = this.#intake(conn, { socket, address, events });
    const link: Link = { socket, output, intake, trace, drained: null, closing: false };
    this.#links.set(conn, link);
    socket.on('message', (data, isBinary) => {
      if (link.closing) return;
      const bytes = isBinary ? bytesOf(data) : null;
      this.traffic.framesReceived += 1;
      this.traffic.bytesReceived += bytes?.length ?? 0;
      if (bytes === null) events.malformed(conn, 'bad-frame', 'a text message; frames are binary');
      else intake.received(bytes);
    });
    socket.on('ping', (data) => {
      if (intake.pinged(data.length) && !output.isFull) socket.pong(data);
    });
    socket.on('pong', (data) => intake.pinged(data.length));
    // Whatever it was, ws ends the socket and `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#links.delete(conn);
      if (!link.closing) this.traffic.countClose('client');
      intake.end();
      this.#limits.closed(address);
      events.closed(conn);
      drained(link);
    });
    stream.on('drain', () => drained(link));
    explainTooBig(socket, () => {
      const sizes = `${clientFrameBytesMax} bytes (${helloFrameBytesMax} before the welcome)`;
      events.malformed(conn, 'too-large', `a message of more than ${sizes}`);
    });
    events.opened(conn);
  }

  #intake(conn: ConnId, { socket, address, events }: IntakeParts): SocketIntake {
    const shared = this.#limits.opened(address);
    const own = new IntakeBuckets(this.#rates, now());
    return new SocketIntake({
      ...{ socket, now, pauseMaxMs: this.#options.heartbeatMs, onPaused: this.#watch.onPaused },
      buckets: shared === null ? [own] : [own, shared],
      deliver: (bytes) => events.received(conn, bytes),
      onFlood: () => events.malformed(conn, 'rate-limited', 'more frames than any client sends'),
    });
  }
}

function drained(link: Link): void {
  const { drained: callBack } = link;
  link.drained = null;
  callBack?.();
}

/** Milliseconds that never go back. */
function now(): number {
  return performance.now();
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
    ...(status === 429 || status === 503 ? [`Retry-After: ${retryAfterSeconds}`] : []),
    ...(status === 426 ? ['Upgrade: websocket', 'Sec-WebSocket-Version: 13'] : []),
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
