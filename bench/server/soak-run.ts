/** One soak: the crowd at work with samples taken, then every edit accounted for. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { must } from '../../engine/assert.ts';
import { openPostgresLog, readAll } from '../../server/testing/log-access.ts';
import { rounded } from './measure.ts';
import { nowMs } from './own-clock.ts';
import { type Balance, balanceOf, sumOfBalances } from './soak-accounts.ts';
import { SoakCrowd, type SoakCrowdOptions } from './soak-crowd.ts';
import { growthOf, type Sample, type SoakReport } from './soak-report.ts';
import { metricsOf } from './sve-server.ts';
import type { Venue } from './venue.ts';

export interface SoakOptions extends Omit<SoakCrowdOptions, 'baseUrl' | 'prefix'> {
  readonly minutes: number;
  readonly sampleSeconds: number;
  readonly say: (message: string) => void;
}

/** What is not there so long after the last edit is missing. */
const patienceMs = 30_000;
const pollMs = 500;
/** A quarter of the samples makes a median. */
const samplesFewest = 16;

export async function soak(venue: Venue, options: SoakOptions): Promise<SoakReport> {
  const { minutes, clients, documents, editsPerSecond } = options;
  const prefix = `soak-${randomBytes(6).toString('hex')}`;
  const crowd = new SoakCrowd({ ...options, prefix, baseUrl: venue.running.baseUrl });
  crowd.start();
  try {
    const samples = await sample(venue, crowd, options);
    crowd.pause();
    const { balance, missing } = await settle(venue, crowd, prefix);
    return {
      ...{ minutes, clients, documents, editsPerSecond },
      ...balance,
      missing,
      doubled: balance.doubled + crowd.doubled,
      typed: crowd.typed,
      joined: crowd.joined,
      documentsEdited: crowd.accounts.size,
      dropped: crowd.dropped,
      heapMb: growthOf(samples.map(({ heapMb }) => heapMb)),
      rssMb: growthOf(samples.map(({ rssMb }) => rssMb)),
      samples,
    };
  } finally {
    crowd.end();
  }
}

async function sample(venue: Venue, crowd: SoakCrowd, options: SoakOptions): Promise<Sample[]> {
  const { minutes, sampleSeconds, say } = options;
  const startMs = nowMs();
  const count = Math.max(samplesFewest, Math.floor((60 * minutes) / sampleSeconds));
  const periodMs = (60_000 * minutes) / count;
  const samples: Sample[] = [];
  while (samples.length < count) {
    await sleep(Math.max(0, startMs + (samples.length + 1) * periodMs - nowMs()));
    const one = { minute: rounded((nowMs() - startMs) / 60_000), ...(await look(venue, crowd)) };
    samples.push(one);
    const { minute, heapMb, rssMb, broadcastP99Ms, connections } = one;
    const told = [`heap ${heapMb} MB`, `resident ${rssMb} MB`, `p99 ${broadcastP99Ms} ms`];
    say(`${minute} min: ${told.join(', ')}, ${connections} clients, ${crowd.typed} edits`);
  }
  return samples;
}

async function look(venue: Venue, crowd: SoakCrowd): Promise<Omit<Sample, 'minute'>> {
  const { child, baseUrl } = venue.running;
  const server = must(child, 'the server is a process of ours');
  const { loopDelayMaxMs, gcMaxMs } = await server.ask('read');
  const broadcastP99Ms = rounded(crowd.takeBroadcast().quantile(0.99));
  // The pause that this makes is none of the server's.
  const { rssBytes, heapUsedBytes, externalBytes } = await server.ask('collect');
  await server.ask('reset');
  const metrics = await metricsOf(baseUrl);
  return {
    rssMb: rounded(rssBytes / 2 ** 20),
    heapMb: rounded((heapUsedBytes + externalBytes) / 2 ** 20),
    loopDelayMaxMs: rounded(loopDelayMaxMs),
    gcMaxMs: rounded(gcMaxMs),
    connections: metrics.get('sve_connections') ?? 0,
    documents: metrics.get('sve_documents') ?? 0,
    broadcastP99Ms,
  };
}

/** Waits until the log and all clients agree, or patience is over. */
async function settle(
  venue: Venue,
  crowd: SoakCrowd,
  prefix: string,
): Promise<{ readonly balance: Balance; readonly missing: number }> {
  const giveUpMs = nowMs() + patienceMs;
  while (crowd.pending > 0 && nowMs() < giveUpMs) await sleep(pollMs);
  for (;;) {
    const balances = await readBalances(must(venue.databaseUrl, 'its log'), crowd, prefix);
    const found = new Map([...balances].map(([document, { found: edits }]) => [document, edits]));
    const missing = crowd.missing(found);
    if (missing === 0 || nowMs() >= giveUpMs) {
      return { balance: sumOfBalances([...balances.values()]), missing };
    }
    await sleep(pollMs);
  }
}

async function readBalances(
  url: string,
  crowd: SoakCrowd,
  prefix: string,
): Promise<Map<number, Balance>> {
  const log = openPostgresLog({ url });
  const balances = new Map<number, Balance>();
  try {
    for (const [document, accounts] of crowd.accounts) {
      balances.set(document, balanceOf(await readAll(log, `${prefix}-${document}`), accounts));
    }
    return balances;
  } finally {
    await log.close();
  }
}
