/**
 * The simulator's command line: runs seeds on all cores, says what was found, and how to see it
 * again. What it can do stands in arguments.ts.
 *
 * Nothing is simulated in this thread: with or without a planted bug, all runs happen in threads
 * that are started from one bundle (bundle.ts), which can be ended when they do not end.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fingerprint } from '../checks/violation.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { decodeScenarioFile, type ScenarioFile } from '../scenario/scenario-file.ts';
import { ArgumentError, type Arguments, help, parseArguments, type Work } from './arguments.ts';
import { bundleWorker } from './bundle.ts';
import { onEndSignal } from './end-signals.ts';
import { harnessFault, usageMistake } from './exit-codes.ts';
import { plantedOption, tellFailure } from './failure.ts';
import { crashOf, Jobs } from './jobs.ts';
import { writeTraces } from './outputs.ts';
import { Progress } from './progress.ts';
import { runTwice } from './run-twice.ts';
import { type Summary, shortcomings, summaryLines, summaryOf } from './summary.ts';
import {
  addFinding,
  addResult,
  type Finding,
  firstFinding,
  newTally,
  type Tally,
} from './tally.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  let args: Arguments | null;
  let file: ScenarioFile | null = null;
  try {
    args = parseArguments(process.argv.slice(2));
    if (args?.work.type === 'repro') file = readScenarioFile(args.work.file);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    console.error(`${error.message}\n--help tells what there is`);
    return usageMistake;
  }
  if (args === null) {
    console.log(help);
    return 0;
  }
  const threads = args.jobs ?? availableParallelism();
  const isSingle = args.work.type === 'seed' || args.work.type === 'repro';
  const { stuckAfterMs, planted } = args;
  const bundle = await bundleWorker(planted);
  const jobs = new Jobs({ bundle, jobs: isSingle ? 1 : threads, stuckAfterMs });
  try {
    return await perform(jobs, { args, threads, file });
  } finally {
    await jobs.close();
  }
}

interface Wanted {
  readonly args: Arguments;
  readonly threads: number;
  /** Of `repro`. */
  readonly file: ScenarioFile | null;
}

function perform(jobs: Jobs, wanted: Wanted): Promise<number> {
  const { args, file } = wanted;
  switch (args.work.type) {
    case 'batch':
      return runBatch(jobs, wanted, args.work);
    case 'hashes':
      return printHashes(jobs, args.work);
    case 'seed': {
      const { seed } = args.work;
      const reproduce = `npm run sim -- --seed ${seed}${plantedOption(args.planted)}`;
      return runOne(jobs, { args, of: seed, seed, reproduce, file: null });
    }
    case 'repro': {
      if (file === null) throw new Error('repro without a file');
      const { seed } = file.found;
      const reproduce = `npm run sim -- repro ${args.work.file}${plantedOption(args.planted)}`;
      return runOne(jobs, { args, of: file.scenario, seed, reproduce, file });
    }
  }
}

async function runBatch(
  jobs: Jobs,
  { args, threads }: Wanted,
  { from, count, seconds, keepGoing }: Extract<Work, { type: 'batch' }>,
): Promise<number> {
  const progress = new Progress(process.stderr);
  const startMs = performance.now();
  const stop = (): void => jobs.stop();
  const timer = seconds === null ? null : setTimeout(stop, seconds * 1000);
  onEndSignal(stop);
  const told = (sum: Tally): void => progress.told(sum);
  const tally = await jobs.batch({ from, count, keepGoing, told });
  if (timer !== null) clearTimeout(timer);
  progress.end();
  const summary = summaryOf(tally, { jobs: threads, seconds: secondsSince(startMs) });
  const exitCode = await judge(jobs, args, { found: firstFinding(tally), summary });
  console.log(args.json ? JSON.stringify(summary) : summaryLines(summary).join('\n'));
  return exitCode;
}

