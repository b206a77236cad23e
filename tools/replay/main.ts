/**
 * `npm run replay -- --trace NAME`: plays a concurrent trace against the real server.
 *
 * Exit code 0: every text is the trace's end, nothing acknowledged is lost, nothing is doubled, and
 * every transaction was typed at its parents. 1: something of that is not so. 2: it was not played.
 */
import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { check, type Venue } from './check.ts';
import { readLog, startOwnServer } from './own-server.ts';
import { passed, tableOf } from './report.ts';
import { syntheticDefaults as defaults, syntheticTrace } from './synthetic-trace.ts';
import { findTrace, limitTrace, readTrace } from './trace.ts';

/** Kills of `--kill`. */
const defaultKills = 5;

const help = `Usage: npm run replay -- [--trace NAME|FILE] [options]

Plays an editing trace with one client per author, each on its own WebSocket, against the real
server, and compares every text with the trace's end.

  --trace NAME|FILE  a file, or a name looked for in TRACES_DIR, ../shared/traces and
                     fixtures/traces (default: synthetic, which is there)
  --url URL          a server that runs already; its log is read too if DATABASE_URL is set
                     to its database
  --kill             SIGKILL the server at ${defaultKills} random moments; each time it starts again
  --kills N          at N random moments
  --seed N           of the moments (default: random, and printed)
  --limit N          the first N transactions only
  --json             the last line of the output is the report as one JSON object
  --generate FILE    writes a synthetic trace instead, with --seed (default ${defaults.seed}) and
                     --limit transactions (default ${defaults.transactions})
`;

const { values } = parseArgs({
  options: {
    trace: { type: 'string', default: 'synthetic' },
    url: { type: 'string' },
    kill: { type: 'boolean', default: false },
    kills: { type: 'string' },
    seed: { type: 'string' },
    limit: { type: 'string' },
    json: { type: 'boolean', default: false },
    generate: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

try {
  if (values.help) process.stdout.write(help);
  else if (values.generate !== undefined) await generate(values.generate);
  else await replay();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

async function generate(path: string): Promise<void> {
  const seed = integer('seed', defaults.seed);
  const transactions = integer('limit', defaults.transactions);
  const options = { ...defaults, seed, transactions };
  await writeFile(path, syntheticTrace(options));
  console.log(`wrote ${path}`);
}

async function replay(): Promise<void> {
  const kills = integer('kills', values.kill ? defaultKills : 0);
  if (kills > 0 && values.url !== undefined) {
    throw new Error('--kill is for a server that the replay starts itself: leave out --url');
  }
  const path = await findTrace(values.trace, process.env);
  const trace = limitTrace(await readTrace(path), integer('limit', Number.MAX_SAFE_INTEGER));
  const seed = integer('seed', randomInt(2 ** 32));
  console.log(`${path}: ${trace.transactions.length} transactions, seed ${seed}`);
  const own = values.url === undefined ? await startOwnServer(process.env) : null;
  try {
    const venue = own === null ? foreignVenue(values.url ?? '') : { ...own, crash: own };
    const { report, details } = await check(trace, venue, { kills, seed, say: console.log });
    console.log(tableOf(report, details));
    if (values.json) console.log(JSON.stringify(report));
    process.exitCode = passed(report, details) ? 0 : 1;
  } finally {
    await own?.stop();
  }
}

function foreignVenue(syncUrl: string): Venue {
  const database = process.env.DATABASE_URL;
  const read =
    database === undefined || database === '' ? null : (id: string) => readLog(database, id);
  return { syncUrl, readLog: read, crash: null };
}

function integer(name: 'kills' | 'seed' | 'limit', byDefault: number): number {
  const text = values[name];
  if (text === undefined) return byDefault;
  if (!/^\d+$/.test(text)) throw new Error(`--${name} is a number, got ${text}`);
  return Number(text);
}
