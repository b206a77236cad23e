/**
 * Goal: each planted bug of the text is caught by the test that was written for it, and a test that
 * passes with harmless changes tells about the code that they bring to life.
 */
import { expect, it } from 'vitest';
import { planted, runTested, sourceOf } from '../cli/plant.ts';
import { harmlessChanges, plantedEngineBugs } from './planted-engine-bugs.ts';

const bugs = plantedEngineBugs.map((bug) => [bug.id, bug.test, bug] as const);
const changes = harmlessChanges.map((change) => [change.id, change.file, change] as const);

it.each([...bugs, ...changes])('%s fits the sources', (_id, _test, { plantings }) => {
  for (const planting of plantings) {
    const source = sourceOf(planting.file);
    expect(planted(source, planting)).not.toBe(source);
  }
});

it.each(bugs)(
  '%s is caught by "%s"',
  (_id, _test, bug) => {
    const { passed, failed, output } = runTested(bug);
    expect({ passed, failed }, output).toEqual({ passed: [], failed: [bug.test] });
  },
  120_000,
);

it.each(changes)(
  '%s: all tests of %s pass',
  (_id, _file, change) => {
    const { passed, failed, output } = runTested(change);
    expect(failed, output).toEqual([]);
    expect(passed.length, output).toBeGreaterThan(0);
  },
  600_000,
);
