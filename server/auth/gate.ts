/**
 * The one way in: who asks, and what they may do with a document, for sockets and for requests over
 * HTTP alike.
 *
 * What decides is a check (token-check.ts, webhook-check.ts); what was revoked is refused whatever
 * it says, and refusals are counted by their reason. Whether something is revoked is seen in the
 * same turn in which the answer is handed on: a revocation that comes later finds the session.
 */
import { createHash } from 'node:crypto';
import type { AuthDecision, AuthPort, AuthRequest } from '../../engine/driver/ports.ts';
import type { Bearer } from '../../engine/sync/revocation.ts';
import { tokenBytesMax } from '../../proto/limits.ts';
import { type CheckToken, type RefusalReason, refusals, refused, type Verdict } from './verdict.ts';

export interface GateParts {
  readonly check: CheckToken;
  /** Whether no token is refused before it is asked. */
  readonly takesNone: boolean;
  readonly isRevoked: (bearer: Bearer) => boolean;
  readonly onRefused: (reason: RefusalReason) => void;
}

export class Gate {
  readonly #parts: GateParts;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** The decision for one session; see AuthPort. */
  readonly port: AuthPort = {
    decide: (request, done) => {
      void this.ask(request.token, request.document).then((verdict) => {
        done(this.#decisionOf(verdict, request));
      });
    },
  };

  /** Never rejects. `document`: also `everyDocument`. */
  async ask(token: string, document: string): Promise<Verdict> {
    const verdict = await this.#verdict(token, document);
    if (verdict.type === 'refused') this.#parts.onRefused(verdict.reason);
    return verdict;
  }

  /** Counts somebody whose token is good, and gives too little. */
  forbidden(): void {
    this.#parts.onRefused('forbidden');
  }

  async #verdict(token: string, document: string): Promise<Verdict> {
    const { check, takesNone, isRevoked } = this.#parts;
    if (token === '' && !takesNone) return refused('missing');
    if (Buffer.byteLength(token) > tokenBytesMax) return refused('too-large');
    const verdict = await check(token, document);
    if (verdict.type === 'allowed' && isRevoked(verdict)) return refused('revoked');
    return verdict;
  }

  #decisionOf(verdict: Verdict, { secret }: AuthRequest): AuthDecision {
    if (verdict.type === 'refused') {
      const { code, message } = refusals[verdict.reason];
      return { allowed: false, code, reason: message };
    }
    const { principal, rights, token } = verdict;
    if (!rights.has('read')) this.forbidden();
    return {
      ...{ allowed: true, principal, token },
      rights: {
        read: rights.has('read'),
        write: rights.has('write'),
        presence: rights.has('presence'),
      },
      secretHash: secret === null ? new Uint8Array(0) : hashOf(secret),
    };
  }
}

function hashOf(secret: Uint8Array): Uint8Array {
  return createHash('sha256').update(secret).digest();
}
