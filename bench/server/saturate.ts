/** The highest rate at which edits still arrive in time, and what stood in the way of more. */
import type { LoadReport } from './load.ts';
import type { Measurement, ServerLoad } from './measure.ts';
import { RateSearch } from './rate-search.ts';

export interface SaturateOptions {
  readonly start: number;
  /** Of each step. */
  readonly seconds: number;
  readonly presence: boolean;
  readonly seed: number;
  readonly say: (message: string) => void;
}

export interface SaturationReport {
  readonly name: string;
  readonly connections: number;
  readonly documents: number;
  /** 0: not even the lowest rate that was tried. */
  readonly highestEditsPerSecond: number;
  /** What the lowest rate above it failed by. */
  readonly limit: string;
  /** At the highest rate. */
  readonly best: LoadReport | null;
  readonly steps: readonly LoadReport[];
}

const broadcastP99MsMax = 50;
const lateP99MsMax = 5;
const warmUpSeconds = 2;
const search = { growth: 1.5, precision: 0.05, attempts: 2, ceiling: 100_000 };

export async function saturate(
  crowd: ServerLoad,
  { start, say, ...load }: SaturateOptions,
): Promise<SaturationReport> {
  const rates = new RateSearch({ ...search, start });
  const steps: LoadReport[] = [];
  let best: LoadReport | null = null;
  let limit = `the highest rate tried is ${search.ceiling}`;
  let lowestFailure = Infinity;
  for (let rate = rates.next; rate !== null; rate = rates.next) {
    // Another plan for each step; the same ones in every run.
    const seed = load.seed + steps.length;
    const step = await crowd.run({ ...load, seed, editsPerSecond: rate, warmUpSeconds });
    const failure = failureOf(step);
    steps.push(step.report);
    say(`${rate} edits/s: ${failure ?? 'borne'} (${figures(step.report)})`);
    if (failure === null && rate > (best?.editsPerSecond ?? 0)) best = step.report;
    if (failure !== null && rate <= lowestFailure) [lowestFailure, limit] = [rate, failure];
    rates.tell(failure === null);
    if (isBroken(step)) break;
  }
  const { name = '', connections = 0, documents = 0 } = steps[0] ?? {};
  const highestEditsPerSecond = rates.highest;
  return { name, connections, documents, highestEditsPerSecond, limit, best, steps };
}

/** What is told of a search. */
export function saturationTable(report: SaturationReport): string {
  const { connections, documents, highestEditsPerSecond, limit, best } = report;
  return [
    `load          ${connections} connections, ${documents} documents`,
    `highest       ${highestEditsPerSecond} edits/s with p99 < ${broadcastP99MsMax} ms`,
    `beyond it     ${limit}`,
    ...(best === null ? [] : [`at it         ${figures(best)}`]),
  ].join('\n');
}

/** Null: the load was borne. */
function failureOf({ report, ended }: Measurement): string | null {
  const { broadcastMs, generatorLateMsP99, missing, doubled } = report;
  if (ended > 0) return `${ended} clients were dropped`;
  if (missing > 0) return `${missing} deliveries are missing`;
  if (doubled > 0) return `${doubled} deliveries came twice`;
  // The generator first: nothing that it measured says anything then.
  if (generatorLateMsP99 >= lateP99MsMax)
    return `the generator is late by p99 ${generatorLateMsP99} ms`;
  if (broadcastMs.p99 >= broadcastP99MsMax) return `A to B takes p99 ${broadcastMs.p99} ms`;
  return null;
}

/** Nothing that follows would be accounted for. */
function isBroken({ report, ended }: Measurement): boolean {
  return ended > 0 || report.missing > 0 || report.doubled > 0;
}

function figures({ broadcastMs, ...report }: LoadReport): string {
  const { serverCpu, postgresCpu, generatorCpu, generatorLateMsP99, operationsPerCommit } = report;
  return [
    `p50 ${broadcastMs.p50}, p99 ${broadcastMs.p99} ms`,
    `generator late ${generatorLateMsP99} ms`,
    `processors: server ${serverCpu}, PostgreSQL ${postgresCpu}, generators ${generatorCpu}`,
    `${operationsPerCommit} edits per commit`,
  ].join('; ');
}
