/**
 * One connection of a client: how far its handshake is, what the window has left, when it was last
 * heard.
 */
import { type ErrorCode, errorCodeOf } from '../../proto/codes.ts';
import type { ErrorBody, ServerFrame, Welcome, Window } from '../../proto/server-frame.ts';
import type { SyncStatus } from './replica-effects.ts';
import { SnapshotAssembly } from './snapshot-assembly.ts';

interface SentFrame {
  /** Own timestamp of its last operation. */
  readonly last: number;
  readonly bytes: number;
  readonly operations: number;
}

/** A server that is wrong about its time must not keep its clients away for long. */
const retryAfterMsMax = 300_000;

export class ReplicaConnection {
  readonly number: number;
  phase: 'connecting' | 'greeting' | 'open' = 'connecting';
  heardMs: number;
  sentMs: number;
  heartbeatMs: number;
  window: Window = { bytes: 0, operations: 0 };
  /** Head of the log when the welcome was sent. */
  headLsn = Number.POSITIVE_INFINITY;
  /** This session's number, for presence. */
  session = 0;
  /** The server takes edits from this session. */
  writable = false;
  /** What the server said before it closed. */
  error: ErrorBody | null = null;
  /** Own timestamp up to which the outbox was sent on this connection. */
  sentThrough = 0;
  readonly #unacked: SentFrame[] = [];
  /** A welcome that is not whole. */
  #assembly: SnapshotAssembly | null = null;

  constructor(number: number, options: { readonly nowMs: number; readonly heartbeatMs: number }) {
    this.number = number;
    this.heardMs = options.nowMs;
    this.sentMs = options.nowMs;
    this.heartbeatMs = options.heartbeatMs;
  }

  /** When the server counts as gone, if nothing is heard. */
  get deadAtMs(): number {
    return this.heardMs + 2 * this.heartbeatMs;
  }

  /** When the server must hear something from us. */
  get heartbeatAtMs(): number {
    return this.sentMs + this.heartbeatMs;
  }

  /** When something has to be done; `ownMs`: when a session that is open has something to send. */
  dueAtMs(ownMs: number): number {
    if (this.phase === 'connecting') return this.deadAtMs;
    const alive = Math.min(this.deadAtMs, this.heartbeatAtMs);
    return this.phase === 'open' ? Math.min(alive, ownMs) : alive;
  }

  /** The welcome that is whole with this frame, if any; 'damaged': its pieces do not fit. */
  takeWelcome({ welcome, snapshotPiece }: ServerFrame): Welcome | null | 'damaged' {
    if (welcome !== null && welcome.snapshotBytes === 0) {
      this.#assembly = null;
      return welcome;
    }
    if (welcome !== null) {
      this.#assembly = SnapshotAssembly.begin(welcome);
      if (this.#assembly === null) return 'damaged';
    } else if (snapshotPiece === null) return null;
    else if (this.#assembly?.add(snapshotPiece) !== true) return 'damaged';
    const whole = this.#assembly.whole;
    if (whole !== null) this.#assembly = null;
    return whole;
  }

  /** The text of the welcome that is not whole, once, as soon as it is here; else null. */
  takePreview(): string | null {
    return this.#assembly?.takeText() ?? null;
  }

  /** What a client with this connection is; `lsn`: its last row, `pending`: own operations. */
  status({ lsn, pending }: { readonly lsn: number; readonly pending: number }): SyncStatus {
    if (this.phase !== 'open') return 'connecting';
    return lsn >= this.headLsn && pending === 0 ? 'durable' : 'syncing';
  }

  /**
   * The answer to the hello, or a new start for a session that fell behind. What was sent on this
   * connection before is on its way all the same: only a new connection sends it again.
   */
  welcomed(welcome: Welcome): void {
    this.phase = 'open';
    this.heartbeatMs = welcome.heartbeatMs;
    this.window = welcome.window;
    this.headLsn = welcome.headLsn;
    this.session = welcome.session;
    this.writable = welcome.writable;
    this.sentThrough = Math.max(this.sentThrough, welcome.through);
  }

  /**
   * A new token gives the right to write, or takes it: then the server skips what is under way and
   * begins again, when the right comes back, behind what is durable (`through`).
   */
  mayWrite(rights: { readonly writable: boolean; readonly through: number }): void {
    const { writable, through } = rights;
    if (this.writable && !writable) {
      this.sentThrough = through;
      this.#unacked.length = 0;
    }
    this.writable = writable;
  }

  /** Whether an edit frame may be sent now; one may always be under way. */
  allows(bytes: number, operations: number): boolean {
    if (this.#unacked.length === 0) return true;
    const usedBytes = this.#unacked.reduce((sum, frame) => sum + frame.bytes, bytes);
    const used = this.#unacked.reduce((sum, frame) => sum + frame.operations, operations);
    return usedBytes <= this.window.bytes && used <= this.window.operations;
  }

  sent(frame: SentFrame): void {
    this.sentThrough = frame.last;
    this.#unacked.push(frame);
  }

  settled(through: number): void {
    while ((this.#unacked[0]?.last ?? Number.POSITIVE_INFINITY) <= through) this.#unacked.shift();
  }
}

/** Why a connection ended, and how long the server wants not to be asked again; ms. */
export function endOf(
  connection: ReplicaConnection | null,
  closeCode: number,
): { readonly code: ErrorCode; readonly retryAfterMs: number } {
  const error = connection?.error ?? null;
  const code = error?.code ?? errorCodeOf(closeCode) ?? 'internal';
  return { code, retryAfterMs: Math.min(error?.retryAfterMs ?? 0, retryAfterMsMax) };
}
