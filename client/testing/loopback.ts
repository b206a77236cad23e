/**
 * A server node in memory and sockets to it, in virtual time: each message, append and read takes a
 * millisecond. The node is the real core with the real driver; only its ports are ours.
 */
import { assert } from '../../engine/assert.ts';
import { GatewayDriver } from '../../engine/driver/gateway-driver.ts';
import type {
  AppendResult,
  AuthDecision,
  AuthRequest,
  LogHead,
  LogPage,
  LogPort,
  LogRow,
} from '../../engine/driver/ports.ts';
import type { ConnId } from '../../engine/ids.ts';
import { defaultLimits } from '../../engine/limits.ts';
import { Gateway } from '../../engine/sync/gateway.ts';
import { withoutSnapshots } from '../../engine/sync/testing/without-snapshots.ts';
import { type SessionOptions, SyncSession } from '../sync-session.ts';
import type { ClientTransport, TransportEvents } from '../transport.ts';
import { VirtualTime } from './virtual-time.ts';

const hopMs = 1;

interface Socket {
  readonly connection: number;
  readonly events: TransportEvents;
  open: boolean;
}

interface MemoryDocument {
  readonly epoch: number;
  readonly rows: LogRow[];
}

class MemoryLog implements LogPort {
  /** While false, every append has an unknown outcome and every read fails. */
  up = true;
  readonly #time: VirtualTime;
  readonly #documents = new Map<string, MemoryDocument>();

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  append(
    name: string,
    epoch: number,
    body: Uint8Array,
    done: (result: AppendResult) => void,
  ): void {
    this.#time.after(hopMs, () => {
      if (!this.up) {
        done({ outcome: 'unknown' });
        return;
      }
      const document = this.#documents.get(name) ?? { epoch, rows: [] };
      this.#documents.set(name, document);
      assert(document.epoch === epoch, 'a document has one epoch here');
      const lsn = document.rows.length + 1;
      const at = this.#time.clock().now().wallMs;
      document.rows.push({ lsn, at, body });
      done({ outcome: 'committed', lsn, at });
    });
  }

  read(
    name: string,
    afterLsn: number,
    _bytesMax: number,
    done: (page: LogPage | null) => void,
  ): void {
    this.#time.after(hopMs, () => {
      const document = this.#documents.get(name);
      if (!this.up) done(null);
      else if (document === undefined) done({ head: null, rows: [] });
      else {
        done({ head: headOf(document), rows: document.rows.slice(afterLsn) });
      }
    });
  }

  heads(
    names: readonly string[],
    done: (heads: ReadonlyMap<string, LogHead> | null) => void,
  ): void {
    this.#time.after(hopMs, () => {
      const heads = new Map<string, LogHead>();
      for (const name of names) {
        const document = this.#documents.get(name);
        if (document !== undefined) heads.set(name, headOf(document));
      }
      done(this.up ? heads : null);
    });
  }
}

function headOf({ epoch, rows }: MemoryDocument): LogHead {
  return { epoch, lsn: rows.length, at: rows.at(-1)?.at ?? 0, state: 'live' };
}

export class Loopback {
  readonly time = new VirtualTime();
  readonly log = new MemoryLog(this.time);
  /** What `edit`s the server received, in frames. */
  framesReceived = 0;
  /** Tokens that the server accepts. */
  readonly tokens = new Set(['']);
  /** While false, connections fail and those there are cut. */
  #networkUp = true;
  readonly #sockets = new Map<ConnId, Socket>();
  readonly #node: GatewayDriver;
  #lastConn = 0;
  #lastByte = 0;
  /** What listeners threw. */
  readonly faults: unknown[] = [];

