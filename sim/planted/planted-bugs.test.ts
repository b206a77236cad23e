/**
 * Goal: the simulator finds bugs, and tells how to see them again. The whole list runs with `npm
 * run sim:mutants`; here a few, and that all of them still fit the sources.
 */
import { expect, it } from 'vitest';
import { bundleWorker } from '../cli/bundle.ts';
import { planted, sourceOf } from '../cli/plant.ts';
import { runCommand, summaryIn } from '../testing/run-command.ts';
import { plantedBugs } from './planted-bugs.ts';

it.each(plantedBugs)('$id fits the sources: $story', ({ plantings }) => {
  for (const planting of plantings) {
    const source = sourceOf(planting.file);
    expect(planted(source, planting)).not.toBe(source);
  }
});

it.each(plantedBugs)('$id can be built', async (bug) => {
  expect(await bundleWorker(bug)).toContain(bug.id);
});

it('a text that is not there, or there twice, is an error', () => {
  const planting = { file: 'f', text: 'x', replacement: 'y' };
  expect(() => planted('ab', planting)).toThrow('0 times');
  expect(() => planted('axbx', planting)).toThrow('2 times');
});

it.each(['M00', 'M01', 'M08'])(
  '%s is found within 30 seeds, and its seed is printed',
  async (id) => {
    const run = await runCommand(['--planted', id, '--seeds', '30', '--json']);
    const { seed, violation } = summaryIn(run);
    const expected = plantedBugs.find((bug) => bug.id === id)?.properties;
    expect(expected).toContain(violation?.property);
    expect([127, 128, 129]).toContain(run.exitCode);
    expect(run.stderr).toContain(`npm run sim -- --seed ${seed} --planted ${id}\n`);
  },
);
