/** Tokens that somebody took back before their time, and what that means for one of them. */
import type { TokenFacts } from '../driver/ports.ts';

/** Of one token, by its id, or of all that a principal had at a moment. */
export type Revocation =
  | { readonly type: 'token'; readonly id: string }
  | {
      readonly type: 'principal';
      readonly principal: string;
      /** Those issued later are good. Of the wall clock, ms since 1970. */
      readonly issuedThroughMs: number;
    };

/** What a session, or a request, was let in with. */
export interface Bearer {
  readonly principal: string;
  /** null: nothing that could be taken back. */
  readonly token: TokenFacts | null;
}

export function isRevokedBy({ principal, token }: Bearer, revocation: Revocation): boolean {
  if (token === null) return false;
  if (revocation.type === 'token') return token.id === revocation.id;
  return principal === revocation.principal && token.issuedAtMs <= revocation.issuedThroughMs;
}
