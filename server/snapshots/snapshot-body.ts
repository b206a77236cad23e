/** How a snapshot's body is compressed and checked: on every node alike. */
import { createHash } from 'node:crypto';
import { deflate } from '../compression.ts';

export const snapshotBody = {
  compression: deflate,
  compressions: [deflate],
  /** SHA-256, in hexadecimal. */
  checksumOf: (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex'),
};
