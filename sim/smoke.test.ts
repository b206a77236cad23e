/**
 * Goal: a run is repeatable, does enough to count, and meets every kind of fault. The long run is
 * the stage `sim` of npm test; seeds that found something are in fixtures/seeds.
 */
import { expect, it } from 'vitest';
import { drawFaults } from './scenario/draw-faults.ts';
import { faultTypes } from './scenario/faults.ts';
import { drawScenario } from './scenario/scenario.ts';
import { lanesOf, simulate } from './simulate.ts';

it('a hundred seeds find nothing, and do enough to count', () => {
  const results = Array.from({ length: 100 }, (_, n) => simulate(drawScenario(n + 1)));
  expect(results.filter(({ violation }) => violation !== null)).toEqual([]);
  const average = (count: (result: (typeof results)[0]) => number): number =>
    results.reduce((sum, result) => sum + count(result), 0) / results.length;
  expect(average(({ events }) => events)).toBeGreaterThan(500);
  expect(average(({ committedOperations }) => committedOperations)).toBeGreaterThan(50);
  expect(average(({ faults }) => faults)).toBeGreaterThan(1);
});

it('every type of fault is drawn, and happens', () => {
  const drawn = new Set<string>();
  const happened = new Set<string>();
  for (let seed = 1; seed <= 250; seed++) {
    const scenario = drawScenario(seed);
    for (const { type } of scenario.faults) drawn.add(type);
    for (const kind of simulate(scenario).faultsByKind.keys()) happened.add(kind);
  }
  expect([...drawn].filter((type) => !happened.has(type))).toEqual([]);
  for (const kind of [
    ...faultTypes,
    'slow message',
    'unknown outcome',
    'refused row',
    'failed read',
    'bus loss',
    'bus duplicate',
    'failed object call',
    'lost rows',
    'half-open',
  ]) {
    expect(happened, kind).toContain(kind);
  }
});

it('half of the seeds are swarms, a quarter has every family, a quarter one', () => {
  const victims = { clients: ['c0'], nodes: ['n0'], documents: ['doc0'], durationMs: 1000 };
  const types = Array.from({ length: 400 }, (_, seed) => {
    return new Set(drawFaults(seed, victims).faults.map(({ type }) => type)).size;
  });
  const share = (from: number, to: number): number =>
    types.filter((count) => count >= from && count <= to).length / types.length;
  // Some families draw faults with a time; the others only rates.
  expect(share(0, 2)).toBeGreaterThan(0.2);
  expect(share(4, 11)).toBeGreaterThan(0.35);
  expect(share(12, 17)).toBeGreaterThan(0.2);
});

it('a seed run twice gives the same trace, with or without its events kept', () => {
  for (const seed of [3, 1234, 2 ** 40 + 5]) {
    const scenario = drawScenario(seed);
    const [first, second] = [simulate(scenario), simulate(scenario, { trace: true })];
    expect(second.traceHash).toBe(first.traceHash);
    expect(second.trace).toHaveLength(second.events);
    expect(second.finalTexts).toEqual(first.finalTexts);
    const lanes = new Set(lanesOf(scenario));
    expect(second.trace.filter(({ lane }) => !lanes.has(lane))).toEqual([]);
    expect(second.trace.filter(({ n, cause }) => cause >= n)).toEqual([]);
  }
});

it('one person less leaves the fates of the others as they were', () => {
  const scenario = { ...drawScenario(7), nodes: ['n0', 'n1', 'n2'], faults: [] };
  /** When and where each client's first connection was made. */
  const firstConnections = (clients: typeof scenario.clients): Map<string, string> => {
    const { trace } = simulate({ ...scenario, clients }, { trace: true });
    const first = new Map<string, string>();
    for (const { t, kind, lane, what } of trace) {
      const [link = ''] = what.split(' ');
      if (kind === 'opened' && link.endsWith('#1')) first.set(`${link} at ${lane}`, `${t}`);
    }
    return first;
  };
  const gone = scenario.clients[0]?.name ?? '';
  const all = [...firstConnections(scenario.clients)].filter(([link]) => !link.startsWith(gone));
  const fewer = [...firstConnections(scenario.clients.slice(1))];
  const early = (links: typeof all): typeof all => links.filter(([link]) => /^c/.test(link)).sort();
  expect(early(all).length).toBeGreaterThan(1);
  expect(early(fewer)).toEqual(early(all));
});
