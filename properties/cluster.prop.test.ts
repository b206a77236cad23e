/**
 * Convergence and log-before-ack on whole clusters, for workloads and fault plans that fast-check
 * makes up (and shrinks): whatever people type and whatever breaks, no checker of the simulator
 * finds anything.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FaultPlan } from '../sim/fault-plan.ts';
import type { ScenarioChoice } from '../sim/scenario.ts';
import { simulate } from '../sim/simulate.ts';
import type { Action, Intent } from '../sim/workload.ts';

const durationMs = 3000;
const place = fc.integer({ min: 0, max: 1_000_000 });
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ type: fc.constant('type'), text, backward: fc.boolean() }),
  fc.record({ type: fc.constant('move'), to: place }),
  fc.record({ type: fc.constant('erase'), units: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ type: fc.constant('delete'), from: place, units: fc.integer({ min: 1, max: 20 }) }),
  fc.record({
    type: fc.constant('replace'),
    from: place,
    units: fc.integer({ min: 0, max: 8 }),
    text,
  }),
  fc.record({ type: fc.constant('presence') }),
);

/** Long lists only come with `size: 'max'`; otherwise ten is the most. */
const intents: fc.Arbitrary<Intent[]> = fc.array(
  fc.record({ atMs: fc.nat({ max: durationMs - 1 }), client: fc.nat({ max: 4 }), action }),
  { maxLength: 120, size: 'max' },
);

const chance = (max: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat({ max }));
const count = (max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.constant(0), fc.integer({ min: 1, max }));
const span = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });

const faults: fc.Arbitrary<FaultPlan> = fc.record({
  latencyMinMs: fc.constant(0),
  latencyMaxMs: span(100),
  slowPerMillion: chance(200_000),
  slowFactor: fc.constant(20),
  cutCount: count(6),
  unheardPerMillion: chance(500_000),
  stallCount: count(4),
  stallMaxMs: span(3000),
  crashCount: count(40),
  restartMaxMs: span(1000),
  unknownPerMillion: chance(400_000),
  refusePerMillion: chance(500_000),
  readFailurePerMillion: chance(400_000),
  logLatencyMaxMs: span(100),
  outageCount: count(2),
  outageMaxMs: span(1000),
  busLossPerMillion: chance(500_000),
  busTwicePerMillion: chance(200_000),
  busLatencyMaxMs: span(100),
  busOutageCount: count(2),
  busOutageMaxMs: span(1000),
  clockOffsetMaxMs: fc.nat({ max: 10_000 }),
  clockStepCount: count(3),
  offlineCount: count(3),
  offlineMaxMs: span(3000),
});

const choice: fc.Arbitrary<ScenarioChoice> = fc.record({
  nodes: fc.integer({ min: 1, max: 3 }),
  clients: fc.integer({ min: 2, max: 5 }),
  documents: fc.integer({ min: 1, max: 2 }),
  durationMs: fc.constant(durationMs),
  faults,
  intents,
});

/** Throws with what is needed to see it again. */
function findNothing(seed: number, scenario: ScenarioChoice): ReturnType<typeof simulate> {
  const result = simulate(seed, { scenario });
  const { violation } = result;
  if (violation !== null) {
    const { property, message } = violation;
    throw new Error(
      `simulate(${seed}, { scenario }) with the scenario below: ${property} ${message}`,
    );
  }
  return result;
}

describe('a cluster', () => {
  test('converges, and shows nothing before it is in the log, whatever happens', () => {
    fc.assert(
      fc.property(fc.nat(), choice, (seed, scenario) => {
        findNothing(seed, scenario);
      }),
      { numRuns: 150 },
    );
  });

  test('ends with exactly what everybody typed, whatever happens', () => {
    const shape: ScenarioChoice = { nodes: 1, clients: 3, documents: 1, durationMs };
    fc.assert(
      fc.property(fc.nat(), fc.array(text, { maxLength: 20, size: 'max' }), (seed, texts) => {
        const typed = texts.map((each, n): Intent => {
          const written: Action = { type: 'type', text: each, backward: false };
          return { atMs: n * 10, client: n, action: written };
        });
        const [final = ''] = findNothing(seed, { ...shape, intents: typed }).finalTexts;
        const units = (all: string): string[] => all.split('').sort((a, b) => (a < b ? -1 : 1));
        expect(units(final).join('')).toBe(units(texts.join('')).join(''));
      }),
      { numRuns: 50 },
    );
  });
});

test('the workloads are long enough to mean something', () => {
  const lengths = fc.sample(intents, 200).map(({ length }) => length);
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  expect(mean).toBeGreaterThan(40);
  expect(Math.max(...lengths)).toBeGreaterThan(100);
  expect(lengths.filter((length) => length > 60).length).toBeGreaterThan(50);
});
