/**
 * What the driver needs from the world. The real server and the simulator differ in these only.
 *
 * Callbacks instead of promises: the simulator owns the schedule. A callback is called exactly
 * once, never before the call that it belongs to has returned.
 */
import type { ConnId, Instant } from '../ids.ts';
import type { Fold } from '../sync/fold.ts';
import type { Moment } from '../sync/playback.ts';

export interface ClockPort {
  now(): Instant;
  /** One absolute monotonic deadline; replaces the previous one; null = none. */
  wakeAt(monoMs: number | null, wake: () => void): void;
}

export interface TransportPort {
  /** The same message to each of them. */
  send(conns: readonly ConnId[], bytes: Uint8Array): void;
  /** Calls back when (almost) everything that was sent so far has left this process. */
  notifyDrained(conn: ConnId, drained: () => void): void;
  /** Closes the socket; `connClosed` follows as an input unless the socket was gone already. */
  close(conn: ConnId, code: number, reason: string): void;
}

/** The document's head row in the log. */
export interface LogHead {
  readonly epoch: number;
  readonly lsn: number;
  /** Commit time of the row at `lsn`, or of the last closed moment if later; ms since 1970. */
  readonly at: number;
  readonly state: 'live' | 'deleted';
  /**
   * Rows up to this LSN were removed by an operator, and no page has rows that follow an LSN below
   * it; absent = none were. A deleted document has lost all of them.
   */
  readonly prunedLsn?: number;
}

export interface LogRow {
  readonly lsn: number;
  readonly at: number;
  /** An encoded Update with format number (proto/update-codec.ts). */
  readonly body: Uint8Array;
}

/**
 * Rows after `afterLsn` in order, as many as fit (at least one if there is any), and the head as of
 * the read.
 */
export interface LogPage {
  /** null: the document has never been written. */
  readonly head: LogHead | null;
  readonly rows: readonly LogRow[];
}

/**
 * - committed: the row is durable at this LSN.
 * - rejected: it certainly is not there, and the same append can never succeed. `epoch`: the head
 *   row
 *   has another epoch than the caller expected; `deleted`: the document is; `invalid`: the
 *   database refused the row itself (too large, a constraint).
 * - unknown: the connection broke, a time limit passed or the service is down: it may be there now,
 *   appear later, or never.
 */
export type AppendResult =
  | { readonly outcome: 'committed'; readonly lsn: number; readonly at: number }
  | { readonly outcome: 'rejected'; readonly code: 'epoch' | 'deleted' | 'invalid' }
  | { readonly outcome: 'unknown' };

export interface LogPort {
  /**
   * Appends one row. `epoch` is what the caller believes the document's epoch to be; for a document
   * that has no head row yet it becomes the epoch.
   */
  append(
    document: string,
    epoch: number,
    body: Uint8Array,
    done: (result: AppendResult) => void,
  ): void;
  /**
   * Reads rows after `afterLsn` (0 = from the start) up to about `bytesMax` of bodies; null =
   * failed.
   */
  read(
    document: string,
    afterLsn: number,
    bytesMax: number,
    done: (page: LogPage | null) => void,
  ): void;
  /**
   * The heads of these documents as of one moment; a document that has never been written is not
   * among them. null = failed.
   */
  heads(
    documents: readonly string[],
    done: (heads: ReadonlyMap<string, LogHead> | null) => void,
  ): void;
}

/**
 * - closed: the head's time is later than T: whatever is still written has a later time, too.
 * - future: T is not in the past of the database's clock; nothing was changed.
 * - absent, deleted: there is no such document (any more); nothing was changed.
 * - unknown: the head stayed locked, the connection broke or the service is down. T may be closed
 *   or not; it may be asked for again.
 */
export type CloseOutcome = 'closed' | 'future' | 'absent' | 'deleted' | 'unknown';

/** What playback needs of the log besides its pages; a gateway does not. */
export interface HistoryPort {
  /**
   * Makes the document at time `at` (T, ms since 1970) final: waits for an append in flight and
   * raises the head's time to T + 1 unless it is later already.
   */
  closeTime(document: string, at: number, done: (outcome: CloseOutcome) => void): void;
}

