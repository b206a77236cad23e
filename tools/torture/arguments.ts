/**
 * What the command line of a torture run asks for. Anything unknown or out of range is an error in
 * words, before anything starts.
 */
import { parseArgs } from 'node:util';
import { ArgumentError, count, seedOf } from '../../sim/cli/arguments.ts';
import { faultKinds } from './fault-kinds.ts';
import { type PlantedServerBug, plantedServerBugs } from './planted-bugs.ts';
import type { TortureOptions } from './run.ts';

const minutesMax = 24 * 60;
const documents = 3;
const pace = { phaseMs: 9_000, faultsPerRound: 9, stretch: 100 };

export const help = `Usage: npm run torture -- [options]

Several nodes as processes, a PostgreSQL and a Redis of their own, and clients on real sockets that
type while all of it is killed, stopped, cut off and slowed down. Everything is on loopback and is
removed at the end.

  --minutes N     until N minutes have passed (default 1)
  --seed N        of the faults and of what people type; text, a commit hash say, is hashed
                  (default: random, and printed). The same seed plans the same, but real time is
                  not repeatable: it is another run.
  --nodes N       2 to 9 (default 3)
  --clients N     2 to 200 (default 24), on ${documents} documents
  --plant NAME    with a planted bug: ${plantedServerBugs.map(({ id }) => id).join(', ')}
  --json          print the report as one JSON object in the last line

Exit codes: 0 nothing found, 127 crash, 128 liveness, 129 safety, 130 the run does not count (too
few operations, or too few faults of a kind), 1 it could not be set up, 2 a mistake in these
options.`;

export interface Arguments {
  readonly options: Omit<TortureOptions, 'signal' | 'say' | 'onProgress'>;
  readonly json: boolean;
}

const options = {
  minutes: { type: 'string', default: '1' },
  seed: { type: 'string' },
  nodes: { type: 'string', default: '3' },
  clients: { type: 'string', default: '24' },
  plant: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** null: help is wanted. `randomSeed` if none is given. Throws an ArgumentError. */
export function parseArguments(args: readonly string[], randomSeed: number): Arguments | null {
  const values = parsed(args);
  if (values.help) return null;
  return {
    options: {
      seed: values.seed === undefined ? randomSeed : seedOf(values.seed),
      minutes: minutes(values.minutes),
      nodes: atLeast(2, 'nodes', values.nodes, 9),
      clients: atLeast(2, 'clients', values.clients, 200),
      documents,
      kinds: faultKinds,
      pace,
      planted: values.plant === undefined ? null : plantedBug(values.plant),
      isEnough: () => false,
    },
    json: values.json,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ArgumentError(message, { cause });
  }
}

function minutes(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= minutesMax) return value;
  throw new ArgumentError(`--minutes ${text}: expected a number above 0, at most ${minutesMax}`);
}

function atLeast(least: number, name: string, text: string, most: number): number {
  const value = count(name, text, most);
  if (value >= least) return value;
  throw new ArgumentError(`--${name} ${text}: expected a whole number from ${least} to ${most}`);
}

function plantedBug(id: string): PlantedServerBug {
  const bug = plantedServerBugs.find((candidate) => candidate.id === id);
  if (bug !== undefined) return bug;
  const ids = plantedServerBugs.map((candidate) => candidate.id);
  throw new ArgumentError(`--plant ${id}: expected one of ${ids.join(', ')}`);
}
