/** Suites that start Redis servers of their own: skipped without, with a title that says why. */
import { describe } from 'vitest';
import { findRedis } from '../backing/redis-program.ts';

const program = await findRedis();

/** A suite that may start servers, whatever the run shares. */
export function describeWithRedisProgram(title: string, body: () => void): void {
  const reason = typeof program === 'string' ? program : null;
  if (reason === null) describe(title, body);
  else if (process.env.REQUIRE_REDIS === '1') throw new Error(`REQUIRE_REDIS=1, but ${reason}`);
  else describe.skipIf(true)(`${title} (skipped: ${reason})`, () => {});
}
