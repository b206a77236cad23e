/**
 * `npm run bench:cluster`: how long a keystroke takes to other clients, on the same node and on
 * another one, while several nodes serve one document; and, with `--redis-outage`, what becomes of
 * that while Redis is away; or, with `--rolling-restart`, while the nodes are restarted in turn.
 *
 * Exit code 0: everything arrived once and all texts are equal. 1: not so. 2: it was not measured.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from '../engine/child-process.ts';
import { positive } from '../engine/session.ts';
import { measure } from './measure.ts';
import { clusterTable, passed } from './report.ts';
import { type OutageKind, startVenue } from './venue.ts';

const help = `Usage: npm run bench:cluster [-- options]

  --nodes N            nodes, each a process (default 3)
  --clients N          clients, all on one document (default 300)
  --authors N          of them type; the others listen (default all). With 1, other nodes have no
                       rows of their own that would show them what they missed
  --seconds N          to measure; with an outage: before and after it (default 20)
  --rate N             keystrokes per second, of all clients together (default 100)
  --generators N       processes that the clients are in (default 2)
  --redis-outage N     for so many seconds Redis is away
  --outage-by KIND     freeze (the process stands still) or kill (default kill)
  --rolling-restart N  each node gets SIGTERM and is started again, one after the other, in N
                       seconds at most; all clients are full, and go to the next node when sent away
  --seed N             of the times and places of the keystrokes (default 1)
  --json               the report as one JSON object instead of a table
`;

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '3' },
    clients: { type: 'string', default: '300' },
    authors: { type: 'string' },
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '100' },
    generators: { type: 'string', default: '2' },
    'redis-outage': { type: 'string' },
    'outage-by': { type: 'string', default: 'kill' },
    'rolling-restart': { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

try {
  if (values.help) process.stdout.write(help);
  else await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

async function main(): Promise<void> {
  const outageSeconds = values['redis-outage'];
  const outage =
    outageSeconds === undefined
      ? null
      : { kind: outageKind(), seconds: positive('redis-outage', outageSeconds) };
  const rolling = values['rolling-restart'];
  if (outage !== null && rolling !== undefined) {
    throw new RangeError('either --redis-outage or --rolling-restart');
  }
  const clients = count('clients', values.clients);
  const options = {
    clients,
    authors: Math.min(clients, count('authors', values.authors ?? values.clients)),
    generators: count('generators', values.generators),
    seconds: positive('seconds', values.seconds),
    keysPerSecond: positive('rate', values.rate),
    seed: count('seed', values.seed),
    outage,
    rollingSeconds: rolling === undefined ? null : positive('rolling-restart', rolling),
    say: (message: string) => process.stderr.write(`${message}\n`),
  };
  const folder = join(import.meta.dirname, '../../.cache/bench-cluster');
  const script = await bundle({ entry: join(import.meta.dirname, './child.ts'), folder });
  const venue = await startVenue({
    nodes: count('nodes', values.nodes),
    ownRedis: outage !== null,
  });
  try {
    const report = await measure(venue, { ...options, script });
    console.log(values.json ? JSON.stringify(report) : clusterTable(report));
    process.exitCode = passed(report) ? 0 : 1;
  } finally {
    await venue.stop();
  }
}

function count(name: string, text: string): number {
  const number = positive(name, text);
  if (!Number.isInteger(number)) throw new RangeError(`--${name} takes an integer, got ${number}`);
  return number;
}

function outageKind(): OutageKind {
  const kind = values['outage-by'];
  if (kind === 'freeze' || kind === 'kill') return kind;
  throw new RangeError(`--outage-by takes freeze or kill, got ${kind}`);
}
