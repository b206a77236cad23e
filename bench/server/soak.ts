/**
 * `npm run soak`: a steady, modest load for long, with clients that come and go and documents that
 * close and open. Samples memory, event loop and latency over time, and in the end accounts for
 * every edit.
 *
 * Exit code 0: memory is flat, nothing lost, doubled or missing, nobody dropped. 1: not so. 2: it
 * was not run.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { machine, positive } from '../engine/session.ts';
import { timePlot } from './plots.ts';
import { failuresOf, type Sample, type SoakReport, soakTable } from './soak-report.ts';
import { type SoakOptions, soak } from './soak-run.ts';
import { sveServer } from './sve-server.ts';
import { startPostgres, startVenue } from './venue.ts';

const help = `Usage: npm run soak -- [options]

  --minutes N          how long (default 60)
  --clients N          at a time; each stays for 45 s on average (default 200)
  --documents N        that are edited at a time; every 5 s another takes a place (default 40)
  --edits-per-second N of all clients together (default 100)
  --sample-seconds N   between two samples, each with a garbage collection (default 15, and at most
                       a 16th of the time)
  --seed N             (default 1)
  --out FILE           writes the report with all samples as JSON
  --svg FILE           draws the samples
  --json               the report as one JSON object instead of a table
`;

/** Documents leave memory soon, and those that are edited for a while get snapshots. */
const serverFlags = ['--document-idle-ms', '5000', '--snapshot-rows', '100'];

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    clients: { type: 'string', default: '200' },
    documents: { type: 'string', default: '40' },
    'edits-per-second': { type: 'string', default: '100' },
    'sample-seconds': { type: 'string', default: '15' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
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
  const options = readOptions();
  const postgres = await startPostgres();
  try {
    const venue = await startVenue(sveServer(), postgres, serverFlags);
    const report = await soak(venue, options).finally(() => venue.stop());
    const told = JSON.stringify({ machine: machine(), postgres: postgres.rung, ...report });
    if (values.out !== undefined) await writeFile(values.out, `${told}\n`);
    if (values.svg !== undefined) await writeFile(values.svg, picture(report));
    console.log(values.json ? told : soakTable(report));
    const failures = failuresOf(report);
    for (const failure of failures) process.stderr.write(`FAILED: ${failure}\n`);
    process.exitCode = failures.length === 0 ? 0 : 1;
  } finally {
    await postgres.stop();
  }
}

function readOptions(): SoakOptions {
  return {
    minutes: positive('minutes', values.minutes),
    clients: positive('clients', values.clients),
    documents: positive('documents', values.documents),
    editsPerSecond: positive('edits-per-second', values['edits-per-second']),
    sampleSeconds: positive('sample-seconds', values['sample-seconds']),
    seed: positive('seed', values.seed),
    say: (message) => process.stderr.write(`${message}\n`),
  };
}

function picture({ samples, minutes, clients, editsPerSecond }: SoakReport): string {
  const title = `${minutes} min, ${clients} clients that come and go, ${editsPerSecond} edits/s`;
  const of = (name: string, pick: (sample: Sample) => number) => {
    return { name, values: samples.map(pick) };
  };
  return timePlot(
    title,
    samples.map(({ minute }) => minute),
    [
      of('heap and buffers after gc, MB', ({ heapMb }) => heapMb),
      of('resident, MB', ({ rssMb }) => rssMb),
      of('A to B, p99, ms', ({ broadcastP99Ms }) => broadcastP99Ms),
      of('delay of the event loop, max, ms', ({ loopDelayMaxMs }) => loopDelayMaxMs),
      of('connections', ({ connections }) => connections),
      of('documents in memory', ({ documents }) => documents),
    ],
  );
}
