/**
 * What the command line asks for. Anything unknown, missing or out of range is an error in words,
 * before anything runs.
 */
import { parseArgs } from 'node:util';

import { plantedBugs } from '../planted/planted-bugs.ts';
import type { PlantedBug } from '../planted/planting.ts';

export const help = `Usage: npm run sim -- [options]
       npm run sim -- repro FILE.json [options]     runs a scenario file, twice

  --seeds N          run N seeds (default 1000)
  --minutes N        run seeds until N minutes have passed, however many; also --seconds N
  --from N           the first seed (default 1); text, a commit hash say, is hashed
  --seed N           run this seed only, twice, and compare the hashes of the traces
  --jobs N           threads (default: as many as there are cores)
  --keep-going       do not stop at a violation; count them by kind, with the first seed of each
  --planted ID       with a planted bug (sim/planted/planted-bugs.ts)
  --hashes N         print one hash over the traces of N seeds, to compare processes and engines
  --json             print one JSON object as the last line
  --stuck-after N    seconds after which a run that does not end is given up (default 60)

Of what failed (or of --seed, of repro):
  --trace FILE       write its trace as JSON Lines
  --html FILE        write its trace as a page
  --shrink           make its scenario as small as can be in 30 s; written to .cache/sim
  --save FILE        shrink, and write the scenario there

Exit codes: 0 nothing found, 127 crash, 128 liveness, 129 safety, 130 the harness itself, 2 a
mistake in these options.`;

/** What is wanted of a run that is looked at closely. */
export interface Outputs {
  readonly trace: string | null;
  readonly html: string | null;
  readonly shrink: boolean;
  readonly save: string | null;
}

export type Work =
  | {
      readonly type: 'batch';
      readonly from: number;
      readonly count: number;
      /** null: until the seeds are used up. */
      readonly seconds: number | null;
      readonly keepGoing: boolean;
    }
  | { readonly type: 'seed'; readonly seed: number }
  | { readonly type: 'repro'; readonly file: string }
  | { readonly type: 'hashes'; readonly from: number; readonly count: number };

export interface Arguments {
  readonly work: Work;
  readonly outputs: Outputs;
  readonly planted: PlantedBug | null;
  /** null: one for each core. */
  readonly jobs: number | null;
  readonly json: boolean;
  readonly stuckAfterMs: number;
}

/** A mistake on the command line, in words. */
export class ArgumentError extends Error {}

const options = {
  seeds: { type: 'string' },
  minutes: { type: 'string' },
  seconds: { type: 'string' },
  from: { type: 'string' },
  seed: { type: 'string' },
  jobs: { type: 'string' },
  'keep-going': { type: 'boolean', default: false },
  planted: { type: 'string' },
  hashes: { type: 'string' },
  json: { type: 'boolean', default: false },
  'stuck-after': { type: 'string' },
  trace: { type: 'string' },
  html: { type: 'string' },
  shrink: { type: 'boolean', default: false },
  save: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** null: help is wanted. Throws an ArgumentError. */
export function parseArguments(args: readonly string[]): Arguments | null {
  const { values, positionals } = parsed(args);
  if (values.help) return null;
  const { trace = null, html = null, save = null, jobs, 'stuck-after': stuckAfter } = values;
  return {
    work: workOf(values, positionals),
    outputs: { trace, html, save, shrink: values.shrink || save !== null },
    planted: values.planted === undefined ? null : plantedBug(values.planted),
    jobs: jobs === undefined ? null : count('jobs', jobs, 256),
    json: values.json,
    stuckAfterMs:
      stuckAfter === undefined ? 60_000 : 1000 * amount('stuck-after', stuckAfter, 86_400),
  };
}

/** A number as it is, other text by its FNV-1a hash. */
export function seedOf(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(number) && number >= 0) return number;
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}

/** The planted bug of this id. Throws an ArgumentError. */
export function plantedBug(id: string): PlantedBug {
  const bug = plantedBugs.find((candidate) => candidate.id === id);
  if (bug !== undefined) return bug;
  const ids = plantedBugs.map((candidate) => candidate.id);
  throw new ArgumentError(`no planted bug ${id}; there are ${ids.join(', ')}`);
}

/** A positive integer. Throws an ArgumentError. */
export function count(name: string, text: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  throw new ArgumentError(`--${name} ${text}: expected a whole number from 1 to ${max}`);
}

type Parsed = ReturnType<typeof parsed>;

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ArgumentError(message, { cause });
  }
}

function workOf(values: Parsed['values'], positionals: readonly string[]): Work {
  const [command, file, ...more] = positionals;
  if (command !== undefined) {
    if (command !== 'repro') throw new ArgumentError(`no command ${command}; there is repro`);
    if (file === undefined || more.length > 0) throw new ArgumentError('repro takes one file');
    return { type: 'repro', file };
  }
  if (values.seed !== undefined) return { type: 'seed', seed: exactSeed(values.seed) };
  const from = seedOf(values.from ?? '1');
  const most = Number.MAX_SAFE_INTEGER - from;
  if (values.hashes !== undefined) {
    return { type: 'hashes', from, count: count('hashes', values.hashes, most) };
  }
  const seconds = secondsOf(values);
  const seeds = values.seeds === undefined ? 1000 : count('seeds', values.seeds, most);
  const range = { from, count: seconds === null ? seeds : most };
  return { type: 'batch', ...range, seconds, keepGoing: values['keep-going'] };
}

function secondsOf({ minutes, seconds }: Parsed['values']): number | null {
  if (minutes !== undefined) return 60 * amount('minutes', minutes, 30_000);
  return seconds === undefined ? null : amount('seconds', seconds, 1_800_000);
}

function exactSeed(text: string): number {
  const seed = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(seed)) return seed;
  throw new ArgumentError(`--seed ${text}: expected a whole number from 0 to 2^53 - 1`);
}

function amount(name: string, text: string, max: number): number {
  const value = Number(text);
  // A timer waits 2^31 ms at most.
  if (text.trim() !== '' && value > 0 && value <= max) return value;
  throw new ArgumentError(`--${name} ${text}: expected a number above 0, at most ${max}`);
}
