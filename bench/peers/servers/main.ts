/**
 * `npm run bench:server-peers`: our server and those of others under the same load, in turn, in one
 * run; and how many edits, acknowledged or shown to somebody, are gone when each is killed. The
 * others are installed in bench/peers only (`npm ci` there), never by the root.
 *
 * Exit code 0: everything was measured and ours lost nothing. 1: not so. 2: it could not begin.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from '../../engine/child-process.ts';
import { positive } from '../../engine/session.ts';
import { startPostgres } from '../../server/venue.ts';
import { coldLine } from './cold-line.ts';
import { compare } from './comparison.ts';
import { packages } from './contenders.ts';
import { dialectNames, ourName } from './dialects.ts';
import { chosenEntrants } from './entrants.ts';
import { framesLine } from './frames-line.ts';
import { idleLine } from './idle-line.ts';
import { killsLine } from './kills-line.ts';
import type { Line, Outcome } from './line.ts';
import { loadLine } from './load-line.ts';
import { lineTable } from './report.ts';
import { saturationLine } from './saturation-line.ts';

const lineNames = ['load', 'saturation', 'readers', 'idle', 'cold', 'frames', 'kills'] as const;

const help = `Usage: npm run bench:server-peers [-- options]

  --lines A,B          of ${lineNames.join(', ')}
                       (default: all but kills)
  --servers A,B        of ${dialectNames.join(', ')}
                       (default: all)
  --rounds N           each server once in each (default 5)
  --seconds N          to measure in a run of load or readers, and of a step of saturation
                       (default 10)
  --connections N      clients of load, saturation, readers and idle (default 1000)
  --generators N       processes that the clients are in (default 1; of readers 2)
  --kills N            kills each server so often, and does no other line unless told by --lines
  --kill-after-ms A,B  a kill comes between these times after the first edit (default 500,8000)
  --edits N            of the document of cold (default 100000)
  --flags TEXT         further flags for our server, separated by spaces
  --seed N             of the times of kills (default 1)
  --json               what was measured as one JSON object instead of tables
`;

const { values } = parseArgs({
  options: {
    lines: { type: 'string' },
    servers: { type: 'string', default: dialectNames.join(',') },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    connections: { type: 'string', default: '1000' },
    generators: { type: 'string' },
    kills: { type: 'string' },
    'kill-after-ms': { type: 'string', default: '500,8000' },
    edits: { type: 'string', default: '100000' },
    flags: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

try {
  if (values.help) process.stdout.write(help);
  else if (existsSync(packages)) await main();
  else throw new Error('The peers are not installed: run `npm ci` in bench/peers first.');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

async function main(): Promise<void> {
  const lines = chosenLines();
  const flags = values.flags.split(' ').filter((flag) => flag !== '');
  const entrants = await chosenEntrants(values.servers.split(','), flags);
  const folder = join(packages, '.bench/generator');
  const generatorScript = await bundle({
    entry: join(import.meta.dirname, './generator.ts'),
    folder,
  });
  const postgres = await startPostgres();
  const outcomes: Outcome[] = [];
  try {
    for (const line of lines) {
      const rounds = line.name === 'kills' ? 1 : count('rounds', values.rounds);
      const options = { entrants, line, rounds, postgres, generatorScript, say };
      outcomes.push(...(await compare(options)));
      if (!values.json) console.log(`${lineTable(line, entrants, outcomes)}\n`);
    }
  } finally {
    await postgres.stop();
  }
  if (values.json) console.log(JSON.stringify({ postgres: postgres.rung, outcomes }));
  const isBad = ({ entrant, values: { lost = 0 }, failure }: Outcome): boolean =>
    failure !== null || (entrant === ourName && lost !== 0);
  process.exitCode = outcomes.some(isBad) ? 1 : 0;
}

function chosenLines(): Line[] {
  const usual =
    values.kills === undefined ? lineNames.filter((name) => name !== 'kills') : ['kills'];
  const names = values.lines?.split(',') ?? usual;
  const all = allLines();
  return names.map((name) => {
    const line = all.find((each) => each.name === name);
    if (line === undefined)
      throw new RangeError(`--lines takes ${lineNames.join(', ')}; got ${name}`);
    return line;
  });
}

function allLines(): Line[] {
  const connections = count('connections', values.connections);
  const generators = count('generators', values.generators ?? '1');
  const seconds = positive('seconds', values.seconds);
  const documents = Math.max(1, Math.round(connections / 10));
  const crowd = { connections, documents, generators };
  const readers = {
    connections,
    documents: 1,
    generators: count('generators', values.generators ?? '2'),
  };
  const [min = 0, max = min] = values['kill-after-ms'].split(',').map(Number);
  return [
    loadLine({ name: 'load', ...crowd, editsPerSecond: 500, seconds }),
    saturationLine({ ...crowd, seconds, say }),
    loadLine({ name: 'readers', ...readers, editsPerSecond: 2, seconds: 3 * seconds }),
    idleLine(crowd),
    coldLine({ edits: count('edits', values.edits) }),
    framesLine({ seconds }),
    killsLine({
      kills: count('kills', values.kills ?? '5'),
      ...{ documents: 4, authors: 5, editsPerSecond: 200, afterMs: { min, max } },
      ...{ seed: count('seed', values.seed), say },
    }),
  ];
}

function count(name: string, text: string): number {
  const number = positive(name, text);
  if (!Number.isInteger(number)) throw new RangeError(`--${name} takes an integer, got ${number}`);
  return number;
}

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}
