/**
 * Goal: a token is taken only if it is right in every way, and each thing that is wrong has a name.
 * Method: real keys and tokens of every kind, made wrong in one way each.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Config, readConfig } from '../config.ts';
import {
  keyPairs,
  makeToken,
  rightsClaim,
  secondsFromNow,
  sharedSecret,
  type TokenOptions,
  unsignedToken,
} from '../testing/token-maker.ts';
import { tokenCheck } from './token-check.ts';
import { openTokenKeys } from './token-keys.ts';
import type { CheckToken, Verdict } from './verdict.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sve-keys-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

function configOf(settings: Readonly<Record<string, string>>): Config {
  const invocation = readConfig([], settings);
  if (invocation.type !== 'run') throw new Error(JSON.stringify(invocation));
  return invocation.config;
}

async function checkWith(settings: Readonly<Record<string, string>>): Promise<CheckToken> {
  const config = configOf(settings);
  const keys = await openTokenKeys(config);
  if (keys === null) throw new Error('no keys');
  return tokenCheck(config, keys, (error) => {
    throw error;
  });
}

function fileOf(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function pemOf(kind: keyof typeof keyPairs): string {
  return String(keyPairs[kind].publicKey.export({ type: 'spki', format: 'pem' }));
}

/** The reason, or who was let in. */
function told(verdict: Verdict): string {
  return verdict.type === 'allowed' ? `allowed: ${verdict.principal}` : verdict.reason;
}

describe('with a shared secret', () => {
  const now = secondsFromNow(0);

  const cases: readonly (readonly [string, TokenOptions, string])[] = [
    ['right', {}, 'allowed: ann'],
    ['expired', { claims: { exp: now - 60 } }, 'expired'],
    ['expired within the tolerance', { claims: { exp: now - 2 } }, 'allowed: ann'],
    ['without an end', { claims: { exp: undefined } }, 'claims'],
    ['older than a token may become', { claims: { iat: now - 90_000 } }, 'expired'],
    ['without a beginning', { claims: { iat: undefined } }, 'claims'],
    ['issued in the future', { claims: { iat: now + 60 } }, 'not-yet-valid'],
    ['not valid yet', { claims: { nbf: now + 60 } }, 'not-yet-valid'],
    ['for another audience', { claims: { aud: 'somewhere' } }, 'audience'],
    ['for several', { claims: { aud: ['somewhere', 'sync-vector-engine'] } }, 'allowed: ann'],
    ['for no audience', { claims: { aud: undefined } }, 'audience'],
    ['of another issuer', { claims: { iss: 'mallory' } }, 'issuer'],
    ['of no issuer', { claims: { iss: undefined } }, 'issuer'],
    ['of nobody', { claims: { sub: undefined } }, 'claims'],
    ['of somebody with a name that is too long', { claims: { sub: 'x'.repeat(1025) } }, 'claims'],
    ['of somebody with a NUL', { claims: { sub: 'a\0b' } }, 'claims'],
    ['with half a pair in a name', { claims: { sub: 'a\ud800' } }, 'claims'],
    ['with an id that is no text', { claims: { jti: 7 } }, 'claims'],
    ['with rights of another form', { claims: { sve: { documents: ['read'] } } }, 'claims'],
    ['with an unknown right', { claims: rightsClaim({ '*': ['fly'] }) }, 'claims'],
    ['with a pattern that fits no name', { claims: rightsClaim({ 'a/*': ['read'] }) }, 'claims'],
    ['by another secret', { key: Buffer.from('another secret, which is as long') }, 'signature'],
    ['by another algorithm', { algorithm: 'HS512' }, 'algorithm'],
    ['by a key pair', { algorithm: 'RS256', key: keyPairs.RS256.privateKey }, 'algorithm'],
  ];

  it.each(cases)('a token that is %s', async (_, options, expected) => {
    const check = await checkWith({ AUTH_SECRET: sharedSecret, AUTH_ISSUER: 'us' });
    const token = await makeToken({ ...options, claims: { iss: 'us', ...options.claims } });
    expect(told(await check(token, 'notes'))).toBe(expected);
  });

  it('one that nobody signed, one that was changed, and what is none', async () => {
    const check = await checkWith({ AUTH_SECRET: sharedSecret });
    const token = await makeToken();
    const [header = '', , signature = ''] = token.split('.');
    const other = (await makeToken({ claims: { sub: 'bob' } })).split('.')[1];
    const tokens = [unsignedToken(), `${header}.${other}.${signature}`, 'token', 'a.b.c', '...'];
    const verdicts = await Promise.all(tokens.map((each) => check(each, 'notes')));
    const malformed = ['malformed', 'malformed', 'malformed'];
    expect(verdicts.map(told)).toEqual(['algorithm', 'signature', ...malformed]);
  });

  it('tells what a token gives, and until when', async () => {
    const check = await checkWith({ AUTH_SECRET: sharedSecret, AUTH_TOLERANCE_SECONDS: '7' });
    const claims = { ...rightsClaim({ 'notes*': ['read', 'write'] }), iat: now, jti: 'j' };
    const token = await makeToken({ claims: { ...claims, exp: now + 600 } });
    expect(await check(token, 'notes-2')).toEqual({
      ...{ type: 'allowed', principal: 'ann', rights: new Set(['read', 'write']) },
      token: { id: 'j', issuedAtMs: now * 1000, expiresAtMs: (now + 607) * 1000 },
    });
    expect(await check(token, 'letters')).toMatchObject({ rights: new Set() });
    const long = await makeToken({ claims: { iat: now, exp: now + 1e9 } });
    const expiresAtMs = (now + 86_407) * 1000;
    expect(await check(long, 'notes')).toMatchObject({ token: { expiresAtMs } });
  });

  it('reads the secret from a file, without the end of its line', async () => {
    const path = fileOf('secret', `${sharedSecret}\n`);
    const check = await checkWith({ AUTH_SECRET_FILE: path });
    expect(told(await check(await makeToken(), 'notes'))).toBe('allowed: ann');
  });

  it('takes the rights from the claim that is set', async () => {
    const check = await checkWith({ AUTH_SECRET: sharedSecret, AUTH_CLAIM: 'https://a.example/r' });
    const claims = { 'https://a.example/r': { documents: { notes: ['read'] } } };
    const verdict = await check(await makeToken({ claims }), 'notes');
    expect(verdict).toMatchObject({ rights: new Set(['read']) });
  });
});

