/**
 * Goal: keys that an issuer publishes are fetched once, again for one that is not known, and stay
 * good for a while when the issuer is away. Method: a real HTTP server on this machine.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { assert } from '../../engine/assert.ts';
import { keyPairs, makeToken } from '../testing/token-maker.ts';
import { KeysUnavailableError, remoteKeyLimits, remoteKeys } from './remote-keys.ts';

let url: URL;
let requests = 0;
let published: readonly (keyof typeof keyPairs)[] = [];
let status = 200;
let padding = '';

const server = createServer((_request, response) => {
  requests++;
  const keys = published.map((kid) => ({
    ...keyPairs[kid].publicKey.export({ format: 'jwk' }),
    kid,
  }));
  response.writeHead(status, { Location: '/elsewhere' }).end(JSON.stringify({ keys, padding }));
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object', 'a TCP address');
  url = new URL(`http://127.0.0.1:${address.port}/jwks.json`);
});

beforeEach(() => {
  [requests, published, status, padding] = [0, ['ES256'], 200, ''];
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const tokenBy = (kid: keyof typeof keyPairs): Promise<string> =>
  makeToken({ algorithm: kid, key: keyPairs[kid].privateKey, header: { kid } });

const keysWith = (limits: Partial<typeof remoteKeyLimits> = {}) =>
  remoteKeys(url, { ...remoteKeyLimits, ...limits });

it('are fetched once', async () => {
  const keys = keysWith();
  await Promise.all([1, 2, 3].map(async () => jwtVerify(await tokenBy('ES256'), keys)));
  await jwtVerify(await tokenBy('ES256'), keys);
  expect(requests).toBe(1);
});

it('are fetched again for one that is not known, but not at once', async () => {
  const patient = keysWith();
  await jwtVerify(await tokenBy('ES256'), patient);
  published = ['ES256', 'RS256'];
  const unknown = jwtVerify(await tokenBy('RS256'), patient);
  await expect(unknown).rejects.toThrow(/no applicable key/);
  expect(requests).toBe(1);
  const eager = keysWith({ cooldownMs: 0 });
  published = ['ES256'];
  await jwtVerify(await tokenBy('ES256'), eager);
  published = ['RS256'];
  await jwtVerify(await tokenBy('RS256'), eager);
  expect(requests).toBe(3);
});

it('stay good while the issuer is away, which is asked only now and then', async () => {
  const keys = keysWith({ cacheMs: 0 });
  await jwtVerify(await tokenBy('ES256'), keys);
  status = 500;
  await jwtVerify(await tokenBy('ES256'), keys);
  await jwtVerify(await tokenBy('ES256'), keys);
  expect(requests).toBe(2);
});

it('that are too old, or never were here, leave nobody knowing', async () => {
  const old = keysWith({ cacheMs: 0, staleMs: 0 });
  await jwtVerify(await tokenBy('ES256'), old);
  status = 500;
  await expect(jwtVerify(await tokenBy('ES256'), old)).rejects.toThrow(KeysUnavailableError);
  await expect(jwtVerify(await tokenBy('ES256'), keysWith())).rejects.toThrow(KeysUnavailableError);
});

it('are not fetched from elsewhere, nor if there are too many', async () => {
  status = 302;
  await expect(jwtVerify(await tokenBy('ES256'), keysWith())).rejects.toThrow(KeysUnavailableError);
  expect(requests).toBe(1);
  [status, padding] = [200, 'x'.repeat(300_000)];
  await expect(jwtVerify(await tokenBy('ES256'), keysWith())).rejects.toThrow(KeysUnavailableError);
});
