/**
 * What decides about a token answers with a verdict, and every refusal has a reason from the closed
 * list here: it names the metric's label, the error's code and what the client is told.
 *
 * What is told helps whoever made the token, and nobody to make one: which key, issuer or audience
 * is wanted is not said, and whether a token's claims are right only when its signature is.
 */
import type { TokenFacts } from '../../engine/driver/ports.ts';

export const rightNames = ['read', 'write', 'presence', 'history', 'admin'] as const;

export type Right = (typeof rightNames)[number];

export const refusals = {
  missing: { code: 'unauthorized', message: 'there is no token' },
  'too-large': { code: 'unauthorized', message: 'the token is larger than 8192 bytes' },
  malformed: { code: 'unauthorized', message: 'the token is no signed JWT' },
  algorithm: { code: 'unauthorized', message: "the token's algorithm is not one of this server" },
  key: { code: 'unauthorized', message: "the token's key is not one of this server" },
  signature: { code: 'unauthorized', message: "the token's signature is not right" },
  expired: { code: 'unauthorized', message: 'the token has expired' },
  'not-yet-valid': { code: 'unauthorized', message: 'the token is not valid yet' },
  issuer: { code: 'unauthorized', message: 'the token is of another issuer' },
  audience: { code: 'unauthorized', message: 'the token is for another audience' },
  claims: {
    code: 'unauthorized',
    message: 'a claim of the token is missing, or has another form than docs/auth.md tells',
  },
  revoked: { code: 'unauthorized', message: 'the token was revoked' },
  webhook: { code: 'unauthorized', message: 'the token was refused' },
  forbidden: { code: 'forbidden', message: 'no right to this document' },
  unavailable: {
    code: 'auth-unavailable',
    message: 'what decides about tokens did not answer; try again later',
  },
} as const;

export type RefusalReason = keyof typeof refusals;

export type Verdict =
  | {
      readonly type: 'allowed';
      /** 1 … 1,024 UTF-16 units. */
      readonly principal: string;
      /** To the document that was asked for. */
      readonly rights: ReadonlySet<Right>;
      /** null: no token was needed. */
      readonly token: TokenFacts | null;
    }
  | { readonly type: 'refused'; readonly reason: RefusalReason };

/** Stands for all documents, where the right to each of them is asked for. No document's name. */
export const everyDocument = '*';

/** Never rejects. */
export type CheckToken = (token: string, document: string) => Promise<Verdict>;

export function refused(reason: RefusalReason): Verdict {
  return { type: 'refused', reason };
}
