/**
 * What each session may do, and until when: asks what decides about tokens, and does what the
 * answer says, at the hello and whenever a session goes on with a new token.
 *
 *   hello ──ask──▶ decided ──▶ may join          token ──ask──▶ decided ──▶ rights replaced
 *                     ╰─▶ session ends             ╰─ nobody knows: as it is until it expires
 *
 * A session ends when its token expires or is revoked. Nothing that comes later is taken, also if
 * it comes in the very step in which the deadline passes; what was on its way to the log by then
 * goes on, and the welcome of the next session tells how far.
 *
 * A session that loses the right to write goes on as a reader. What its client had sent by then is
 * not refused but skipped, like everything behind it, until the client begins again with the first
 * of it: else the next edit would have a hole before it, and would end the replica.
 *
 * An expiry is a span from when the decision came: a wall clock that is set later does not move it.
 */
import type { Batch } from '../../proto/batch.ts';
import type { ErrorCode } from '../../proto/codes.ts';
import { encodeRightsPart, joinParts } from '../../proto/server-frame.ts';
import type { AuthDecision } from '../driver/ports.ts';
import type { Connections } from './connections.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import { isRevokedBy, type Revocation } from './revocation.ts';
import type { Session } from './session.ts';

export interface AuthorityParts {
  readonly connections: Connections;
  readonly endSession: (session: Session, code: ErrorCode, message: string) => void;
  /** The session shows nothing any more. */
  readonly hide: (session: Session) => void;
}

type Allowed = Extract<AuthDecision, { allowed: true }>;

export class Authority {
  readonly #parts: AuthorityParts;
  readonly #expiries = new DeadlineQueue<Session>();

  constructor(parts: AuthorityParts) {
    this.#parts = parts;
  }

  /** When the next token expires; null = none does. */
  get dueMs(): number | null {
    return this.#expiries.nextMs;
  }

  /** Has the token checked that a session came with. */
  ask(session: Session, hello: { readonly token: string; readonly secret: Uint8Array }): void {
    this.#ask(session, hello.token, hello.secret);
  }

  /** Has a new token checked; one at a time, and of those that come meanwhile the last. */
  refresh(session: Session, token: string): void {
    if (session.isChecked) this.#ask(session, token, null);
    else session.nextToken = token;
  }

  /** True: the session may join its document. */
  decided(session: Session, decision: AuthDecision): boolean {
    const next = session.nextToken;
    session.isChecked = true;
    session.nextToken = null;
    const mayJoin = session.phase === 'authorizing';
    if (mayJoin) this.#first(session, decision);
    else this.#replaced(session, decision);
    if (session.phase === 'ended') return false;
    if (next !== null) this.#ask(session, next, null);
    return mayJoin;
  }

  /** Ends the sessions whose tokens have expired. */
  endExpired(): void {
    for (const session of this.#expiries.takeDue(this.#parts.connections.now.monoMs)) {
      this.#parts.endSession(session, 'unauthorized', 'the token has expired');
    }
  }

  revoked(revocation: Revocation, sessions: Iterable<Session>): void {
    for (const session of [...sessions]) {
      if (!isRevokedBy(session, revocation)) continue;
      this.#parts.endSession(session, 'unauthorized', 'the token was revoked');
    }
  }

  /** A session has ended. */
  forget(session: Session): void {
    this.#expiries.set(session, null);
  }

  #ask(session: Session, token: string, secret: Uint8Array | null): void {
    session.isChecked = false;
    const { id, document } = session.identity;
    const request = { token, document, secret };
    this.#parts.connections.emit({ type: 'decideAuth', sessionId: id, request });
  }

  #first(session: Session, decision: AuthDecision): void {
    if (!decision.allowed) {
      this.#parts.endSession(session, decision.code, decision.reason);
      return;
    }
    session.principal = decision.principal;
    session.secretHash = decision.secretHash;
    this.#grant(session, decision);
  }

  #replaced(session: Session, decision: AuthDecision): void {
    const { endSession, connections } = this.#parts;
    if (!decision.allowed) {
      if (decision.code === 'auth-unavailable') return;
      endSession(session, decision.code, decision.reason);
      return;
    }
    if (decision.principal !== session.principal) {
      endSession(session, 'unauthorized', 'the token is of another principal');
      return;
    }
    this.#grant(session, decision);
    if (session.phase !== 'open') return; // Ended, or the welcome will tell.
    const { channel } = session.identity;
    const { writable } = session;
    const expiresInMs = session.expiresInMs(connections.now.wallMs);
    connections.sendControl(
      [session.connection],
      joinParts(channel, [encodeRightsPart({ writable, expiresInMs })]),
    );
  }

  #grant(session: Session, { rights, token }: Allowed): void {
    const { endSession, hide, connections } = this.#parts;
    const { monoMs, wallMs } = connections.now;
    const leftMs = token === null || token.expiresAtMs === null ? null : token.expiresAtMs - wallMs;
    if (!rights.read) {
      endSession(session, 'forbidden', 'no right to read this document');
      return;
    }
    if (leftMs !== null && leftMs <= 0) {
      endSession(session, 'unauthorized', 'the token has expired');
      return;
    }
    session.token = token;
    this.#expiries.set(session, leftMs === null ? null : monoMs + leftMs);
    if (session.writable && !rights.write) loseWrite(session);
    session.writable = rights.write;
    if (session.isShowable && !rights.presence) hide(session);
    session.isShowable = rights.presence;
  }
}

/** Whether an edit of the session is looked at at all; see above. */
export function takesEdit(session: Session, batches: readonly Batch[]): boolean {
  const first = batches[0]?.first ?? 0;
  if (session.skippedFrom === null) return true;
  if (!session.writable || first > session.skippedFrom) {
    session.skippedFrom = Math.min(session.skippedFrom, first);
    return false;
  }
  session.skippedFrom = null;
  return true;
}

/** From now on edits are skipped, those that wait for their base included. */
function loseWrite(session: Session): void {
  session.skippedFrom = session.waiting[0]?.first ?? Infinity;
  session.forgetEdits();
}
