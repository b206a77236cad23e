/**
 * The compressions of snapshots, by Node's zlib. For what is saved seldom and loaded often: the
 * best that each of them can, which takes long to write and is fast to read.
 */
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  inflateRawSync,
} from 'node:zlib';
import type { Compression } from '../proto/compression.ts';

/** The output in one piece: the default is pieces of 16 KiB that are copied together. */
function outputOptions(lengthMax: number): { chunkSize: number; maxOutputLength: number } {
  return { chunkSize: Math.max(lengthMax, 64), maxOutputLength: Math.max(lengthMax, 1) };
}

export const brotli: Compression = {
  name: 'brotli',
  compress: (bytes) =>
    brotliCompressSync(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  decompress: (bytes, lengthMax) => brotliDecompressSync(bytes, outputOptions(lengthMax)),
};

export const deflate: Compression = {
  name: 'deflate',
  compress: (bytes) => deflateRawSync(bytes, { level: constants.Z_BEST_COMPRESSION }),
  decompress: (bytes, lengthMax) => inflateRawSync(bytes, outputOptions(lengthMax)),
};
