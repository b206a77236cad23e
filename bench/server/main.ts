/**
 * `npm run bench:server`: our server under load on durable PostgreSQL, from clients in processes of
 * their own; how many edits it bears; what an idle connection takes.
 *
 * Exit code 0: everything arrived once. 1: not so. 2: it was not measured.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from '../engine/child-process.ts';
import { positive } from '../engine/session.ts';
import { idleTable, measureIdle } from './idle.ts';
import type { Load } from './load.ts';
import { ServerLoad, type Subject } from './measure.ts';
import { spreadPlot } from './plots.ts';
import { loadTable, passed } from './report.ts';
import { saturate, saturationTable } from './saturate.ts';
import { sveDialect } from './sve-dialect.ts';
import { foreignSve, sveServer } from './sve-server.ts';
import { startPostgres, startVenue, type Venue } from './venue.ts';

const help = `Usage: npm run bench:server -- [options]

  --connections N      clients, a WebSocket each (default 1000)
  --documents N        that they are spread over (default 100)
  --edits-per-second N of all clients together, one character each, at random times (default 500)
  --seconds N          to measure, after a warm-up (default 20)
  --presence           every client moves its cursor once a second
  --saturate           the highest rate with p99 < 50 ms instead, from --edits-per-second on, in
                       steps of --seconds (default 10)
  --idle               what a connection without edits takes instead
  --url URL            a server that runs already, http://host:port; of its process nothing is told
  --workers N          passed on to the server
  --generators N       processes that the clients are in (default: 1, from 2000 connections on 2)
  --seed N             of the times and authors (default 1)
  --svg FILE           writes a histogram of the latencies
  --json               the report as one JSON object instead of a table
`;

const warmUpSeconds = 3;

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
    const subject = { dialect: sveDialect, generatorScript, venue };
    if (values.idle) tell(await measureIdle(subject, load), idleTable);
    else await withCrowd(subject, load, values.saturate ? findLimit : measure);
  } finally {
    await stop();
  }
}

async function withCrowd(
  subject: Subject,
  load: Load,
  act: (crowd: ServerLoad, load: Load) => Promise<void>,
): Promise<void> {
  const crowd = await ServerLoad.open(subject, load);
  try {
    say(`${load.connections} clients have joined`);
    await act(crowd, load);
  } finally {
    crowd.end();
  }
}

async function measure(crowd: ServerLoad, load: Load): Promise<void> {
  const { report, broadcast, ack, ended, reasons } = await crowd.run({ ...load, warmUpSeconds });
  tell(report, loadTable);
  if (ended > 0) say(`${ended} clients were dropped: ${reasons.join('; ')}`);
  if (values.svg !== undefined && broadcast.count > 0) {
    const { connections, documents, editsPerSecond } = load;
    const title = `${connections} connections, ${documents} documents, ${editsPerSecond} edits/s`;
    const spreads = [
      { name: 'A to B', histogram: broadcast },
      { name: 'acknowledged', histogram: ack },
    ];
    await writeFile(values.svg, spreadPlot(title, spreads));
  }
  process.exitCode = passed(report) && ended === 0 ? 0 : 1;
}

async function findLimit(crowd: ServerLoad, load: Load): Promise<void> {
  const start = load.editsPerSecond;
  tell(await saturate(crowd, { ...load, start, say }), saturationTable);
}

function tell<Report>(report: Report, table: (report: Report) => string): void {
  console.log(values.json ? JSON.stringify(report) : table(report));
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
