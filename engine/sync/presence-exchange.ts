/**
 * Presence of one document between nodes: what this one tells the others of its sessions, and what
 * it holds of theirs.
 *
 * Nothing of it is kept anywhere else. A node tells what is new when it gathers presence for its
 * own sessions, and all it has three times per lease; what was not told of for a lease is gone. So
 * the cursors of a dead node vanish, and a message that was lost is made good by the next. Whoever
 * comes new asks for everything.
 *
 * A replica has one place. What is new about it takes it away from wherever it was seen before (its
 * client has moved, and the old node has not noticed); a repetition does not. If that was here, it
 * comes back when the other place is given up: the news may have been late, and the client here.
 */
import type { BusPeer, BusPresence } from '../../proto/bus-codec.ts';
import type { PresenceState } from '../../proto/frame-messages.ts';
import { presencePeersMax } from '../../proto/limits.ts';
import type { Limits } from '../limits.ts';
import type { Bus, FoldPlace } from './head-watch.ts';
import type { RoomPresence } from './presence.ts';

/** What is held of another node. */
interface OtherNode {
  leaseUntilMs: number;
  /** The numbers that its sessions have here, by those that they have there. */
  readonly sessions: Map<number, number>;
}

export interface PresenceExchangeOptions {
  readonly presence: RoomPresence;
  readonly limits: Limits;
  readonly bus: Bus;
  /** Random number of this node's process. */
  readonly node: number;
  /** A number that no session of this node has. */
  readonly newSession: () => number;
  /** When news of now may be told. */
  readonly reserve: (nowMs: number) => number;
}

export class PresenceExchange {
  readonly #options: PresenceExchangeOptions;
  /** Sessions of this node that show something. */
  readonly #own = new Map<number, BusPeer>();
  /** Sessions of this node whose replicas were seen elsewhere since. */
  readonly #hidden = new Map<number, BusPeer>();
  /** Those that changed or left since the others were told. */
  readonly #news = new Set<number>();
  readonly #others = new Map<number, OtherNode>();
  #flushAtMs: number | null = null;
  #renewAtMs: number | null = null;
  #asks = false;

  constructor(options: PresenceExchangeOptions) {
    this.#options = options;
  }

