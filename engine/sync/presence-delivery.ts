/**
 * Presence on its way to the sessions of one room: news are encoded once, and sent to a few
 * sessions at a time with pauses between them, so that text never waits for more than a few.
 *
 * Who cannot take news now is sent none until it can take everything: later news may go on from
 * what it has missed.
 */
import { joinParts } from '../../proto/server-frame.ts';
import type { Limits } from '../limits.ts';
import type { Connection, Connections } from './connections.ts';
import type { RoomPresence } from './presence.ts';
import { sendingMs } from './presence-budget.ts';
import type { Session } from './session.ts';

/** About how long one step may send presence. */
const sliceMs = 1;

export interface PresenceDeliveryParts {
  readonly presence: RoomPresence;
  readonly connections: Connections;
  readonly limits: Limits;
  /** The open sessions. */
  readonly sessions: ReadonlyMap<number, Session>;
  /** Whether a session can be sent something beside its text. */
  readonly canTake: (session: Session) => boolean;
}

/** News, and who is still to be sent them. */
interface Round {
  readonly news: readonly Uint8Array[];
  readonly receivers: readonly Session[];
  readonly sliceSessions: number;
  readonly pauseMs: number;
  next: number;
  sliceAtMs: number;
}

export class PresenceDelivery {
  readonly #parts: PresenceDeliveryParts;
  #round: Round | null = null;
  #costMs = 0;

  constructor(parts: PresenceDeliveryParts) {
    this.#parts = parts;
  }

  /** What the last round cost, about, ms. */
  get costMs(): number {
    return this.#costMs;
  }

  /** When `tick` has something to send; null = never. */
  get dueMs(): number | null {
    return this.#round?.sliceAtMs ?? null;
  }

  /** Begins to tell everybody what is new. */
  begin(nowMs: number): void {
    this.#send(Infinity); // What is left if a round takes longer than was reserved for it.
    const { presence, sessions, limits } = this.#parts;
    const news = presence.flush();
    if (news.length === 0) return;
    const receivers = [...sessions.values()];
    const bytes = news.reduce((sum, part) => sum + part.length, 0);
    const receiverMs = sendingMs(news.length, bytes);
    const sliceSessions = Math.max(1, Math.floor(sliceMs / receiverMs));
    const pauseMs = Math.ceil(sliceSessions * receiverMs * limits.presencePauseFactor);
    this.#costMs = receiverMs * receivers.length;
    this.#round = { news, receivers, sliceSessions, pauseMs, next: 0, sliceAtMs: nowMs };
    this.tick(nowMs);
  }

  /** Sends the next slice if it is due. */
  tick(nowMs: number): void {
    const round = this.#round;
    if (round === null || nowMs < round.sliceAtMs) return;
    // From now, not from when it was due: a node that is late has other things to do.
    round.sliceAtMs = nowMs + round.pauseMs;
    this.#send(round.sliceSessions);
  }

  /** Everybody who is here, as far as the others were told. */
  sendAll(session: Session): void {
    session.presenceStale = false;
    this.#tell([session], this.#parts.presence.all());
  }

  #send(count: number): void {
    const round = this.#round;
    if (round === null) return;
    const { news, receivers, next } = round;
    round.next = Math.min(receivers.length, next + count);
    if (round.next === receivers.length) this.#round = null;
    this.#tell(receivers.slice(next, round.next), news);
  }

  #tell(receivers: readonly Session[], parts: readonly Uint8Array[]): void {
    const { connections, canTake } = this.#parts;
    const common: Connection[] = [];
    for (const session of receivers) {
      const { connection, identity } = session;
      if (session.phase !== 'open') continue;
      if (session.presenceStale || !canTake(session)) session.presenceStale = true;
      else if (identity.channel === 0) common.push(connection);
      else {
        for (const part of parts) {
          connections.sendControl([connection], joinParts(identity.channel, [part]));
        }
      }
    }
    if (common.length === 0) return;
    for (const part of parts) connections.sendControl(common, joinParts(0, [part]));
  }
}
