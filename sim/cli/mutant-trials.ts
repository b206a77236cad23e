/**
 * How soon the simulator finds a planted bug: batches from different first seeds, each until the
 * first violation. What finds it most often and after how many seeds is the measure of the tester.
 */
import type { FoundViolation } from '../checks/violation.ts';
import type { PlantedBug } from '../planted/planting.ts';
import type { Jobs } from './jobs.ts';
import { firstFinding, type SeedRun } from './tally.ts';

/** Trials begin this far from each other. */
const seedsBetween = 1_000_000;
/** A bug that may take more seeds than this is tried less often. */
const slowSeeds = 1_000;
const trialsOfSlow = 3;

/** What one batch came to; null: it found nothing. */
export interface Find {
  readonly seed: number;
  /** Until the bug was found, that one's seed included. */
  readonly seeds: number;
  readonly events: number;
  readonly violation: FoundViolation;
}

export interface MutantRow {
  readonly id: string;
  readonly story: string;
  /** What found it most often; null: nothing did. */
  readonly property: string | null;
  readonly seedsMedian: number | null;
  readonly eventsMedian: number | null;
  /** What went wrong with these trials, in words; empty: the bug is found as expected. */
  readonly misses: readonly string[];
}

export async function tryMutant(
  jobs: Jobs,
  bug: PlantedBug,
  trialsMax: number,
): Promise<readonly (Find | null)[]> {
  const trials = bug.seedsMax > slowSeeds ? Math.min(trialsOfSlow, trialsMax) : trialsMax;
  const finds: (Find | null)[] = [];
  for (let trial = 0; trial < trials; trial++) {
    const from = 1 + trial * seedsBetween;
    const tally = await jobs.batch({ from, count: bug.seedsMax, eachSeed: true });
    const found = firstFinding(tally);
    if (found === null) finds.push(null);
    else {
      const { seed, violation } = found;
      const events = eventsThrough(tally.runs, seed);
      finds.push({ seed, seeds: seed - from + 1, events, violation });
    }
  }
  return finds;
}

export function rowOf(bug: PlantedBug, finds: readonly (Find | null)[]): MutantRow {
  const found = finds.filter((find) => find !== null);
  const misses = finds.flatMap((find, trial) => {
    if (find === null) return [`trial ${trial + 1}: not found in ${bug.seedsMax} seeds`];
    const { property, message } = find.violation;
    if (bug.properties.includes(property)) return [];
    const line = message.split('\n')[0] ?? '';
    return [`trial ${trial + 1}: by ${property}, not ${bug.properties.join('/')}: ${line}`];
  });
  return {
    id: bug.id,
    story: bug.story,
    property: mostFrequent(found.map(({ violation }) => violation.property)),
    seedsMedian: median(found.map(({ seeds }) => seeds)),
    eventsMedian: median(found.map(({ events }) => events)),
    misses,
  };
}

/** The page with the rows between its markers. Throws if it has none. */
export function withTable(page: string, rows: readonly MutantRow[]): string {
  const lines = rows.map(({ id, story, property, seedsMedian, eventsMedian }) => {
    const numbers = [seedsMedian ?? '–', eventsMedian?.toLocaleString('en-US') ?? '–'];
    return `| ${id} | ${story} | ${property ?? 'nothing'} | ${numbers.join(' | ')} |`;
  });
  const head =
    '| Bug | What is wrong | Found by | Seeds | Events |\n| --- | --- | --- | --: | --: |';
  const markers = /(<!-- mutants -->\n).*?(<!-- \/mutants -->)/s;
  if (!markers.test(page)) throw new Error('no <!-- mutants --> … <!-- /mutants --> in the page');
  return page.replace(
    markers,
    (_all, start, end) => `${start}\n${head}\n${lines.join('\n')}\n\n${end}`,
  );
}

/** Of the seeds of a batch that are not above `seed`: those are all run, whoever ran them. */
function eventsThrough(runs: readonly SeedRun[], seed: number): number {
  return runs.reduce((sum, run) => (run.seed <= seed ? sum + run.events : sum), 0);
}

/** The first of those that are there most often. */
function mostFrequent(names: readonly string[]): string | null {
  const count = (name: string): number => names.filter((other) => other === name).length;
  const [first] = [...new Set(names)].sort((a, b) => count(b) - count(a));
  return first ?? null;
}

/** The lower one of an even number. */
function median(numbers: readonly number[]): number | null {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
