/** What S3 answers, as XML: errors, and pages of a listing (ListObjectsV2). */

export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

const statusOf: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  InvalidAccessKeyId: 403,
  SignatureDoesNotMatch: 403,
  RequestTimeTooSkewed: 403,
  AuthorizationHeaderMalformed: 400,
  XAmzContentSHA256Mismatch: 400,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  MethodNotAllowed: 405,
  BucketAlreadyOwnedByYou: 409,
  InvalidRange: 416,
  SlowDown: 503,
};

export function errorAnswer(code: string): S3Answer {
  const body = `<Error><Code>${code}</Code><Message>The code says it.</Message></Error>`;
  return xml(statusOf[code] ?? 500, body);
}

export interface PageForm {
  readonly pageKeysMax: number;
  readonly isInOrder: boolean;
  /** Whether a page says how to go on. */
  readonly hasToken: boolean;
}

/** Of all keys of a bucket, in order, those that the query asks for. */
export function listAnswer(
  keys: readonly string[],
  query: URLSearchParams,
  { pageKeysMax, isInOrder, hasToken }: PageForm,
): S3Answer {
  const prefix = query.get('prefix') ?? '';
  const token = query.get('continuation-token');
  const after = token === null ? (query.get('start-after') ?? '') : keyOf(token);
  const found = keys.filter((key) => key.startsWith(prefix) && key > after);
  const page = found.slice(0, Math.min(pageKeysMax, Number(query.get('max-keys') ?? pageKeysMax)));
  const isTruncated = page.length < found.length;
  const encode = query.get('encoding-type') === 'url' ? encodeURIComponent : xmlText;
  const shown = isInOrder ? page : page.toReversed();
  const contents = shown.map((key) => `<Contents><Key>${encode(key)}</Key></Contents>`);
  const next =
    isTruncated && hasToken
      ? `<NextContinuationToken>${tokenOf(page.at(-1) ?? '')}</NextContinuationToken>`
      : '';
  return xml(
    200,
    `<ListBucketResult><IsTruncated>${isTruncated}</IsTruncated>${next}` +
      `${contents.join('')}</ListBucketResult>`,
  );
}

function xml(status: number, body: string): S3Answer {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;
  return { status, headers: { 'content-type': 'application/xml' }, body: text };
}

function xmlText(text: string): string {
  return text.replace(/[&<>]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

/** Clients must take it as it is: that a key is in it is nobody's business. */
function tokenOf(key: string): string {
  return `after-${Buffer.from(key).toString('base64url')}`;
}

function keyOf(token: string): string {
  return Buffer.from(token.replace('after-', ''), 'base64url').toString();
}
