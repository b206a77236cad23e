/**
 * Goal: the server of the tests is S3 where its clients are concerned. Method: a client that was
 * not made by us; the contract of object stores says the rest.
 */
import { Client } from 'minio';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type S3Server, startS3Server } from './s3-server.ts';

const login = { accessKey: 'key', secretKey: 'secret-secret', region: 'us-east-1' };
let server: S3Server;
let client: Client;

beforeEach(async () => {
  server = await startS3Server(login);
  client = connect(login);
});

afterEach(() => server.stop());

function connect(as: { accessKey: string; secretKey: string; region: string }): Client {
  const port = Number(new URL(server.url).port);
  return new Client({ ...as, endPoint: '127.0.0.1', port, useSSL: false });
}

async function text(stream: AsyncIterable<unknown>): Promise<string> {
  let read = '';
  for await (const chunk of stream) read += String(chunk);
  return read;
}

it('has the buckets that were made', async () => {
  expect(await client.bucketExists('one')).toBe(false);
  await expect(client.putObject('one', 'key', 'x')).rejects.toMatchObject({ code: 'NoSuchBucket' });
  await client.makeBucket('one');
  expect(await client.bucketExists('one')).toBe(true);
  await expect(client.makeBucket('one')).rejects.toMatchObject({ code: 'BucketAlreadyOwnedByYou' });
});

it('tells the size of an object, and gives a part of it', async () => {
  await client.makeBucket('one');
  await client.putObject('one', 'a b/ü*(1)', '0123456789');
  expect(await client.statObject('one', 'a b/ü*(1)')).toMatchObject({
    size: 10,
    etag: '781e5e245d69b566979b86e28d23f2c7',
  });
  expect(await text(await client.getPartialObject('one', 'a b/ü*(1)', 2, 3))).toBe('234');
  expect(await text(await client.getPartialObject('one', 'a b/ü*(1)', 8, 5))).toBe('89');
  expect(await text(await client.getPartialObject('one', 'a b/ü*(1)', 8))).toBe('89');
  await expect(client.getPartialObject('one', 'a b/ü*(1)', 10, 1)).rejects.toMatchObject({
    code: 'InvalidRange',
  });
});

it.each([
  [{ secretKey: 'wrong' }, 'SignatureDoesNotMatch'],
  [{ accessKey: 'nobody' }, 'InvalidAccessKeyId'],
  [{ region: 'eu-west-1' }, 'AuthorizationHeaderMalformed'],
  [{ accessKey: '', secretKey: '' }, 'AccessDenied'],
])('believes nobody with %o', async (change, code) => {
  const other = connect({ ...login, ...change });
  await expect(other.putObject('one', 'key', 'x')).rejects.toMatchObject({ code });
});
