/**
 * One replica's handshake on one channel of one socket, and what the room knows about it.
 *
 * phase: authorizing → joining (the room loads, or catches up with the cursor) → open → ended.
 * Only an open session may edit, and only an open one is sent rows.
 */
import type { Batch } from '../../proto/batch.ts';
import type { TokenFacts } from '../driver/ports.ts';
import type { ConnId, Cursor } from '../ids.ts';
import type { Connection } from './connections.ts';
import type { HistoryPoint } from './staleness.ts';

/** Own rows after the base that are told apart; a client whose base moves has a handful. */
const ownRowsMax = 1000;

/**
 * What a client had seen when it last typed: the rows up to `base`, and its own operations up to
 * `own`. A prefix of the log determines a version vector, so these two numbers are its vector
 * clock.
 */
export interface LogicalTime {
  readonly replica: number;
  readonly base: number;
  readonly own: number;
}

export interface SessionIdentity {
  readonly id: number;
  readonly conn: ConnId;
  readonly channel: number;
  readonly document: string;
  readonly replica: number;
}

/** An edit frame as the window counts it. */
export interface EditFrame {
  /** Timestamp of its last operation. */
  readonly last: number;
  readonly bytes: number;
  readonly operations: number;
  /** When it came; ms of the monotonic clock. */
  readonly atMs: number;
}

/** As an operator tells sessions apart; lagging: open, and its socket is full. */
export type SessionState = 'authorizing' | 'joining' | 'open' | 'lagging';

/** How many are in which state. */
export function sessionStates(sessions: Iterable<Session>): Readonly<Record<SessionState, number>> {
  const counts = { authorizing: 0, joining: 0, open: 0, lagging: 0 };
  for (const { phase, connection } of sessions) {
    if (phase === 'open') counts[connection.writable ? 'open' : 'lagging'] += 1;
    else if (phase !== 'ended') counts[phase] += 1;
  }
  return counts;
}

export class Session {
  readonly identity: SessionIdentity;
  readonly connection: Connection;
  /** As the hello gave it; null = from the beginning. */
  readonly cursor: Cursor | null;
  /** It wants the whole state, no older than the cursor. */
  readonly whole: boolean;
  /** Own timestamp that the client knows to be durable. */
  readonly settledAtClient: number;
  phase: 'authorizing' | 'joining' | 'open' | 'ended' = 'authorizing';
  principal = '';
  writable = false;
  /** May show presence. */
  isShowable = false;
  /** null: it came without one, and stays. */
  token: TokenFacts | null = null;
  /** A token is being checked; the one after it waits. */
  isChecked = true;
  nextToken: string | null = null;
  /** First timestamp of edits that came while the right to write was gone; null = none did. */
  skippedFrom: number | null = null;
  secretHash: Uint8Array = new Uint8Array(0);
  /** The log was read for a cursor ahead of this node. */
  waitedForTail = false;
  /** Base of its last edit; before the first one, the LSN with which it began. */
  base = 0;
  /** LSN of the last row sent. */
  position = 0;
  /** The snapshot that it is being sent, piece by piece: rows follow when it has all of it. */
  snapshot: { readonly bytes: Uint8Array; sent: number } | null = null;
  /** Own timestamp up to which edits came on this session. */
  sentThrough = 0;
  /** Own timestamp that was last acknowledged. */
  acked = 0;
  /** The state with which the session began: the oldest base whose time is known for sure. */
  pinned: HistoryPoint = { lsn: 0, at: 0, operations: 0 };
  /** Edits whose base this node has not reached yet, in order. */
  readonly waiting: Batch[] = [];
  /** How often it fell behind lately, and when last; see Delivery. */
  falls = 0;
  fellMs = 0;
  /** It is being brought up to the last row. */
  catchingUp = true;
  /** Presence was left out while the socket was full. */
  presenceStale = false;
  readonly #frames: EditFrame[] = [];
  readonly #ownRows: { readonly lsn: number; readonly operations: number }[] = [];
  #ownOperations = 0;
  #unackedBytes = 0;
  #unackedOperations = 0;
  #settledThrough = 0;
  #settledFromMs: number | null = null;

  constructor(
    connection: Connection,
    identity: SessionIdentity,
    hello: { readonly cursor: Cursor | null; readonly whole: boolean; readonly settled: number },
  ) {
    const { cursor, whole, settled } = hello;
    this.connection = connection;
    this.identity = identity;
    this.whole = whole;
    this.settledAtClient = settled;
    this.cursor = cursor !== null && cursor.lsn > 0 ? cursor : null;
  }

  /** Bytes of edit frames that are not acknowledged. */
  get unackedBytes(): number {
    return this.#unackedBytes;
  }

  /** Operations in edit frames that are not acknowledged, what was sent before counted too. */
  get unackedOperations(): number {
    return this.#unackedOperations;
  }

  /** Until its token expires, at least 1; 0: it does not. */
  expiresInMs(wallMs: number): number {
    const expiresAtMs = this.token?.expiresAtMs ?? null;
    return expiresAtMs === null ? 0 : Math.max(1, Math.ceil(expiresAtMs - wallMs));
  }

  /** Forgets edits that are not on their way to the log: they may come again. */
  forgetEdits(): void {
    this.waiting.length = 0;
    this.#frames.length = 0;
    this.#unackedBytes = 0;
    this.#unackedOperations = 0;
  }

  /** A frame that was settled before it came (sent again, and under way already) does not count. */
  received(frame: EditFrame): void {
    this.sentThrough = Math.max(this.sentThrough, frame.last);
    if (frame.last <= this.#settledThrough) return;
    this.#frames.push(frame);
    this.#unackedBytes += frame.bytes;
    this.#unackedOperations += frame.operations;
  }

  settled(through: number): void {
    this.#settledThrough = Math.max(this.#settledThrough, through);
    for (;;) {
      const frame = this.#frames[0];
      if (frame === undefined || frame.last > through) return;
      this.#frames.shift();
      this.#settledFromMs ??= frame.atMs;
      this.#unackedBytes -= frame.bytes;
      this.#unackedOperations -= frame.operations;
    }
  }

  /** When the first frame came that was settled since the last call; null: none was. */
  takeSettledFrom(): number | null {
    const fromMs = this.#settledFromMs;
    this.#settledFromMs = null;
    return fromMs;
  }

  /**
   * Notes own operations of a row; returns how many of them lie after `base`, earlier rows
   * included.
   */
  countOwn(row: { readonly lsn: number; readonly operations: number }, base: number): number {
    this.#ownRows.push(row);
    this.#ownOperations += row.operations;
    // Bases never fall, so rows at or below this one are not asked for again. Nor are those that a
    // client whose base stands still has left far behind told apart.
    for (;;) {
      const first = this.#ownRows[0];
      if (first === undefined) break;
      if (first.lsn > base && this.#ownRows.length <= ownRowsMax) break;
      this.#ownRows.shift();
      if (first.lsn <= base) this.#ownOperations -= first.operations;
    }
    return this.#ownOperations;
  }
}
