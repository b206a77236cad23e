/** Suites that need Redis: skipped without it, with a title that says why. */
import { describe, inject } from 'vitest';

/** A suite on the server that the run shares (global-setup.ts). */
export function describeWithRedis(title: string, body: (serverUrl: string) => void): void {
  const redis = inject('redis');
  if ('url' in redis) describe(title, () => body(redis.url));
  else describe.skipIf(true)(`${title} (skipped: ${redis.reason})`, () => {});
}