describe('with a public key', () => {
  const kinds = ['RS256', 'ES256', 'EdDSA'] as const;

  it.each(kinds)('%s: as PEM, JWK and JWK set, and no other algorithm', async (kind) => {
    const { publicKey, privateKey } = keyPairs[kind];
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one' };
    const contents = [pemOf(kind), JSON.stringify(jwk), JSON.stringify({ keys: [jwk] })];
    const token = await makeToken({ algorithm: kind, key: privateKey, header: { kid: 'one' } });
    const others = kinds.filter((other) => other !== kind);
    for (const [n, content] of contents.entries()) {
      const check = await checkWith({ AUTH_PUBLIC_KEY_FILE: fileOf(`${kind}-${n}`, content) });
      expect(told(await check(token, 'notes'))).toBe('allowed: ann');
      for (const other of others) {
        const { privateKey: key } = keyPairs[other];
        const foreign = await makeToken({ algorithm: other, key });
        expect(told(await check(foreign, 'notes'))).toBe('algorithm');
      }
      // The public key is known to everybody: as a shared secret it must not do.
      const confused = await makeToken({ key: Buffer.from(content) });
      expect(told(await check(confused, 'notes'))).toBe('algorithm');
      expect(told(await check(unsignedToken(), 'notes'))).toBe('algorithm');
    }
  });

  it('a set: the key that the token names', async () => {
    const keys = kinds.map((kid) => ({
      ...keyPairs[kid].publicKey.export({ format: 'jwk' }),
      kid,
    }));
    const path = fileOf('set.json', JSON.stringify({ keys }));
    const check = await checkWith({ AUTH_PUBLIC_KEY_FILE: path });
    for (const kid of kinds) {
      const { privateKey: key } = keyPairs[kid];
      const token = await makeToken({ algorithm: kid, key, header: { kid } });
      expect(told(await check(token, 'notes'))).toBe('allowed: ann');
    }
    const { privateKey: key } = keyPairs.ES256;
    const stranger = await makeToken({ algorithm: 'ES256', key, header: { kid: 'other' } });
    expect(told(await check(stranger, 'notes'))).toBe('key');
  });
});

describe('a key that cannot be used is refused with its setting', () => {
  it.each([
    [
      'a file that is not there',
      { AUTH_SECRET_FILE: '/nonexistent/secret' },
      /^AUTH_SECRET_FILE: /,
    ],
    ['no key', { AUTH_PUBLIC_KEY_FILE: import.meta.filename }, /this is no public key/],
  ] as const)('%s', async (_, settings, message) => {
    await expect(openTokenKeys(configOf(settings))).rejects.toThrow(message);
  });

  it('a secret that is short, a private key, a shared one in a set, and other kinds', async () => {
    const privatePem = String(keyPairs.ES256.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const privateJwk = JSON.stringify(keyPairs.ES256.privateKey.export({ format: 'jwk' }));
    const shared = JSON.stringify({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] });
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    const pem = { type: 'spki', format: 'pem' } as const;
    const cases = [
      ['AUTH_SECRET_FILE', 'short', /shorter than 32 bytes/],
      ['AUTH_PUBLIC_KEY_FILE', privatePem, /a private key/],
      ['AUTH_PUBLIC_KEY_FILE', privateJwk, /no public key/],
      ['AUTH_PUBLIC_KEY_FILE', shared, /no public key/],
      ['AUTH_PUBLIC_KEY_FILE', '{"keys":[]}', /there is no key/],
      ['AUTH_PUBLIC_KEY_FILE', '{', /no JSON/],
      ['AUTH_PUBLIC_KEY_FILE', String(ec.export(pem)), /must be P-256/],
      ['AUTH_PUBLIC_KEY_FILE', String(rsa.export(pem)), /2048 bits, it has 1024/],
    ] as const;
    for (const [n, [variable, content, message]] of cases.entries()) {
      const opening = openTokenKeys(configOf({ [variable]: fileOf(`bad-${n}`, content) }));
      await expect(opening).rejects.toThrow(message);
      await expect(opening).rejects.toThrow(new RegExp(`^${variable} `));
    }
  });
});
