/**
 * Public keys that an issuer publishes as a JWK set. jose caches them and asks anew when a token
 * names a key that is not among them, at most once in a while.
 *
 * While the issuer is away the keys that are known stay good for some time, and nobody waits for it
 * with every token.
 */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTVerifyGetKey,
} from 'jose';
import { boundedFetch } from './bounded-fetch.ts';

export interface RemoteKeyLimits {
  readonly timeoutMs: number;
  /** The set is asked for again after this. */
  readonly cacheMs: number;
  /** At least so long between two questions, for an unknown key or after a failure. */
  readonly cooldownMs: number;
  /** Keys that could not be asked for again are good for so long beyond that. */
  readonly staleMs: number;
  readonly bytesMax: number;
}

export const remoteKeyLimits: RemoteKeyLimits = {
  timeoutMs: 5_000,
  cacheMs: 600_000,
  cooldownMs: 30_000,
  staleMs: 3_600_000,
  bytesMax: 262_144,
};

/** Nobody can tell now whether a token is good. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
}

export function remoteKeys(url: URL, limits: RemoteKeyLimits = remoteKeyLimits): JWTVerifyGetKey {
  const { timeoutMs, cacheMs, cooldownMs, staleMs, bytesMax } = limits;
  let answeredMs = -Infinity;
  let failedMs = -Infinity;
  const remote = createRemoteJWKSet(url, {
    timeoutDuration: timeoutMs,
    cacheMaxAge: cacheMs,
    cooldownDuration: cooldownMs,
    async [customFetch](_url, { headers, signal }) {
      const asked = { method: 'GET', headers: Object.fromEntries(headers), bytesMax } as const;
      const { status, body } = await boundedFetch(url, { ...asked, signal });
      if (status === 200) answeredMs = performance.now();
      return new Response(body, { status: status === 200 ? 200 : 503 });
    },
  });
  const known = (): JWTVerifyGetKey => {
    const set = remote.jwks();
    const isGood = performance.now() < answeredMs + cacheMs + staleMs;
    if (set === undefined || !isGood) throw new KeysUnavailableError('no keys are known');
    return createLocalJWKSet(set);
  };
  return async (header, token) => {
    if (performance.now() < failedMs + cooldownMs) return await known()(header, token);
    try {
      return await remote(header, token);
    } catch (error) {
      if (isAboutToken(error)) throw error;
      failedMs = performance.now();
      return await known()(header, token);
    }
  };
}

/** The set is here, and has no key for the token, or several. */
function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
