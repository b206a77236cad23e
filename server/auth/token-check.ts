/**
 * Tokens: JSON Web Tokens (RFC 7519) that somebody else signed, checked with `jose`.
 *
 * First the signature, with a key and an algorithm that this server chooses (token-keys.ts), then
 * the claims: issuer, audience, times, who it is (`sub`), and last the rights. `sub`, `iat` and
 * `exp` must be there: a token without an end could not be taken back by forgetting it, and one
 * without a beginning not by a revocation of its principal.
 */
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import type { TokenFacts } from '../../engine/driver/ports.ts';
import { principalUnitsMax } from '../../proto/limits.ts';
import type { Config } from '../config.ts';
import { rightsTo } from './document-rights.ts';
import { KeysUnavailableError } from './remote-keys.ts';
import type { TokenKeys } from './token-keys.ts';
import { type CheckToken, type RefusalReason, refused } from './verdict.ts';

const idUnitsMax = 256;

/** Text that a log row and PostgreSQL can hold. */
const name = z
  .string()
  .min(1)
  .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text));

export const principalName = name.max(principalUnitsMax);

export const tokenId = name.max(idUnitsMax);

const claims = z.object({
  sub: principalName,
  iat: z.number().nonnegative(),
  exp: z.number().nonnegative(),
  jti: tokenId.optional(),
});

type TokenConfig = Pick<
  Config,
  'authIssuer' | 'authAudience' | 'authClaim' | 'authToleranceSeconds' | 'authTokenAgeMaxSeconds'
>;

/** `onFault`: something other than the token was wrong. */
export function tokenCheck(
  config: TokenConfig,
  { algorithms, keyOf }: TokenKeys,
  onFault: (error: unknown) => void,
): CheckToken {
  const { authIssuer, authAudience, authClaim } = config;
  const { authToleranceSeconds: tolerance, authTokenAgeMaxSeconds: ageMax } = config;
  const options = {
    algorithms: [...algorithms],
    audience: authAudience,
    clockTolerance: tolerance,
    maxTokenAge: ageMax,
    requiredClaims: ['sub', 'exp'],
    ...(authIssuer === null ? {} : { issuer: authIssuer }),
  };
  return async (token, document) => {
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, keyOf, options));
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === 'unavailable') onFault(error);
      return refused(reason);
    }
    const parsed = claims.safeParse(payload);
    const rights = rightsTo(document, payload[authClaim]);
    if (!parsed.success || rights === null) return refused('claims');
    const { sub: principal, iat, exp, jti } = parsed.data;
    const facts: TokenFacts = {
      id: jti ?? null,
      issuedAtMs: iat * 1000,
      expiresAtMs: (Math.min(exp, iat + ageMax) + tolerance) * 1000,
    };
    return { type: 'allowed', principal, rights, token: facts };
  };
}

/** Which of the closed list it is that jose found. */
function reasonOf(error: unknown): RefusalReason {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) return claimReason(error);
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature';
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return 'malformed';
  if (error instanceof errors.JOSENotSupported) return 'malformed';
  if (error instanceof errors.JWKSNoMatchingKey) return 'key';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'key';
  if (error instanceof KeysUnavailableError) return 'unavailable';
  // A key of another kind than the algorithm takes.
  return error instanceof TypeError ? 'key' : 'unavailable';
}

function claimReason({ claim, reason }: errors.JWTClaimValidationFailed): RefusalReason {
  if (claim === 'iss') return 'issuer';
  if (claim === 'aud') return 'audience';
  const isTime = claim === 'nbf' || claim === 'iat';
  return isTime && reason === 'check_failed' ? 'not-yet-valid' : 'claims';
}
