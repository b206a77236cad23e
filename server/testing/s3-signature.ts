/**
 * Checks the signature of a request to S3: version 4, in the header `authorization`, of the whole
 * body or of none of it, as the documentation of S3 describes it.
 *
 *   canonical request ─▶ its hash, time and scope ─▶ HMAC with a key made of secret and scope
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface S3Login {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
}

export interface SignedRequest {
  readonly method: string;
  /** As it came, with what follows the question mark. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

const form = new RegExp(
  [
    /^AWS4-HMAC-SHA256 Credential=(.+)\/(\d{8})\/([^/]+)\/s3\/aws4_request/,
    /SignedHeaders=([^,]+)/,
    /Signature=([0-9a-f]{64})$/,
  ]
    .map(({ source }) => source)
    .join(', ?'),
);
const skewMsMax = 15 * 60_000;

/** Null if the request may be done; otherwise the code of S3 that says why not. */
export function signatureFault(
  request: SignedRequest,
  login: S3Login,
  nowMs = Date.now(),
): string | null {
  const { headers } = request;
  if (headers.authorization === undefined) return 'AccessDenied';
  const [, accessKey, day = '', region = '', names = '', signature] =
    form.exec(headers.authorization) ?? [];
  if (accessKey === undefined) return 'AuthorizationHeaderMalformed';
  if (accessKey !== login.accessKey) return 'InvalidAccessKeyId';
  if (region !== login.region) return 'AuthorizationHeaderMalformed';
  const time = String(headers['x-amz-date']);
  if (!time.startsWith(day) || Math.abs(nowMs - msOf(time)) > skewMsMax)
    return 'RequestTimeTooSkewed';
  const signedNames = names.split(';');
  if (!signedNames.includes('host')) return 'AuthorizationHeaderMalformed';
  const scope = `${day}/${region}/s3/aws4_request`;
  const canonical = canonicalRequest(request, signedNames);
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${login.secretKey}`,
  );
  if (hmac(key, toSign).toString('hex') !== signature) return 'SignatureDoesNotMatch';
  const told = headers['x-amz-content-sha256'];
  const isTheBody = told === 'UNSIGNED-PAYLOAD' || told === sha256(request.body);
  return isTheBody ? null : 'XAmzContentSHA256Mismatch';
}

function canonicalRequest(request: SignedRequest, signedNames: readonly string[]): string {
  const { method, target, headers } = request;
  const { pathname, searchParams } = new URL(target, 'http://host');
  const query = [...searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
  const values = signedNames.map((name) => `${name}:${String(headers[name]).trim()}\n`);
  return [
    method,
    pathname.split('/').map(decodeURIComponent).map(encoded).join('/'),
    query.toSorted((a, b) => (a < b ? -1 : 1)).join('&'),
    values.join(''),
    signedNames.join(';'),
    String(headers['x-amz-content-sha256']),
  ].join('\n');
}

/** As S3 does it: everything but letters, digits and four marks. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `20261126T224500Z` */
function msOf(time: string): number {
  return Date.parse(time.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'));
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
