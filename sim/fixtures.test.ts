/**
 * Goal: what the simulator found stays found. Each scenario of fixtures/seeds passes, fails again
 * with the bug that it found planted, and fails as it did then.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprint } from './checks/violation.ts';
import { bundleWorker } from './cli/bundle.ts';
import { Jobs } from './cli/jobs.ts';
import type { Ran } from './cli/thread-messages.ts';
import { plantedBugs } from './planted/planted-bugs.ts';
import { decodeScenarioFile, type ScenarioFile } from './scenario/scenario-file.ts';

const folder = join(import.meta.dirname, '..', 'fixtures', 'seeds');
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const files = names.map((name): readonly [string, ScenarioFile] => {
  return [name, decodeScenarioFile(readFileSync(join(folder, name), 'utf8'))];
});

async function run(jobs: Jobs, { scenario }: ScenarioFile): Promise<Ran['result']> {
  const ran = await jobs.run(scenario, { trace: false });
  if ('type' in ran) throw new Error(ran.reason);
  return ran.result;
}

const options = { jobs: 1, stuckAfterMs: 60_000 };

describe('a scenario that found a bug', () => {
  let honest: Jobs;

  beforeAll(async () => {
    honest = new Jobs({ ...options, bundle: await bundleWorker(null) });
  });

  afterAll(() => honest.close());

  it.each(files)('%s finds it no more, and finds it again when it is planted', async (_, file) => {
    expect((await run(honest, file)).violation).toBeNull();
    const bug = plantedBugs.find(({ id }) => id === file.planted);
    if (bug === undefined) throw new Error(`no bug ${file.planted}`);
    const planted = new Jobs({ ...options, bundle: await bundleWorker(bug) });
    const { violation } = await run(planted, file);
    await planted.close();
    if (violation === null) throw new Error(`${bug.id} is not found any more: ${file.story}`);
    expect(fingerprint(violation)).toBe(file.fingerprint);
    expect(bug.properties).toContain(violation.property);
  });
});

it('every bug that is too rare to be hunted has its scenario', () => {
  const told = new Set(files.map(([, { planted }]) => planted));
  expect(plantedBugs.filter(({ seedsMax, id }) => seedsMax > 1000 && !told.has(id))).toEqual([]);
});
