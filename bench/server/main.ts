/**
 * `npm run bench:server`: our server under load on durable PostgreSQL, from clients in processes of
 * their own; how many edits it bears; what an idle connection takes.
 *
 * Exit code 0: everything arrived once. 1: not so. 2: it was not measured.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from '../engine/child-process.ts';
import { positive } from '../engine/session.ts';
import type { Load } from './load.ts';
import { ServerLoad, type Subject } from './measure.ts';
import { loadTable, passed } from './report.ts';
import { sveDialect } from './sve-dialect.ts';
import { foreignSve, sveServer } from './sve-server.ts';
import { startPostgres, startVenue, type Venue } from './venue.ts';

const help = `Usage: npm run bench:server -- [options]

  --connections N      clients, a WebSocket each (default 1000)
  --documents N        that they are spread over (default 100)
  --edits-per-second N of all clients together, one character each, at random times (default 500)
  --seconds N          to measure, after a warm-up (default 20)
  --presence           every client moves its cursor once a second
  --saturate           the highest rate with p99 < 50 ms instead, in steps of --seconds (default 10)
  --idle               what a connection without edits takes instead
  --url URL            a server that runs already, http://host:port; of its process nothing is told
  --workers N          passed on to the server
  --generators N       processes that the clients are in (default: 1, from 2000 connections on 2)
  --seed N             of the times and authors (default 1)
  --svg FILE           writes a histogram of the latencies
  --json               the report as one JSON object instead of a table
`;

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '1000' },
    documents: { type: 'string', default: '100' },
    'edits-per-second': { type: 'string', default: '500' },
    seconds: { type: 'string' },
    presence: { type: 'boolean', default: false },
    saturate: { type: 'boolean', default: false },
    idle: { type: 'boolean', default: false },
    url: { type: 'string' },
    workers: { type: 'string' },
    generators: { type: 'string' },
    seed: { type: 'string', default: '1' },
    svg: { type: 'string' },
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
  const load = readLoad();
  const folder = join(import.meta.dirname, '../../.cache/bench-server/sve');
  const entry = join(import.meta.dirname, './sve-generator.ts');
  const generatorScript = await bundle({ entry, folder });
  const { venue, stop } = await openVenue();
  try {
    await measure({ dialect: sveDialect, generatorScript, venue }, load);
  } finally {
    await stop();
  }
}

async function measure(subject: Subject, load: Load): Promise<void> {
  const crowd = await ServerLoad.open(subject, load);
  try {
    say(`${load.connections} clients have joined`);
    const { report } = await crowd.run({ ...load, warmUpSeconds: 3 });
    console.log(values.json ? JSON.stringify(report) : loadTable(report));
    process.exitCode = passed(report) ? 0 : 1;
  } finally {
    crowd.end();
  }
}

function readLoad(): Load {
  const connections = count('connections', values.connections);
  return {
    connections,
    documents: count('documents', values.documents),
    editsPerSecond: positive('edits-per-second', values['edits-per-second']),
    seconds: positive('seconds', values.seconds ?? (values.saturate ? '10' : '20')),
    presence: values.presence,
    seed: count('seed', values.seed),
    generators: count('generators', values.generators ?? (connections < 2000 ? '1' : '2')),
  };
}

async function openVenue(): Promise<{ venue: Venue; stop: () => Promise<void> }> {
  const { url, workers } = values;
  if (url !== undefined) {
    const stop = (): Promise<void> => Promise.resolve();
    const venue = { running: foreignSve(url), databaseUrl: null, postgresPid: null, stop };
    return { venue, stop };
  }
  const postgres = await startPostgres();
  try {
    const flags = workers === undefined ? [] : ['--workers', String(count('workers', workers))];
    const venue = await startVenue(sveServer(), postgres, flags);
    const stop = async (): Promise<void> => {
      await venue.stop();
      await postgres.stop();
    };
    return { venue, stop };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

function count(name: string, text: string): number {
  const number = positive(name, text);
  if (!Number.isInteger(number)) throw new RangeError(`--${name} takes an integer, got ${number}`);
  return number;
}

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}
