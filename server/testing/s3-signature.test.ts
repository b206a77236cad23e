/**
 * Goal: a good signature is known from a bad one, as S3 does it. Method: the example of a request
 * for a part of an object in the documentation of S3, and what differs from it.
 */
import { expect, it } from 'vitest';
import { signatureFault } from './s3-signature.ts';

const login = {
  accessKey: 'AKIAIOSFODNN7EXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
};
const time = Date.UTC(2013, 4, 24);
const headers = {
  host: 'examplebucket.s3.amazonaws.com',
  range: 'bytes=0-9',
  'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'x-amz-date': '20130524T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,' +
    'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,' +
    'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
};
const request = { method: 'GET', target: '/test.txt', headers, body: new Uint8Array(0) };

it('takes the example of the documentation', () => {
  expect(signatureFault(request, login, time)).toBeNull();
});

it.each([
  ['another method', { method: 'DELETE' }, 'SignatureDoesNotMatch'],
  ['another object', { target: '/text.txt' }, 'SignatureDoesNotMatch'],
  ['a query', { target: '/test.txt?acl' }, 'SignatureDoesNotMatch'],
  ['another part', { headers: { ...headers, range: 'bytes=0-10' } }, 'SignatureDoesNotMatch'],
  ['another body', { body: Buffer.from('x') }, 'XAmzContentSHA256Mismatch'],
  ['no signature', { headers: { ...headers, authorization: undefined } }, 'AccessDenied'],
])('refuses %s', (_, change, code) => {
  expect(signatureFault({ ...request, ...change }, login, time)).toBe(code);
});

it('refuses what was signed another day, for another region, by somebody else', () => {
  expect(signatureFault(request, login, time + 3_600_000)).toBe('RequestTimeTooSkewed');
  const refused = (change: Partial<typeof login>): string | null =>
    signatureFault(request, { ...login, ...change }, time);
  expect(refused({ region: 'eu-west-1' })).toBe('AuthorizationHeaderMalformed');
  expect(refused({ accessKey: 'nobody' })).toBe('InvalidAccessKeyId');
  expect(refused({ secretKey: 'wrong' })).toBe('SignatureDoesNotMatch');
});
