/**
 * Convergence, log-before-ack and playback on whole clusters, for workloads and faults that
 * fast-check makes up (and shrinks): whatever people type and whatever breaks, no checker of the
 * simulator finds anything. What fails prints the simulator's seed and scenario, too.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SimResult } from '../sim/result.ts';
import { drawScenario, type ScenarioChoice } from '../sim/scenario/scenario.ts';
import type { Action, Intent } from '../sim/scenario/workload.ts';
import { simulate } from '../sim/simulate.ts';
import { durationMs, faults, intents, scenarioChoice, text } from './scenario-arbitraries.ts';

/** Throws with what is needed to see it again. */
function findNothing(seed: number, choice: ScenarioChoice): SimResult {
  const result = simulate(drawScenario(seed, choice));
  const { violation } = result;
  if (violation === null) return result;
  const { property, message } = violation;
  const again = `simulate(drawScenario(${seed}, choice)) with the choice below`;
  throw new Error(`${again}: ${property} ${message}\n${JSON.stringify(choice)}`);
}

const seeds = fc.nat();

describe('a cluster', () => {
  test('converges, shows nothing before it is in the log, and tells its past exactly', () => {
    fc.assert(
      fc.property(seeds, scenarioChoice, (seed, choice) => {
        findNothing(seed, choice);
      }),
      { numRuns: 150 },
    );
  });

  test('ends with exactly what everybody typed, whatever happens to the network', () => {
    const clients = ['c0', 'c1', 'c2'].map((name) => ({ name, document: 'doc0' }));
    const shape: ScenarioChoice = { nodes: ['n0'], clients, durationMs, faults: [] };
    fc.assert(
      fc.property(seeds, fc.array(text, { maxLength: 20, size: 'max' }), (seed, texts) => {
        const typed = texts.map((each, n): Intent => {
          const written: Action = { type: 'type', text: each, backward: false };
          return { atMs: n * 10, client: `c${n % 3}`, action: written };
        });
        const [final = ''] = findNothing(seed, { ...shape, intents: typed }).finalTexts;
        const units = (all: string): string[] => all.split('').sort((a, b) => (a < b ? -1 : 1));
        expect(units(final).join('')).toBe(units(texts.join('')).join(''));
      }),
      { numRuns: 50 },
    );
  });

  test('does the same when it is told the same again', () => {
    fc.assert(
      fc.property(seeds, scenarioChoice, (seed, choice) => {
        const scenario = drawScenario(seed, choice);
        expect(simulate(scenario).traceHash).toBe(simulate(structuredClone(scenario)).traceHash);
      }),
      { numRuns: 20 },
    );
  });
});

test('the workloads and the faults are long enough to mean something', () => {
  const lengthsOf = (lists: fc.Arbitrary<readonly unknown[]>): number[] =>
    fc.sample(lists, 200).map(({ length }) => length);
  const mean = (lengths: readonly number[]): number =>
    lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  const [typed, broken] = [lengthsOf(intents), lengthsOf(faults)];
  expect(mean(typed)).toBeGreaterThan(40);
  expect(Math.max(...typed)).toBeGreaterThan(100);
  expect(typed.filter((length) => length > 60).length).toBeGreaterThan(50);
  expect(mean(broken)).toBeGreaterThan(8);
  expect(Math.max(...broken)).toBeGreaterThan(20);
});

test('the scenarios reach the states that matter', () => {
  const reached = new Set<string>();
  for (const [seed, choice] of fc.sample(fc.tuple(seeds, scenarioChoice), 120)) {
    for (const state of simulate(drawScenario(seed, choice)).sometimes.keys()) reached.add(state);
  }
  expect(reached.size).toBeGreaterThan(18);
});
