/**
 * `npm run sim:mutants`: plants each bug in turn and looks how soon the simulator finds it. Fails
 * when one is not found within its number of seeds, or by a property that was not expected: then it
 * is the simulator that has a bug.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { huntedBugs } from '../planted/planted-bugs.ts';
import type { PlantedBug } from '../planted/planting.ts';
import { ArgumentError, count, plantedBug } from './arguments.ts';
import { bundleWorker } from './bundle.ts';
import { usageMistake } from './exit-codes.ts';
import { shrinkFailure } from './failure.ts';
import { Jobs } from './jobs.ts';
import { type Find, type MutantRow, rowOf, tryMutant, withTable } from './mutant-trials.ts';
import { writeScenario } from './outputs.ts';

const help = `Usage: npm run sim:mutants -- [ID …] [options]
  --trials N   batches for each bug, from different seeds (default 5)
  --jobs N     threads (default: as many as there are cores)
  --save       shrink what found each, and write it to fixtures/seeds
  --table      write the table of docs/simulation.md anew
  --json       print one JSON object as the last line
  --help`;

const root = join(import.meta.dirname, '..', '..');
const page = join(root, 'docs', 'simulation.md');
const stuckAfterMs = 60_000;
/** Words of a story that are part of a file's name. */
const slugWords = 5;

interface Wanted {
  readonly bugs: readonly PlantedBug[];
  readonly trials: number;
  readonly jobs: number;
  readonly save: boolean;
  readonly table: boolean;
  readonly json: boolean;
}

process.exitCode = await main();

async function main(): Promise<number> {
  let wanted: Wanted | null;
  try {
    wanted = parse(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(`${error.message}\n${help}`);
    return usageMistake;
  }
  if (wanted === null) {
    console.log(help);
    return 0;
  }
  const rows: MutantRow[] = [];
  for (const bug of wanted.bugs) rows.push(await measure(bug, wanted));
  const caught = rows.filter(({ misses }) => misses.length === 0).length;
  if (wanted.table) writeFileSync(page, withTable(readFileSync(page, 'utf8'), rows));
  console.log(`${caught} of ${rows.length} found`);
  if (wanted.json) {
    const shown = rows.map(({ id, property, seedsMedian, eventsMedian }) => {
      return { id, property, seedsMedian, eventsMedian };
    });
    console.log(JSON.stringify({ planted: rows.length, caught, rows: shown }));
  }
  return caught === rows.length ? 0 : 1;
}

/** null: help is wanted. Throws an error in words. */
function parse(args: readonly string[]): Wanted | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      trials: { type: 'string', default: '5' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      save: { type: 'boolean', default: false },
      table: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { save, table, json } = values;
  if (values.help) return null;
  if (table && positionals.length > 0) throw new ArgumentError('--table is for all bugs at once');
  const bugs = positionals.length === 0 ? huntedBugs : positionals.map(plantedBug);
  const trials = count('trials', values.trials, 100);
  return { bugs, trials, jobs: count('jobs', values.jobs, 256), save, table, json };
}

async function measure(bug: PlantedBug, wanted: Wanted): Promise<MutantRow> {
  const bundle = await bundleWorker(bug);
  const jobs = new Jobs({ bundle, jobs: wanted.jobs, stuckAfterMs });
  try {
    const finds = await tryMutant(jobs, bug, wanted.trials);
    const row = rowOf(bug, finds);
    const { id, property, seedsMedian, eventsMedian, misses } = row;
    const found = `${property ?? 'nothing'} after ${seedsMedian ?? '–'} seeds`;
    console.log(`${id}  ${found}, ${eventsMedian ?? '–'} events  ${bug.story}`);
    for (const miss of misses) console.log(`  MISSED  ${miss}`);
    const first = finds.find((find) => find !== null);
    if (wanted.save && first !== undefined) await save(jobs, bug, first);
    return row;
  } finally {
    await jobs.close();
  }
}

/** Writes the shrunk scenario of a find, which must pass without the bug. */
async function save(jobs: Jobs, bug: PlantedBug, { seed, violation }: Find): Promise<void> {
  const ran = await jobs.run(seed, { trace: false });
  const shrunk = 'type' in ran ? null : await shrinkFailure(jobs, { violation }, ran);
  const shown = shrunk?.ran.result.violation ?? null;
  if (shrunk === null || shown === null) {
    console.log(`  NOT SAVED  seed ${seed} does not end`);
    return;
  }
  const { scenario, result } = shrunk.ran;
  const sound = new Jobs({ bundle: await bundleWorker(null), jobs: 1, stuckAfterMs });
  const honest = await sound.run(scenario, { trace: false });
  await sound.close();
  if ('type' in honest || honest.result.violation !== null) {
    console.log(`  NOT SAVED  the scenario of seed ${seed} fails without ${bug.id}, too`);
    return;
  }
  const written = { scenario, violation: shown, events: result.trace, planted: bug.id, seed };
  const path = join(root, 'fixtures', 'seeds', `${bug.id}-${slug(bug.story)}.json`);
  const { intents, faults } = scenario;
  const size = `${intents.length} intents, ${faults.length} faults`;
  console.log(`  ${relative(root, writeScenario(written, path))}: ${size}`);
}

function slug(story: string): string {
  const words = story.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.slice(0, slugWords).join('-');
}