  constructor() {
    this.#node = new GatewayDriver({
      core: new Gateway({ seed: 1, limits: defaultLimits, isAlone: true }),
      ports: {
        clock: this.time.clock(),
        transport: {
          send: (conns, bytes) => {
            for (const conn of conns) this.#toClient(conn, new Uint8Array(bytes));
          },
          notifyDrained: (_conn, drained) => void this.time.after(hopMs, drained),
          close: (conn, code) => this.#closedByServer(conn, code),
        },
        log: this.log,
        snapshots: withoutSnapshots,
        bus: {
          publish: () => {},
          publishPresence: () => {},
          subscribe: () => {},
          unsubscribe: () => {},
        },
        auth: {
          decide: (request, done) => void this.time.after(hopMs, () => done(this.#decide(request))),
        },
      },
      onLog: () => {},
      onDrained: () => {},
    });
  }

  /** A session of its own identity and clock. */
  connect(options: Partial<SessionOptions> = {}): SyncSession {
    const whole = { url: 'http://loopback', documentId: 'doc', ...options };
    return new SyncSession(whole, {
      clock: this.time.clock(),
      transport: (_url, events) => this.#transport(events),
      randomBytes: (count) => Uint8Array.from({ length: count }, () => ++this.#lastByte % 256),
      reportError: (error) => void this.faults.push(error),
    });
  }

  set networkUp(up: boolean) {
    this.#networkUp = up;
    if (!up) for (const conn of [...this.#sockets.keys()]) this.#cut(conn);
  }

  #transport(events: TransportEvents): ClientTransport {
    const conns = new Map<number, ConnId>();
    const close = (connection: number): void => {
      const conn = conns.get(connection);
      conns.delete(connection);
      if (conn === undefined || !this.#sockets.delete(conn)) return;
      this.time.after(hopMs, () => this.#node.closed(conn));
    };
    return {
      connect: (connection) => {
        const conn = ++this.#lastConn as ConnId;
        const socket = { connection, events, open: false };
        conns.set(connection, conn);
        this.#sockets.set(conn, socket);
        this.time.after(hopMs, () => this.#opened(conn, socket));
      },
      send: (connection, bytes) => {
        const conn = conns.get(connection);
        const copy = new Uint8Array(bytes);
        this.time.after(hopMs, () => {
          if (conn === undefined || !this.#sockets.has(conn)) return;
          this.framesReceived++;
          this.#node.received(conn, copy);
        });
      },
      close,
      dispose: () => {
        for (const connection of [...conns.keys()]) close(connection);
      },
    };
  }

  #opened(conn: ConnId, socket: Socket): void {
    if (!this.#sockets.has(conn)) return;
    if (!this.#networkUp) {
      this.#sockets.delete(conn);
      socket.events.closed(socket.connection, 1006);
      return;
    }
    socket.open = true;
    this.#node.opened(conn);
    socket.events.opened(socket.connection);
  }

  #toClient(conn: ConnId, bytes: Uint8Array): void {
    this.time.after(hopMs, () => {
      const socket = this.#sockets.get(conn);
      socket?.events.received(socket.connection, bytes);
    });
  }

  #closedByServer(conn: ConnId, code: number): void {
    this.time.after(hopMs, () => {
      const socket = this.#sockets.get(conn);
      if (socket === undefined) return;
      this.#sockets.delete(conn);
      this.#node.closed(conn);
      socket.events.closed(socket.connection, code);
    });
  }

  #cut(conn: ConnId): void {
    const socket = this.#sockets.get(conn);
    if (socket?.open !== true) return;
    this.#sockets.delete(conn);
    this.time.after(hopMs, () => {
      this.#node.closed(conn);
      socket.events.closed(socket.connection, 1006);
    });
  }

  #decide(request: AuthRequest): AuthDecision {
    if (!this.tokens.has(request.token)) return { allowed: false, reason: 'unknown token' };
    const rights = { read: true, write: true };
    const secretHash = new Uint8Array(32).fill(request.secret[0] ?? 0);
    return { allowed: true, principal: 'somebody', rights, secretHash };
  }
}
