/** The S3 that the run shares (global-setup.ts); there always is one. */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { S3Options } from '../s3-objects.ts';

/** With a prefix of keys that nobody else has. */
export function sharedS3(): S3Options {
  return { ...inject('s3'), prefix: `test-${randomBytes(8).toString('hex')}/` };
}
