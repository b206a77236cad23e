/**
 * Goal: S3_ENDPOINT is used with all that belongs to it, or is an error that says what is missing
 * or wrong. Method: the server of the tests at that address; the rungs below are not climbed.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type S3Server, startS3Server } from '../testing/s3-server.ts';
import { startBackingS3 } from './backing-s3.ts';

const login = { accessKey: 'key', secretKey: 'hunter2-hunter2', region: 'eu-west-1' };
let server: S3Server;
let env: Record<string, string>;

beforeEach(async () => {
  server = await startS3Server({ ...login, buckets: ['there'] });
  env = {
    S3_ENDPOINT: server.url,
    S3_BUCKET: 'there',
    AWS_ACCESS_KEY_ID: login.accessKey,
    AWS_SECRET_ACCESS_KEY: login.secretKey,
    AWS_REGION: login.region,
  };
});

afterEach(() => server.stop());

it('takes what the variables say, once it has answered', async () => {
  expect(await startBackingS3(null, env)).toMatchObject({
    rung: 'S3_ENDPOINT',
    options: { ...login, endpoint: server.url, bucket: 'there' },
  });
});

it.each([
  [{ S3_BUCKET: '' }, /S3_ENDPOINT needs S3_BUCKET, which is not set/],
  [{ AWS_SECRET_ACCESS_KEY: '' }, /needs AWS_SECRET_ACCESS_KEY, which is not set/],
  [{ S3_BUCKET: 'missing' }, /no bucket missing at .*Make it/],
  [{ AWS_SECRET_ACCESS_KEY: 'wrong' }, /the secret is not that of an access key key/],
  [{ AWS_REGION: '' }, /Correct the region/],
  [{ S3_ENDPOINT: 'http://127.0.0.1:1' }, /S3_ENDPOINT is .* cannot be reached.*\n.*or unset S3_/],
  [{ S3_ENDPOINT: 'http://127.0.0.1:1/bucket' }, /expected http:\/\/host:port/],
  [{ S3_ENDPOINT: 'localhost:9000' }, /expected http:\/\/host:port/],
])('says what is wrong with %o, and takes nothing else', async (change, message) => {
  const error = await startBackingS3(null, { ...env, ...change }).catch(String);
  expect(error).toMatch(message);
  expect(error).not.toContain('hunter2');
});
