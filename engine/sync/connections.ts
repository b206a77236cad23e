/**
 * The sockets of a node: what was sent and not yet flushed, and when each side was last heard.
 * Heartbeats and low water live here, because they belong to a socket, not to a document.
 *
 * A session hands over a frame only while its socket is writable. After `sendBytesMax` bytes the
 * socket counts as full until the transport says that they have drained; what is not sent meanwhile
 * is read again later.
 */
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
  /** Bytes handed over since the last drain. */
  unflushed: number;
  writable: boolean;
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
    const fresh = { id, channels: new Map(), unflushed: 0, writable: true };
    this.#all.set(id, { ...fresh, heardMs: monoMs, sentMs: monoMs });
  }

  get(id: ConnId): Connection | null {
    return this.#all.get(id) ?? null;
  }

  all(): IterableIterator<Connection> {
    return this.#all.values();
  }

  remove(id: ConnId): void {
    this.#all.delete(id);
    if (this.#all.size === 0) this.#sweepMs = null;
  }

  isWritable(id: ConnId): boolean {
    return this.#all.get(id)?.writable ?? false;
  }

  /** The same frame to each of them. */
  send(conns: readonly ConnId[], frame: DurableFrame): void {
    this.emit({ type: 'send', conns, frame });
    this.#count(conns, frame.bytes.length);
  }

  /** The same frame to each of them. */
  sendControl(conns: readonly ConnId[], bytes: Uint8Array): void {
    this.emit({ type: 'sendControl', conns, frame: { bytes } });
    this.#count(conns, bytes.length);
  }

  drained(id: ConnId): void {
    const conn = this.#all.get(id);
    if (conn === undefined) return;
    conn.unflushed = 0;
    conn.writable = true;
  }

  /** Sends due heartbeats; returns the connections that have been silent for two intervals. */
  sweep(): Connection[] {
    const { monoMs, wallMs } = this.#now;
    if (this.#sweepMs === null || monoMs < this.#sweepMs) return [];
    const every = this.#sweepEvery();
    this.#sweepMs = monoMs + every;
    const dead: Connection[] = [];
    const beat = joinParts(0, [encodeHeartbeatPart(wallMs)]);
    for (const conn of this.#all.values()) {
      // One sweep early, so that detection takes no more than the two intervals promised.
      if (monoMs - conn.heardMs >= 2 * this.#limits.heartbeatMs - every) dead.push(conn);
      else if (monoMs - conn.sentMs >= this.#limits.heartbeatMs - every && conn.writable) {
        this.sendControl([conn.id], beat);
      }
    }
    return dead;
  }

  #sweepEvery(): number {
    return Math.floor(this.#limits.heartbeatMs / 4);
  }

  #count(conns: readonly ConnId[], bytes: number): void {
    for (const id of conns) {
      const conn = this.#all.get(id);
      if (conn === undefined) continue;
      conn.sentMs = this.#now.monoMs;
      conn.unflushed += bytes;
      if (!conn.writable || conn.unflushed < this.#limits.sendBytesMax) continue;
      conn.writable = false;
      this.emit({ type: 'notifyDrained', conn: id });
    }
  }
}
