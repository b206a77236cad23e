/**
 * The keys that tokens are signed with, from the settings. Which algorithms are taken follows from
 * the kind of the key, never from a token: a public key is no secret that HS256 could use.
 *
 *   shared secret   HS256
 *   RSA             RS256
 *   EC, P-256       ES256
 *   Ed25519         EdDSA, also as Ed25519 (RFC 9864)
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Config } from '../config.ts';
import { secretBytesMin } from './auth-settings.ts';
import { remoteKeys } from './remote-keys.ts';

export interface TokenKeys {
  readonly algorithms: readonly string[];
  readonly keyOf: JWTVerifyGetKey;
}

const rsaBitsMin = 2048;

/** null: no setting names a key. Rejects with the setting and what is wrong with it. */
export async function openTokenKeys(config: Config): Promise<TokenKeys | null> {
  const { authSecret, authSecretFile, authPublicKeyFile, authJwksUrl } = config;
  if (authSecret !== null) return sharedSecret(Buffer.from(authSecret), 'AUTH_SECRET');
  if (authSecretFile !== null) {
    const bytes = await contentOf('AUTH_SECRET_FILE', authSecretFile);
    return sharedSecret(withoutLineEnd(bytes), `AUTH_SECRET_FILE ${authSecretFile}`);
  }
  if (authPublicKeyFile !== null) {
    const bytes = await contentOf('AUTH_PUBLIC_KEY_FILE', authPublicKeyFile);
    return publicKeys(bytes.toString('utf8'), `AUTH_PUBLIC_KEY_FILE ${authPublicKeyFile}`);
  }
  if (authJwksUrl === null) return null;
  const algorithms = ['RS256', 'ES256', 'EdDSA', 'Ed25519'];
  return { algorithms, keyOf: remoteKeys(new URL(authJwksUrl)) };
}

function sharedSecret(secret: Uint8Array, source: string): TokenKeys {
  if (secret.length < secretBytesMin) {
    const advice = 'make one with: openssl rand -base64 48';
    throw new Error(`${source}: the secret is shorter than ${secretBytesMin} bytes; ${advice}`);
  }
  return { algorithms: ['HS256'], keyOf: async () => secret };
}

function publicKeys(text: string, source: string): TokenKeys {
  if (/PRIVATE KEY/.test(text)) throw new Error(`${source}: this is a private key; ${advice}`);
  if (!text.trimStart().startsWith('{')) return oneKey(publicKeyOf(text, source), source);
  const json = jsonOf(text, source);
  if (!isKeySet(json)) return oneKey(publicKeyOf(json, source), source);
  const algorithms = json.keys.flatMap((key) => algorithmsOf(publicKeyOf(key, source), source));
  if (algorithms.length === 0) throw new Error(`${source}: there is no key in it; ${advice}`);
  return { algorithms: [...new Set(algorithms)], keyOf: createLocalJWKSet(json) };
}

const advice = 'it takes a public key as PEM, a JWK, or a JWK set';

function oneKey(key: KeyObject, source: string): TokenKeys {
  return { algorithms: algorithmsOf(key, source), keyOf: async () => key };
}

function publicKeyOf(key: unknown, source: string): KeyObject {
  try {
    if (typeof key === 'string') return createPublicKey(key);
    if (isJwk(key)) return createPublicKey({ key, format: 'jwk' });
  } catch {
    // What is told below; the error may quote the key.
  }
  throw new Error(`${source}: this is no public key; ${advice}`);
}

function algorithmsOf(key: KeyObject, source: string): string[] {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      if (modulusLength >= rsaBitsMin) return ['RS256'];
      throw new Error(`${source}: an RSA key needs ${rsaBitsMin} bits, it has ${modulusLength}`);
    case 'ec':
      if (namedCurve === 'prime256v1') return ['ES256'];
      throw new Error(`${source}: the curve of an EC key must be P-256, it is ${namedCurve}`);
    case 'ed25519':
      return ['EdDSA', 'Ed25519'];
    default:
      throw new Error(`${source}: the key must be RSA, EC (P-256) or Ed25519`);
  }
}

/** A public key of its own; a private part, or a shared secret, belongs nowhere here. */
function isJwk(value: unknown): value is { readonly kty: string } {
  return typeof value === 'object' && value !== null && 'kty' in value && !('d' in value);
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return (
    typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)
  );
}

function jsonOf(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${source}: this is no JSON; ${advice}`, { cause });
  }
}

async function contentOf(variable: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${variable}: the file cannot be read: ${reason}`, { cause: error });
  }
}

/** Editors add one. */
function withoutLineEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end--;
  return bytes.subarray(0, end);
}
