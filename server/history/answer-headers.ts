/**
 * What the headers of an answer say: which moment it is, how long it may be kept, and whether the
 * client has it already.
 *
 * An ETag is made of what the answer depends on, so it is known before the body is packed:
 *
 *   "1.EPOCH.LSN.AT.c_…-plain-br"    form of the answers, moments (c: closed), format, packing
 */

import { promisify } from 'node:util';
import { brotliCompress as brotliCallback, constants, gzip as gzipCallback } from 'node:zlib';
import { type ResolvedMoment, timeOf } from './resolved-moment.ts';

/** To be raised when the body for the same moments becomes another one. */
const formNumber = 1;

/** Smaller bodies are not worth packing. */
const packedBytesMin = 1024;

/**
 * For how long a closed answer is kept without asking. It is final, but for an operator: then who
 * has it still shows what was deleted or what a restored backup does not have.
 */
const closedSecondsMax = 3600;

export type Encoding = 'br' | 'gzip' | 'identity';

const brotli = promisify(brotliCallback);
const gzip = promisify(gzipCallback);

/** Without the packing and the quotes. */
export function tagOf(resolved: readonly ResolvedMoment[], format: string): string {
  const moments = resolved.map(
    ({ epoch, lsn, at, closed }) => `${epoch}.${lsn}.${at}.${closed ? 'c' : 'o'}`,
  );
  return `${formNumber}.${moments.join('_')}-${format}`;
}

export function etagOf(tag: string, encoding: Encoding): string {
  return encoding === 'identity' ? `"${tag}"` : `"${tag}-${encoding}"`;
}

/** The ETag in If-None-Match that is of this answer, however packed; null: there is none. */
export function matchOf(ifNoneMatch: string | undefined, tag: string): string | null {
  const tags = (ifNoneMatch ?? '').split(',').map((item) => item.trim().replace(/^W\//, ''));
  const own = (['identity', 'br', 'gzip'] as const).map((encoding) => etagOf(tag, encoding));
  return tags.includes('*') ? etagOf(tag, 'identity') : (own.find((t) => tags.includes(t)) ?? null);
}

/** How to pack a body of this size for who accepts this. */
export function encodingFor(acceptEncoding: string | undefined, bytes: number): Encoding {
  if (bytes < packedBytesMin) return 'identity';
  const accepted = (acceptEncoding ?? '').split(',').flatMap((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    return parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)) ? [] : [name];
  });
  return (['br', 'gzip'] as const).find((encoding) => accepted.includes(encoding)) ?? 'identity';
}

/** Packed outside of the event loop. */
export async function pack(body: Uint8Array, encoding: Encoding): Promise<Uint8Array> {
  switch (encoding) {
    case 'identity':
      return body;
    case 'gzip':
      return await gzip(body);
    case 'br':
      // The best quality takes seconds for what is asked for once.
      return await brotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
  }
}

/** How long the answer may be kept, and by what it varies. */
export function cacheHeaders(resolved: readonly ResolvedMoment[]): Record<string, string> {
  const isClosed = resolved.every(({ closed }) => closed);
  return {
    'Cache-Control': isClosed
      ? `private, max-age=${closedSecondsMax}, immutable`
      : 'private, no-cache',
    Vary: 'Accept, Accept-Encoding, Authorization',
  };
}

/** Which moment the answer is of. */
export function factHeaders(moment: ResolvedMoment, hash: string | null): Record<string, string> {
  const time = timeOf(moment);
  return {
    'SVE-Epoch': String(moment.epoch),
    'SVE-Lsn': String(moment.lsn),
    'SVE-At': String(moment.at),
    ...(time === null ? {} : { 'SVE-Time': time }),
    'SVE-Closed': String(moment.closed),
    ...(hash === null ? {} : { 'SVE-Hash': hash }),
  };
}
