/**
 * What is done with a failure that was found: it is run twice, shrunk if asked, written down and
 * told. A failure that cannot be seen again is one of the simulator.
 */
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FoundViolation } from '../checks/violation.ts';
import { drawScenario, type Scenario } from '../scenario/scenario.ts';
import type { Arguments } from './arguments.ts';
import { exitCodeOf, harnessFault } from './exit-codes.ts';
import { crashOf, type Jobs } from './jobs.ts';
import { writeScenario, writeTraces } from './outputs.ts';
import { describeFailure, type ShrunkSize } from './report.ts';
import { runTwice } from './run-twice.ts';
import type { Ran } from './thread-messages.ts';

/** For one failing scenario. */
const shrinkBudget = { runs: 3_000, seconds: 30 };

export interface FoundFailure {
  /** The scenario, or the seed from which it is drawn. */
  readonly of: Scenario | number;
  /** The seed from which it was made. */
  readonly seed: number;
  readonly violation: FoundViolation;
  /** Of the run in which it was found; null: that run did not end. */
  readonly traceHash: string | null;
  /** The command that shows it again. */
  readonly reproduce: string;
}

/** Tells of a failure on stderr; returns the exit code. */
export async function tellFailure(
  jobs: Jobs,
  found: FoundFailure,
  args: Pick<Arguments, 'outputs' | 'planted'>,
): Promise<number> {
  if (found.traceHash === null) return tellWithoutTrace(found, found.violation);
  const twice = await runTwice(jobs, found.of, found.traceHash);
  if (twice.type === 'ended') return tellWithoutTrace(found, crashOf(twice));
  if (twice.type === 'different') {
    console.error(`FAIL (harness)  ${twice.message}\n  reproduce: ${found.reproduce}`);
    return harnessFault;
  }
  const { ran } = twice;
  const shrunk = args.outputs.shrink ? await shrinkFailure(jobs, found, ran) : null;
  const told = shrunk?.ran ?? ran;
  const violation = told.result.violation ?? found.violation;
  const reproduce = [found.reproduce];
  if (shrunk !== null) {
    const { scenario, result } = shrunk.ran;
    const planted = args.planted?.id ?? null;
    const written = { scenario, violation, events: result.trace, planted, seed: found.seed };
    const file = writeScenario(written, args.outputs.save);
    reproduce.unshift(`npm run sim -- repro ${file}${plantedOption(args.planted)}`);
  }
  await writeTraces(args.outputs, told, reproduce[0] ?? found.reproduce);
  tell({
    violation: found.violation,
    told: violation,
    scenario: told.scenario,
    events: told.result.trace,
    shrunk: shrunk?.size ?? null,
    reproduce,
  });
  return exitCodeOf(found.violation);
}

/** What to add to a command, to have the bug in it. */
export function plantedOption(planted: Arguments['planted']): string {
  return planted === null ? '' : ` --planted ${planted.id}`;
}

interface ShrunkRun {
  readonly ran: Ran;
  readonly size: ShrunkSize;
}

/** null: what is left does not end, so that there is nothing to tell. */
export async function shrinkFailure(
  jobs: Jobs,
  { violation }: Pick<FoundFailure, 'violation'>,
  { scenario: from }: Ran,
): Promise<ShrunkRun | null> {
  const startMs = performance.now();
  const { scenario, runs } = await jobs.shrink(from, violation, shrinkBudget);
  const seconds = (performance.now() - startMs) / 1000;
  const ran = await jobs.run(scenario, { trace: true });
  return 'type' in ran ? null : { ran, size: { from, runs, seconds } };
}

function tellWithoutTrace(found: FoundFailure, violation: FoundViolation): number {
  const scenario = typeof found.of === 'number' ? drawScenario(found.of) : found.of;
  const reproduce = [found.reproduce];
  tell({ violation, told: violation, scenario, events: [], shrunk: null, reproduce });
  return exitCodeOf(violation);
}

/** Paths of a stack are told from the repository's root. */
function tell(failure: Parameters<typeof describeFailure>[0]): void {
  const root = join(import.meta.dirname, '..', '..') + sep;
  const words = describeFailure(failure);
  console.error(`\n${words.replaceAll(pathToFileURL(root).href, '').replaceAll(root, '')}`);
}
