/** Who issues tokens, for tests: keys of every kind; tokens are right unless told otherwise. */
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';

/** A shared secret that is long enough. */
export const sharedSecret = randomBytes(36).toString('base64');

/** Key pairs by the algorithm that they are for. */
export const keyPairs = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
} as const;

export interface TokenOptions {
  readonly algorithm?: string;
  readonly key?: KeyObject | Uint8Array;
  /** Replaces claims; undefined leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
}

const everything = { documents: { '*': ['read', 'write', 'presence', 'history', 'admin'] } };

/** A token of `ann` for everything, good for an hour, by HS256. */
export async function makeToken(options: TokenOptions = {}): Promise<string> {
  const { algorithm = 'HS256', key = Buffer.from(sharedSecret), claims, header } = options;
  return await new SignJWT(payloadOf(claims))
    .setProtectedHeader({ ...header, alg: algorithm })
    .sign(key);
}

/** The same, signed by nobody. */
export function unsignedToken(): string {
  return new UnsecuredJWT(payloadOf()).encode();
}

/** Rights to documents by pattern, as a claim. */
export function rightsClaim(
  documents: Readonly<Record<string, readonly string[]>>,
): Record<string, unknown> {
  return { sve: { documents } };
}

export function secondsFromNow(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

function payloadOf(claims: Readonly<Record<string, unknown>> = {}): JWTPayload {
  return {
    ...{ sub: 'ann', aud: 'sync-vector-engine', sve: everything },
    ...{ iat: secondsFromNow(0), exp: secondsFromNow(3600) },
    ...claims,
  };
}
