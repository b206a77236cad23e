/** Suites that need Redis: skipped without it, with a title that says why. */
import { describe, inject } from 'vitest';

/** A suite on the server that the run shares (global-setup.ts). */
export function describeWithRedis(title: string, body: (serverUrl: string) => void): void {
  const redis = inject('redis');
  if ('url' in redis) describe(title, () => body(redis.url));
  else describe.skipIf(true)(`${title} (skipped: ${redis.reason})`, () => {});
}

/** A suite that starts servers of its own with `program`, whatever the run shares. */
export function describeWithRedisProgram(
  title: string,
  program: string | null,
  body: () => void,
): void {
  const reason = 'no redis-server or valkey-server on PATH';
  if (program !== null) describe(title, body);
  else if (process.env.REQUIRE_REDIS === '1') throw new Error(`REQUIRE_REDIS=1, but ${reason}`);
  else describe.skipIf(true)(`${title} (skipped: ${reason})`, () => {});
}