  /** When `take` has something to do. */
  get dueMs(): number | null {
    let earliest = Math.min(this.#flushAtMs ?? Infinity, this.#renewAtMs ?? Infinity);
    for (const { leaseUntilMs } of this.#others.values()) {
      earliest = Math.min(earliest, leaseUntilMs);
    }
    return earliest === Infinity ? null : earliest;
  }

  /** What a session of this node shows from now on. */
  set(peer: Omit<BusPeer, 'state'> & { readonly state: PresenceState | null }): void {
    const { session, replica, state } = peer;
    if (state === null) {
      this.leave(session);
      return;
    }
    this.#takeFromHolder(session, replica);
    for (const [other, hidden] of [...this.#hidden]) {
      if (hidden.replica === replica) this.#hidden.delete(other);
    }
    this.#show({ session, replica, state });
  }

  /** A session of this node has gone. */
  leave(session: number): void {
    this.#hidden.delete(session);
    if (this.#own.delete(session)) this.#news.add(session);
    this.#options.presence.leave(session);
  }

  /** Something may have been missed, or nothing is known yet: the others are asked, and told. */
  ask(nowMs: number): void {
    if (this.#options.bus.isAlone) return;
    this.#asks = true;
    this.#renewAtMs = nowMs;
  }

  /** Nobody here looks at the document any more. */
  forgetOthers(): void {
    for (const node of [...this.#others.keys()]) this.#forget(node);
    this.#hidden.clear();
    this.#asks = false;
  }

  /** Sees to it that what is new is told before long. */
  arm(nowMs: number): void {
    const isNew = this.#options.presence.dirty || this.#news.size > 0;
    if (isNew) this.#flushAtMs ??= this.#options.reserve(nowMs);
  }

  /** Does what is due; returns what to tell the other nodes. */
  take(nowMs: number, place: FoldPlace): BusPresence[] {
    const { bus, limits } = this.#options;
    for (const [node, { leaseUntilMs }] of [...this.#others]) {
      if (nowMs >= leaseUntilMs) this.#forget(node);
    }
    this.#flushAtMs = null;
    const isFull = this.#renewAtMs !== null && nowMs >= this.#renewAtMs;
    if (isFull) this.#renewAtMs = null;
    if (this.#own.size > 0) this.#renewAtMs ??= nowMs + Math.ceil(limits.presenceLeaseMs / 3);
    const news = [...this.#news];
    const isNothing = !this.#asks && this.#news.size === 0 && (!isFull || this.#own.size === 0);
    if (bus.isAlone || !bus.isUp || isNothing) {
      this.#news.clear();
      return [];
    }
    return this.#messages(isFull ? 'all' : news, place);
  }

  /** What to tell when the node stops: nobody is here any more. */
  farewell(place: FoldPlace): BusPresence[] {
    if (this.#options.bus.isAlone || this.#own.size === 0) return [];
    this.#own.clear();
    this.#hidden.clear();
    return this.#messages('all', place);
  }

  /** What another node tells. */
  receive(message: BusPresence, nowMs: number, { epoch, lsn }: FoldPlace): void {
    // Names of another history mean something else here.
    if (message.epoch !== 0 && lsn > 0 && message.epoch !== epoch) return;
    const { presence, limits, newSession } = this.#options;
    const fresh = { leaseUntilMs: 0, sessions: new Map<number, number>() };
    const other: OtherNode = this.#others.get(message.node) ?? fresh;
    this.#others.set(message.node, other);
    other.leaseUntilMs = nowMs + limits.presenceLeaseMs;
    const told = new Set(message.peers.map(({ session }) => session));
    const gone = message.full
      ? [...other.sessions.keys()].filter((session) => !told.has(session))
      : message.left;
    for (const session of gone) {
      const known = other.sessions.get(session);
      other.sessions.delete(session);
      if (known !== undefined) presence.leave(known);
    }
    this.#comeBack();
    for (const { session, replica, state } of message.peers) {
      const here = other.sessions.get(session) ?? newSession();
      other.sessions.set(session, here);
      const holder = presence.holderOf(replica) ?? here;
      if (message.full && holder !== here) continue;
      this.#takeFromHolder(here, replica);
      presence.set(here, replica, state);
    }
    if (message.ask && this.#own.size > 0) this.#renewAtMs = nowMs;
  }

  #forget(node: number): void {
    for (const session of this.#others.get(node)?.sessions.values() ?? []) {
      this.#options.presence.leave(session);
    }
    this.#others.delete(node);
    this.#comeBack();
  }

  #show(peer: BusPeer): void {
    const { session, replica, state } = peer;
    this.#own.set(session, peer);
    this.#news.add(session);
    this.#options.presence.set(session, replica, state);
  }

  /** Replicas that are seen nowhere else any more, and whose sessions here are open. */
  #comeBack(): void {
    for (const [session, peer] of [...this.#hidden]) {
      if (this.#options.presence.holderOf(peer.replica) !== null) continue;
      this.#hidden.delete(session);
      this.#show(peer);
    }
  }

  #takeFromHolder(session: number, replica: number): void {
    const { presence } = this.#options;
    const holder = presence.holderOf(replica);
    if (holder === null || holder === session) return;
    const own = this.#own.get(holder);
    if (own !== undefined) this.#hidden.set(holder, own);
    this.#own.delete(holder);
    presence.leave(holder);
  }

  /** In as many messages as the limit on the names in one asks for. */
  #messages(about: readonly number[] | 'all', { epoch, lsn }: FoldPlace): BusPresence[] {
    const isFull = about === 'all';
    const sessions = isFull ? [...this.#own.keys()] : about;
    const peers = sessions.flatMap((session) => this.#own.get(session) ?? []);
    const left = sessions.filter((session) => !this.#own.has(session));
    const messages: BusPresence[] = [];
    const count = Math.max(1, Math.ceil((peers.length + left.length) / presencePeersMax));
    for (let n = 0; n < count; n++) {
      const from = n * presencePeersMax;
      const some = peers.slice(from, from + presencePeersMax);
      const gone = left.slice(
        Math.max(0, from - peers.length),
        Math.max(0, from + presencePeersMax - peers.length),
      );
      const common = { node: this.#options.node, epoch: lsn === 0 ? 0 : epoch };
      const isFirst = n === 0;
      const flags = { full: isFull && isFirst, ask: this.#asks && isFirst };
      messages.push({ ...common, peers: some, left: gone, ...flags });
    }
    this.#asks = false;
    this.#news.clear();
    return messages;
  }
}
