/**
 * Compression of a whole section of bytes, as a port: proto/ knows the names, the platform has the
 * means (server/compression.ts with Node's zlib).
 */

/** `deflate` is the raw form of RFC 1951, without a header; `brotli` is RFC 7932. */
export type CompressionName = 'deflate' | 'brotli';

export interface Compression {
  readonly name: CompressionName;
  /** The same bytes for the same input, so that equal states stay equal. */
  compress(bytes: Uint8Array): Uint8Array;
  /**
   * What was compressed. Throws anything if `bytes` are damaged, and as soon as the result would
   * pass `lengthMax` bytes: the caller's bound on memory.
   */
  decompress(bytes: Uint8Array, lengthMax: number): Uint8Array;
}
