/**
 * The sockets of a node: what was sent and not yet flushed, and when each side was last heard.
 * Heartbeats and low water live here, because they belong to a socket, not to a document.
 *
 * A session hands over a frame only while its socket is writable. After `sendBytesMax` bytes the
 * socket counts as full until the transport says that they have drained; what is not sent meanwhile
 * is read again later.
 */
import type { ErrorCode } from '../../proto/codes.ts';
import { encodeHeartbeatPart, joinParts } from '../../proto/server-frame.ts';
import type { ConnId, Instant } from '../ids.ts';
import type { Limits } from '../limits.ts';
import type { DurableFrame } from './durability.ts';
import type { Effect } from './effects.ts';
import type { Session } from './session.ts';

export interface Connection {
  readonly id: ConnId;
  readonly channels: Map<number, Session>;
  heardMs: number;
  sentMs: number;
  /** When its last session ended; as long as it has none. */
  idleMs: number;
  /** When it last edited; before that, when it was opened. */
  editedMs: number;
  /** Since when it is not writable. */
  fullMs: number;
  /** It is not read: what it would say is not heard. */
  paused: boolean;
  /**
   * Channels whose session this side ended, the last ones: what the client sent before it heard of
   * that may still come.
   */
  readonly ended: Set<number>;
  /** Bytes handed over since the last drain. */
  unflushed: number;
  writable: boolean;
}

/** A connection that has to be closed, and why. */
export interface Lapse {
  readonly conn: Connection;
  readonly code: ErrorCode;
  readonly message: string;
}

export class Connections {
  readonly #all = new Map<ConnId, Connection>();
  readonly #limits: Limits;
  #sweepMs: number | null = null;
  #effects: Effect[] = [];
  #now: Instant = { monoMs: 0, wallMs: 0 };

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Bytes handed to sockets that were not taken yet. */
  get unflushedBytes(): number {
    return [...this.#all.values()].reduce((sum, { unflushed }) => sum + unflushed, 0);
  }

  /** When the next heartbeat sweep is due; null without connections. */
  get deadlineMs(): number | null {
    return this.#all.size === 0 ? null : this.#sweepMs;
  }

  get now(): Instant {
    return this.#now;
  }

  begin(now: Instant): void {
    this.#now = now;
  }

  emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  takeEffects(): Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  open(id: ConnId): void {
    const { monoMs } = this.#now;
    this.#sweepMs ??= monoMs + this.#sweepEvery();
    const fresh = { id, channels: new Map(), ended: new Set<number>(), unflushed: 0 };
    const times = { heardMs: monoMs, sentMs: monoMs, idleMs: monoMs, editedMs: monoMs, fullMs: 0 };
    this.#all.set(id, { ...fresh, ...times, writable: true, paused: false });
  }

  get(id: ConnId): Connection | null {
    return this.#all.get(id) ?? null;
  }

  all(): IterableIterator<Connection> {
    return this.#all.values();
  }

  /** A session of the socket is over. */
  leave(id: ConnId, channel: number): void {
    const conn = this.#all.get(id);
    conn?.channels.delete(channel);
    if (conn?.channels.size === 0) conn.idleMs = this.#now.monoMs;
  }

  /** This side ended the session: what still comes for it is not answered. */
  noteEnded(id: ConnId, channel: number): void {
    const conn = this.#all.get(id);
    if (conn === undefined) return;
    conn.ended.add(channel);
    const [oldest] = conn.ended;
    if (oldest !== undefined && conn.ended.size > this.#limits.channelsPerConnMax) {
      conn.ended.delete(oldest);
    }
  }

  remove(id: ConnId): void {
    this.#all.delete(id);
    if (this.#all.size === 0) this.#sweepMs = null;
  }

  /** The same frame to each of them. */
  send(to: readonly Connection[], frame: DurableFrame): void {
    this.emit({ type: 'send', conns: to.map(({ id }) => id), frame });
    this.#count(to, frame.bytes.length);
  }

  /** The same frame to each of them. */
  sendControl(to: readonly Connection[], bytes: Uint8Array): void {
    this.emit({ type: 'sendControl', conns: to.map(({ id }) => id), frame: { bytes } });
    this.#count(to, bytes.length);
  }

  drained(id: ConnId): void {
    const conn = this.#all.get(id);
    if (conn === undefined) return;
    conn.unflushed = 0;
    conn.writable = true;
  }

  /** Sends due heartbeats; returns the connections that do not do their part. */
  sweep(): Lapse[] {
    const { monoMs, wallMs } = this.#now;
    if (this.#sweepMs === null || monoMs < this.#sweepMs) return [];
    const every = this.#sweepEvery();
    const lateMs = monoMs - this.#sweepMs;
    if (lateMs > every) this.#forgive(lateMs);
    this.#sweepMs = monoMs + every;
    const lapses: Lapse[] = [];
    const beat = joinParts(0, [encodeHeartbeatPart(wallMs)]);
    for (const conn of this.#all.values()) {
      const lapse = this.#lapse(conn, every);
      if (lapse !== null) lapses.push(lapse);
      else if (monoMs - conn.sentMs >= this.#limits.heartbeatMs - every && conn.writable) {
        this.sendControl([conn], beat);
      }
    }
    return lapses;
  }

  /**
   * This node stood still for so long. What its clients said meanwhile is in its sockets, and not
   * read yet when the timer goes off first: nobody's silence counts.
   */
  #forgive(ms: number): void {
    const { monoMs } = this.#now;
    for (const conn of this.#all.values()) {
      conn.heardMs = Math.min(monoMs, conn.heardMs + ms);
      conn.idleMs = Math.min(monoMs, conn.idleMs + ms);
      conn.fullMs = Math.min(monoMs, conn.fullMs + ms);
    }
  }

  #lapse(conn: Connection, every: number): Lapse | null {
    const { monoMs } = this.#now;
    const { heartbeatMs, helloMs, fullSocketMs } = this.#limits;
    if (conn.paused) conn.heardMs = monoMs;
    // One sweep early, so that detection takes no more than the two intervals promised.
    if (monoMs - conn.heardMs >= 2 * heartbeatMs - every) {
      const message = 'nothing was heard for two heartbeat intervals';
      return { conn, code: 'heartbeat-timeout', message };
    }
    if (conn.channels.size === 0 && monoMs - conn.idleMs >= helloMs) {
      return { conn, code: 'hello-timeout', message: `no document for ${helloMs} ms` };
    }
    if (!conn.writable && monoMs - conn.fullMs >= fullSocketMs) {
      return { conn, code: 'overloaded', message: `nothing was read for ${fullSocketMs} ms` };
    }
    return null;
  }

  #sweepEvery(): number {
    return Math.floor(this.#limits.heartbeatMs / 4);
  }

  #count(to: readonly Connection[], bytes: number): void {
    for (const conn of to) {
      conn.sentMs = this.#now.monoMs;
      conn.unflushed += bytes;
      if (!conn.writable || conn.unflushed < this.#limits.sendBytesMax) continue;
      conn.writable = false;
      conn.fullMs = this.#now.monoMs;
      this.emit({ type: 'notifyDrained', conn: conn.id });
    }
  }
}
