/**
 * One attack in a process of its own: `attacker.ts NAME SYNC_URL DOCUMENT MS`, or
 * `attacker.ts burn SHARE MS`, which only takes that share of a processor. Prints a line when it
 * begins, and at the end as JSON what it was told, how often, and the seconds of processor that it
 * took.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { attacks } from '../../server/testing/attacks.ts';

const sliceMs = 10;
const [name = '', ...rest] = process.argv.slice(2);
const told: Record<string, number> = {};
process.stdout.write('begin\n');
const start = process.cpuUsage();
if (name === 'burn') await burn(Number(rest[0]), Number(rest[1]));
else await attack(rest[0] ?? '', rest[1] ?? '', Number(rest[2]));
const { user, system } = process.cpuUsage(start);
process.stdout.write(`${JSON.stringify({ told, cpuSeconds: (user + system) / 1e6 })}\n`);
process.exit(0);

async function attack(syncUrl: string, document: string, ms: number): Promise<void> {
  const signal = AbortSignal.timeout(ms);
  setMaxListeners(0, signal);
  const onTold = (answer: string): void => {
    told[answer] = (told[answer] ?? 0) + 1;
  };
  const [, run] = Object.entries(attacks).find(([known]) => known === name) ?? [];
  if (run === undefined) throw new Error(`no attack ${name}`);
  while (!signal.aborted) {
    // It ended because the server cut it off: an attacker comes back.
    await run({ syncUrl, document, signal, onTold }).catch(() => null);
    await wait(1);
  }
}

async function burn(share: number, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const busyUntil = performance.now() + sliceMs * Math.min(1, share);
    while (performance.now() < busyUntil);
    await wait(sliceMs * Math.max(0, 1 - share));
  }
}