/** Tells what was found, or what the batch lacks; returns the exit code. */
function judge(
  jobs: Jobs,
  args: Arguments,
  { found, summary }: { readonly found: Finding | null; readonly summary: Summary },
): Promise<number> | number {
  if (found !== null) {
    const { seed } = found;
    const reproduce = `npm run sim -- --seed ${seed}${plantedOption(args.planted)}`;
    return tellFailure(jobs, { ...found, of: seed, reproduce }, args);
  }
  const missing = shortcomings(summary);
  for (const line of missing) console.error(line);
  return missing.length === 0 ? 0 : harnessFault;
}

interface One {
  readonly args: Arguments;
  readonly of: Scenario | number;
  readonly seed: number;
  readonly reproduce: string;
  /** Whence the scenario is; null: drawn. */
  readonly file: ScenarioFile | null;
}

/** One scenario, twice. */
async function runOne(jobs: Jobs, { args, of, seed, reproduce, file }: One): Promise<number> {
  const startMs = performance.now();
  const twice = await runTwice(jobs, of, null);
  if (twice.type === 'different') {
    console.error(`FAIL (harness)  ${twice.message}\n  reproduce: ${reproduce}`);
    return harnessFault;
  }
  const tally = newTally();
  let traceHash: string | null = null;
  if (twice.type === 'ended') {
    tally.seeds++;
    addFinding(tally, { seed, violation: crashOf(twice), traceHash, count: 1 });
  } else {
    ({ traceHash } = twice.ran.result);
    addResult(tally, twice.ran.result, { eachSeed: false });
  }
  const summary = summaryOf(tally, { jobs: 1, seconds: secondsSince(startMs) });
  const { violation } = summary;
  let exitCode = 0;
  if (violation !== null) {
    exitCode = await tellFailure(jobs, { of, seed, violation, traceHash, reproduce }, args);
  } else if (twice.type === 'same') await writeTraces(args.outputs, twice.ran, reproduce);
  if (args.json) console.log(JSON.stringify({ ...summary, traceHash }));
  else {
    const { events, committedOperations, faults } = summary;
    const did = `${events} events, ${committedOperations} committed operations, ${faults} faults`;
    console.log(`seed ${seed}: ${violation === null ? 'passed' : 'failed'}, twice; ${did}`);
    console.log(`trace hash ${traceHash ?? 'unknown'}`);
    if (file !== null) console.log(verdict(file, summary, args));
  }
  return exitCode;
}

/** How the run of a file compares with what the file says of it. */
function verdict(file: ScenarioFile, { violation }: Summary, { planted, work }: Arguments): string {
  const id = file.planted;
  if (violation !== null) {
    const isSame = fingerprint(violation) === file.fingerprint;
    return isSame
      ? 'it fails as the file says'
      : `it fails in another way than the file says: ${file.fingerprint}`;
  }
  if (id === null) return `it does not fail any more: ${file.fingerprint}`;
  if (planted?.id === id) return `with ${id} planted it should fail: ${file.fingerprint}`;
  const path = work.type === 'repro' ? work.file : '';
  return `it fails with ${id} planted: npm run sim -- repro ${path} --planted ${id}`;
}

/** One line: the same for the same sources, in any process on any machine. */
async function printHashes(
  jobs: Jobs,
  { from, count }: Extract<Work, { type: 'hashes' }>,
): Promise<number> {
  const tally = await jobs.batch({ from, count, keepGoing: true, eachSeed: true });
  const hash = createHash('sha256');
  for (const { seed, traceHash } of tally.runs.sort((a, b) => a.seed - b.seed)) {
    hash.update(`${seed} ${traceHash}\n`);
  }
  console.log(`${tally.runs.length} seeds from ${from}: ${hash.digest('hex').slice(0, 32)}`);
  return 0;
}

/** Throws an ArgumentError: it is no scenario file. */
function readScenarioFile(path: string): ScenarioFile {
  try {
    return decodeScenarioFile(readFileSync(path, 'utf8'));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ArgumentError(`${path}: ${message}`, { cause });
  }
}

function secondsSince(startMs: number): number {
  return (performance.now() - startMs) / 1000;
}
