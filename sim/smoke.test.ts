/**
 * Goal: a short run for every commit. Two hundred seeds and every seed that ever found a bug find
 * nothing, do enough to count, and can be repeated.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plantedBugs } from './planted-bugs.ts';
import { simulate } from './simulate.ts';

interface BugSeed {
  readonly seed: number;
  readonly story: string;
  readonly fixedBy: string;
  readonly planted: string;
}

const folder = join(import.meta.dirname, '..', 'fixtures', 'bug-seeds');
const bugSeeds = readdirSync(folder)
  .sort((a, b) => (a < b ? -1 : 1))
  .map((name): BugSeed => JSON.parse(readFileSync(join(folder, name), 'utf8')));

it('two hundred seeds find nothing, and do enough to count', () => {
  const results = Array.from({ length: 200 }, (_, n) => simulate(n + 1));
  expect(results.filter(({ violation }) => violation !== null)).toEqual([]);
  const average = (count: (result: (typeof results)[0]) => number): number =>
    results.reduce((sum, result) => sum + count(result), 0) / results.length;
  expect(average(({ events }) => events)).toBeGreaterThan(500);
  expect(average(({ committedOperations }) => committedOperations)).toBeGreaterThan(50);
  expect(average(({ faults }) => faults)).toBeGreaterThan(1);
});

it('every kind of fault happens', () => {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= 60; seed++) {
    for (const kind of simulate(seed).faultsByKind.keys()) kinds.add(kind);
  }
  expect([...kinds].sort((a, b) => (a < b ? -1 : 1))).toEqual([
    'bus duplicate',
    'bus loss',
    'bus outage',
    'clock step',
    'crash',
    'cut',
    'database outage',
    'failed read',
    'half-open',
    'offline',
    'refused row',
    'slow message',
    'stall',
    'unknown outcome',
  ]);
});

it('a seed run twice gives the same trace, with or without its lines kept', () => {
  for (const seed of [3, 1234, 2 ** 40 + 5]) {
    const [first, second] = [simulate(seed), simulate(seed, { trace: true })];
    expect(second.traceHash).toBe(first.traceHash);
    expect(second.trace).toHaveLength(second.events);
    expect(second.finalTexts).toEqual(first.finalTexts);
  }
});

describe('a seed that found a bug', () => {
  it.each(bugSeeds)('finds it no more: $story', ({ seed, planted }) => {
    expect(plantedBugs.map(({ id }) => id)).toContain(planted);
    expect(simulate(seed).violation).toBeNull();
  });
});