/**
 * Pub/sub between nodes: at most once, a hint. Delivered to other nodes only, each document's
 * messages in the order in which a node published them; nothing is kept for who is away. A
 * subscription takes effect some time after the call; then, and after each time away, the node is
 * told that it may have missed something.
 */
export interface BusPort {
  publish(document: string, bytes: Uint8Array): void;
  /** As `publish`, but dropped long before a row is when the bus is slow. */
  publishPresence(document: string, bytes: Uint8Array): void;
  subscribe(document: string): void;
  unsubscribe(document: string): void;
}

/**
 * Bodies of snapshots and the like, each under a name of its own (object-key.ts) that is never used
 * for other bytes.
 *
 * What was put successfully is seen by every `get` and `list` that begins afterwards. A call that
 * failed may have been done or not, and may be made again. Nothing is ever half done: a key has its
 * whole body or is absent.
 */
export interface ObjectStorePort {
  /**
   * False = failed. A key that is there already is no failure. `bytes` must not change before the
   * callback.
   */
  put(key: string, bytes: Uint8Array, done: (ok: boolean) => void): void;
  /** null: there is no such key. The bytes must not be changed. */
  get(key: string, done: (bytes: Uint8Array | null | 'failed') => void): void;
  /** The keys that begin with `prefix` (empty = all), in the order of code units; null = failed. */
  list(prefix: string, done: (keys: readonly string[] | null) => void): void;
  /** False = failed. A key that is absent is no failure. */
  remove(key: string, done: (ok: boolean) => void): void;
}

/** Where the body of a snapshot lies, and which state it is. Never changed. */
export interface SnapshotPointer {
  readonly epoch: number;
  readonly lsn: number;
  /** Commit time of the row at `lsn`. */
  readonly at: number;
  /** Of the body, in the object store. */
  readonly key: string;
  /** Size of the body. */
  readonly bytes: number;
  /** Of the body; the same bytes have the same. */
  readonly checksum: string;
}

/**
 * Which snapshots there are, as the database knows it. A pointer is added when its body is stored,
 * and taken away before its body is.
 */
export interface SnapshotIndexPort {
  /**
   * Those that are no later than the moment, newest first, at most `max`. Only of the present
   * history: the log has (or had, before it was pruned) the row at `lsn` with this time. null =
   * failed.
   */
  newest(
    document: string,
    moment: Moment,
    max: number,
    done: (pointers: readonly SnapshotPointer[] | null) => void,
  ): void;
  /**
   * - added: it is there, now or since an earlier call.
   * - stale: the log does not have that row in that epoch (any more); nothing was changed.
   * - unknown: it may be there or not; call again.
   */
  add(
    document: string,
    pointer: SnapshotPointer,
    done: (outcome: 'added' | 'stale' | 'unknown') => void,
  ): void;
}

/** Snapshots as a gateway needs them. */
export interface SnapshotPort {
  /** The newest one that can be read, as a fold of its own. null: there is none. */
  load(document: string, done: (fold: Fold | null | 'failed') => void): void;
  /**
   * Makes one in the background unless there is one that is new enough. Tells the LSN of the
   * newest, or null: it failed.
   */
  make(document: string, done: (lsn: number | null) => void): void;
}

export interface AuthRequest {
  readonly token: string;
  readonly document: string;
  /** 16 bytes as the client sent them; only the hash goes on from here. */
  readonly secret: Uint8Array;
}

export type AuthDecision =
  | {
      readonly allowed: true;
      readonly principal: string;
      readonly rights: { readonly read: boolean; readonly write: boolean };
      /** SHA-256 of the secret. */
      readonly secretHash: Uint8Array;
    }
  | { readonly allowed: false; readonly reason: string };

export interface AuthPort {
  decide(request: AuthRequest, done: (decision: AuthDecision) => void): void;
}

/** Ports of a server node. */
export interface GatewayPorts {
  readonly clock: ClockPort;
  readonly transport: TransportPort;
  readonly log: LogPort;
  readonly snapshots: SnapshotPort;
  readonly bus: BusPort;
  readonly auth: AuthPort;
}
