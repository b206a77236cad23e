/**
 * Goal: the simulator finds bugs, and tells how to see them again. The whole list runs with `npm
 * run sim:mutants`; here two, and that all of them still fit the sources.
 */
import { expect, it } from 'vitest';
import { plantedBugs } from './planted-bugs.ts';
import { planted, runPlanted, sourceOf } from './testing/plant.ts';

it.each(plantedBugs)('$id fits the sources: $story', ({ plantings }) => {
  for (const planting of plantings) {
    const source = sourceOf(planting.file);
    expect(planted(source, planting)).not.toBe(source);
  }
});

it('a text that is not there, or there twice, is an error', () => {
  const planting = { file: 'f', text: 'x', replacement: 'y' };
  expect(() => planted('ab', planting)).toThrow('0 times');
  expect(() => planted('axbx', planting)).toThrow('2 times');
});

it.each([
  ['M00', ['S9'], 129],
  ['M01', ['G2'], 129],
  ['M08', ['S13'], 129],
])('%s is found within 30 seeds, and its seed is printed', (id, properties, exitCode) => {
  const bug = plantedBugs.find((candidate) => candidate.id === id);
  if (bug === undefined) throw new Error(`no bug ${id}`);
  const run = runPlanted(bug, { seeds: 30 });
  expect(properties).toContain(run.summary?.violation?.property);
  expect(run.exitCode).toBe(exitCode);
  expect(run.output).toContain(`npm run sim -- --seed ${run.summary?.seed}`);
});
