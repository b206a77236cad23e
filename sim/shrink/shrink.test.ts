/**
 * Goal: what is left of a failing scenario is what makes it fail, and it fails in the same way.
 * Method: runs that are made up, whose failure hangs on known parts of the scenario.
 */
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../engine/limits.ts';
import type { FoundViolation } from '../checks/violation.ts';
import { defaultSettings } from '../scenario/defaults.ts';
import type { Fault } from '../scenario/faults.ts';
import { drawScenario, type Scenario } from '../scenario/scenario.ts';
import { scenarioMistake } from '../scenario/scenario-mistake.ts';
import { shrink } from './shrink.ts';

const found: FoundViolation = {
  kind: 'safety',
  property: 'S1',
  message: 'c0 has 3 acks, "text" has none',
  about: ['c0'],
  event: 412,
  timeMs: 3_000,
};

/** A run that fails if `fails` says so; else as `otherwise`. */
function runner(
  fails: (scenario: Scenario) => boolean,
  otherwise: FoundViolation | null = null,
): {
  readonly run: (scenario: Scenario) => { readonly violation: FoundViolation | null };
  readonly tried: Scenario[];
} {
  const tried: Scenario[] = [];
  const run = (scenario: Scenario): { readonly violation: FoundViolation | null } => {
    tried.push(scenario);
    return { violation: fails(scenario) ? found : otherwise };
  };
  return { run, tried };
}

const crash: Fault = { type: 'crash', atMs: 1_234, node: 'n1', whileAppending: true, forMs: 900 };

/** Many people, many faults; two of the edits are told by their text. */
function crowded(seed: number): Scenario {
  const drawn = drawScenario(seed, { nodes: ['n0', 'n1', 'n2'], durationMs: 4_000 });
  const clients = ['c0', 'c1', 'c2'].map((name) => ({ name, document: 'doc0' }));
  const type = (atMs: number, client: string, text: string): Scenario['intents'][number] => {
    return { atMs, client, action: { type: 'type', text, backward: false } };
  };
  const own = drawn.intents.filter(({ client }) => client === 'c0' || client === 'c1');
  const intents = [...own, type(1_001, 'c0', 'first'), type(2_345, 'c1', 'second')];
  const faults = drawn.faults.filter((fault) => 'node' in fault);
  return {
    ...drawn,
    clients,
    intents: intents.sort((a, b) => a.atMs - b.atMs),
    faults: [...faults, crash].sort((a, b) => a.atMs - b.atMs),
    questions: [],
  };
}

const has = (scenario: Scenario, client: string, text: string): boolean =>
  scenario.intents.some(({ action, client: by }) => {
    return by === client && action.type === 'type' && action.text.includes(text.charAt(0));
  });

/** Fails by two edits and a crash of n1. */
const byThree = (scenario: Scenario): boolean =>
  has(scenario, 'c0', 'first') &&
  has(scenario, 'c1', 'second') &&
  scenario.faults.some((fault) => fault.type === 'crash' && fault.node === 'n1');

const enough = { isUsedUp: (runs: number) => runs >= 3_000 };

