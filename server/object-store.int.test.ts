/**
 * Goal: a node finds its objects where the settings say, or says what is wrong with them before it
 * starts. Method: the S3 that there is, and a folder.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ObjectStorePort } from '../engine/driver/ports.ts';
import { type ObjectConfig, openObjectStore, reachObjectStore, tellPlace } from './object-store.ts';
import { startTestS3, type TestS3 } from './testing/test-s3.ts';

let dataDir: string;
let s3: TestS3;
let bucket: ObjectConfig;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sve-store-'));
  s3 = await startTestS3();
  const { endpoint, bucket: name, accessKey, secretKey, region, prefix = '' } = s3.options();
  bucket = {
    ...{ dataDir, s3Endpoint: endpoint, s3Bucket: name, s3Prefix: prefix, awsRegion: region },
    ...{ awsAccessKeyId: accessKey, awsSecretAccessKey: secretKey },
  };
});

afterAll(async () => {
  await s3?.stop();
  await rm(dataDir, { recursive: true });
});

const open = (config: Partial<ObjectConfig>) => openObjectStore({ ...bucket, ...config }, () => {});

function put(port: ObjectStorePort, key: string): Promise<boolean> {
  return new Promise((done) => port.put(key, Buffer.from('body'), done));
}

function has(port: ObjectStorePort, key: string): Promise<boolean> {
  return new Promise((done) => port.get(key, (bytes) => done(bytes instanceof Uint8Array)));
}

it.each([
  ['the bucket', {}],
  ['the data folder', { s3Endpoint: null }],
])('objects are in %s, for another thread as well', async (_, config) => {
  const store = await open(config);
  expect(await put(store.port, 'a/b')).toBe(true);
  const other = reachObjectStore(structuredClone(store.place), () => {});
  expect(await has(other.port, 'a/b')).toBe(true);
  expect(await put(other.port, 'a/c')).toBe(true);
  expect(await has(store.port, 'a/c')).toBe(true);
  other.close();
  store.close();
});

it('where they are is told without the secret', async () => {
  const store = await open({});
  const told = tellPlace(store.place);
  expect(told).toContain(`${bucket.s3Endpoint}/${bucket.s3Bucket}/${bucket.s3Prefix}`);
  expect(told).not.toContain(bucket.awsSecretAccessKey);
  store.close();
  expect(tellPlace({ type: 'folder', root: '/srv/objects' })).toBe('/srv/objects');
});

it('what is missing beside the address is told, all of it', async () => {
  const opening = open({ s3Bucket: null, awsSecretAccessKey: null });
  await expect(opening).rejects.toThrow(
    /S3_ENDPOINT is set, but not S3_BUCKET, AWS_SECRET_ACCESS_KEY\nSet what is missing, or unset/,
  );
});

it('an address that does not answer, or a missing bucket, is told with advice', async () => {
  // Port 1 on this machine: nobody listens.
  const away = open({ s3Endpoint: 'http://127.0.0.1:1' });
  await expect(away).rejects.toThrow(
    /^S3_ENDPOINT is http:\/\/127\.0\.0\.1:1, but it cannot be used: .*reached.*\nOr unset/s,
  );
  await expect(open({ s3Bucket: 'not-there' })).rejects.toThrow(/no bucket not-there.*aws s3 mb/);
});
