/**
 * The S3 of one test file (backing-s3.ts). Not shared by the run like PostgreSQL and Redis: most
 * runs need none, and a container is one more image to fetch.
 */
import { randomBytes } from 'node:crypto';
import { startBackingS3 } from '../backing/backing-s3.ts';
import type { S3Options } from '../s3-objects.ts';
import { startS3Server } from './s3-server.ts';

export interface TestS3 {
  /** With a prefix of keys that nobody else has. */
  options(): S3Options;
  stop(): Promise<void>;
}

/** There always is one: in the end a server in this process. */
export async function startTestS3(): Promise<TestS3> {
  const backing = await startBackingS3(async (login) => {
    const server = await startS3Server(login);
    const rung = 'a server of the tests, in this process';
    return { type: 'running', rung, url: server.url, stop: () => server.stop() };
  });
  if (backing.type === 'none') throw new Error(backing.reason);
  return {
    options: () => ({ ...backing.options, prefix: `test-${randomBytes(8).toString('hex')}/` }),
    stop: () => backing.stop(),
  };
}