describe('shrinking', () => {
  it.each([1, 2, 3, 4, 5])('leaves two edits and one fault of seed %i', (seed) => {
    const { run, tried } = runner(byThree);
    const { scenario, violation, runs } = shrink(crowded(seed), found, { run, ...enough });
    expect(violation).toBe(found);
    expect(runs).toBe(tried.length);
    expect(scenario.intents).toHaveLength(2);
    expect(new Set(scenario.intents.map(({ client }) => client))).toEqual(new Set(['c0', 'c1']));
    expect(scenario.faults).toMatchObject([{ type: 'crash', node: 'n1', forMs: 1 }]);
    expect(scenario.nodes).toEqual(['n1']);
    expect(scenario.clients.map(({ name }) => name)).toEqual(['c0', 'c1']);
    expect(scenario.questions).toEqual([]);
    expect([scenario.limits, scenario.settings]).toEqual([defaultLimits, defaultSettings]);
    expect(scenario.rates).toMatchObject({
      latencyMinMs: 1,
      latencyMaxMs: 1,
      busLossPerMillion: 0,
    });
    const times = [...scenario.intents, ...scenario.faults].map(({ atMs }) => atMs);
    expect(times.every((atMs) => atMs % 10 === 0)).toBe(true);
    expect(scenario.durationMs).toBe(Math.max(...times) + 1);
  });

  it('gives the same each time, and everything that was run could be run', () => {
    const [first, second] = [runner(byThree), runner(byThree)];
    const [a, b] = [first, second].map(({ run }) => shrink(crowded(9), found, { run, ...enough }));
    expect(b).toEqual(a);
    expect(first.tried.map(scenarioMistake).filter((mistake) => mistake !== null)).toEqual([]);
  });

  it('does not turn one failure into another', () => {
    const other = { ...found, message: 'c0 has lost "text"' };
    const { run } = runner(byThree, other);
    const { scenario, violation } = shrink(crowded(3), found, { run, ...enough });
    expect(violation.message).toBe(found.message);
    expect(byThree(scenario)).toBe(true);
  });

  it('takes another text and other numbers for the same failure', () => {
    const same = { ...found, message: 'c4 has 99 acks, "other" has none' };
    const { run } = runner(() => false, same);
    const { scenario, violation } = shrink(crowded(3), found, { run, ...enough });
    expect(violation).toBe(same);
    expect([scenario.intents, scenario.faults]).toEqual([[], []]);
    expect([scenario.clients.length, scenario.nodes.length]).toEqual([1, 1]);
  });

  it.each([0, 1, 7, 40])('makes %i runs and no more if that is the budget', (most) => {
    const { run, tried } = runner(byThree);
    const budget = { isUsedUp: (runs: number) => runs >= most };
    const { scenario, runs } = shrink(crowded(3), found, { run, ...budget });
    expect([runs, tried.length]).toEqual([most, most]);
    expect(byThree(scenario)).toBe(true);
  });

  it('tells of each smaller one, and ends with the last of them', () => {
    const told: Scenario[] = [];
    const { run } = runner(byThree);
    const smaller = (scenario: Scenario): number => told.push(scenario);
    const { scenario } = shrink(crowded(3), found, { run, ...enough, smaller });
    expect(told.at(-1)).toBe(scenario);
    expect(told.length).toBeGreaterThan(5);
  });

  it('of what fails only as it is changes nothing', () => {
    const whole = crowded(3);
    const { run } = runner(() => false);
    expect(shrink(whole, found, { run, ...enough }).scenario).toBe(whole);
  });

  it('keeps what a partition needs, and narrows it to that', () => {
    const faults: Fault[] = [
      {
        type: 'partition',
        atMs: 50,
        clients: ['c0', 'c1'],
        nodes: ['n0', 'n1'],
        direction: 'up',
        forMs: 777,
      },
    ];
    const { run } = runner(({ faults: left }) =>
      left.some((fault) => fault.type === 'partition' && fault.clients.includes('c1')),
    );
    const { scenario } = shrink({ ...crowded(4), faults }, found, { run, ...enough });
    expect(scenario.clients.map(({ name }) => name)).toEqual(['c1']);
    expect(scenario.faults).toMatchObject([{ clients: ['c1'], nodes: ['n1'], forMs: 1 }]);
  });

  it('keeps one limit and one rate if they matter', () => {
    const { run } = runner(
      ({ limits, rates }) => limits.windowOperations < 10 && rates.unknownPerMillion > 0,
    );
    const drawn = crowded(4);
    const limits = { ...drawn.limits, windowOperations: 3 };
    const rates = { ...drawn.rates, unknownPerMillion: 5_000, latencyMaxMs: 300 };
    const { scenario } = shrink({ ...drawn, limits, rates }, found, { run, ...enough });
    expect(scenario.limits).toEqual({ ...defaultLimits, windowOperations: 3 });
    expect(scenario.rates).toMatchObject({ unknownPerMillion: 5_000, latencyMaxMs: 1 });
  });

  it('comes to an end where every latency but the usual one matters', () => {
    const { run } = runner(({ rates }) => rates.latencyMinMs !== 1 || rates.latencyMaxMs === 5);
    const drawn = crowded(4);
    const rates = { ...drawn.rates, latencyMinMs: 3, latencyMaxMs: 40 };
    const { runs } = shrink({ ...drawn, rates }, found, { run, isUsedUp: () => false });
    expect(runs).toBeLessThan(3_000);
  });
});
