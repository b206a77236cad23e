/**
 * Goal: tallies add up however seeds were handed out, and a batch that did too little is told from
 * one that found nothing.
 */
import { describe, expect, it } from 'vitest';
import { properties, sometimes } from '../checks/coverage.ts';
import type { FoundViolation } from '../checks/violation.ts';
import type { SimResult } from '../result.ts';
import { shortcomings, summaryLines, summaryOf } from './summary.ts';
import { addResult, firstFinding, mergeTally, newTally, type Tally } from './tally.ts';

function violationOf(property: string): FoundViolation {
  return { kind: 'safety', property, message: 'c0 lost 3', about: [], event: 1, timeMs: 1 };
}

function result(seed: number, changes: Partial<SimResult> = {}): SimResult {
  return {
    seed,
    violation: null,
    events: 600,
    committedOperations: 60,
    faults: 2,
    faultsByKind: new Map([['crash', 2]]),
    simulatedMs: 36_000,
    traceHash: `hash ${seed}`,
    checkpoints: [],
    checked: new Map(properties.map((property) => [property, 1])),
    sometimes: new Map(sometimes.map((state) => [state, 1])),
    finalTexts: [],
    trace: [],
    ...changes,
  };
}

function tallyOf(results: readonly SimResult[]): Tally {
  const tally = newTally();
  for (const one of results) addResult(tally, one, { eachSeed: true });
  return tally;
}

const many = (count: number, changes: Partial<SimResult> = {}): SimResult[] =>
  Array.from({ length: count }, (_, index) => result(index + 1, changes));
const summarized = (results: readonly SimResult[]) =>
  summaryOf(tallyOf(results), { jobs: 2, seconds: 60 });

describe('a tally', () => {
  const results = [
    result(1),
    result(2, { violation: violationOf('S1') }),
    result(3, { violation: violationOf('S2') }),
    result(4, { violation: violationOf('S1') }),
  ];

  it('is the same whoever ran the seeds', () => {
    const [a, b] = [tallyOf(results.slice(2)), tallyOf(results.slice(0, 2))];
    mergeTally(a, b);
    a.runs.sort((one, other) => one.seed - other.seed);
    expect({ ...a, findings: new Map([...a.findings].sort()) }).toEqual(tallyOf(results));
  });

  it('has the lowest seed of each finding, and of all', () => {
    const tally = tallyOf([...results].reverse());
    expect(firstFinding(tally)).toMatchObject({ seed: 2, count: 2, traceHash: 'hash 2' });
    expect(firstFinding(tallyOf(many(3)))).toBeNull();
    const { fingerprints, violations, seed } = summaryOf(tally, { jobs: 1, seconds: 1 });
    expect({ violations, seed }).toEqual({ violations: 3, seed: 2 });
    expect(fingerprints).toEqual([
      { fingerprint: 'S1: · lost 0', seed: 2, count: 2 },
      { fingerprint: 'S2: · lost 0', seed: 3, count: 1 },
    ]);
  });
});

describe('a summary', () => {
  it('tells rates and averages', () => {
    expect(summarized(many(30))).toMatchObject({
      seeds: 30,
      violations: 0,
      seedsPerMinute: 30,
      eventsPerSecond: 300,
      simulatedHours: 0.3,
      eventsPerSeed: 600,
      committedOperationsPerSeed: 60,
      faultsPerSeed: 2,
      faultsByKind: { crash: 60 },
      sometimesUnreached: [],
      propertiesUnreached: [],
      violation: null,
    });
    expect(summaryLines(summarized(many(30))).join('\n')).toContain('sometimes: 28 of 28\n');
  });

  it('of nothing is no division by nothing', () => {
    const summary = summarized([]);
    expect([summary.eventsPerSeed, shortcomings(summary)]).toEqual([0, []]);
  });

  it('of seeds that do enough lacks nothing', () => {
    expect(shortcomings(summarized(many(1_000)))).toEqual([]);
  });

  it.each([
    ['events', 499],
    ['committedOperations', 49],
    ['faults', 0],
  ])('lacks %s, of which there are %i a seed', (name, value) => {
    const found = shortcomings(summarized(many(20, { [name]: value })));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`${value}.0 ${name} per seed`);
    expect(shortcomings(summarized(many(19, { [name]: value })))).toEqual([]);
  });

  it('names what a thousand seeds never came to', () => {
    const poor = {
      checked: new Map([['S1', 4]]),
      sometimes: new Map(sometimes.slice(1).map((state) => [state, 1])),
    };
    expect(shortcomings(summarized(many(999, poor)))).toEqual([]);
    const found = shortcomings(summarized(many(1_000, poor)));
    expect(found).toHaveLength(properties.length);
    expect(found).toContain('property S2 was never checked in 1000 seeds');
    expect(found).toContain(`never reached in 1000 seeds: ${sometimes[0]}`);
  });
});
