/** How both ends of the bus between workers use its pipe. */
import type { Writable } from 'node:stream';

/** Waiting for the other end, per pipe: seconds of the fastest typing that one machine carries. */
export const busBytesMax = 16 * 2 ** 20;

/** What is written until the end of this turn leaves in one piece. */
export function corkForNow(pipe: Writable): void {
  if (pipe.writableCorked > 0) return;
  pipe.cork();
  process.nextTick(() => pipe.uncork());
}
