/** Goal: faults follow from the seed, each kind has its turn. Method: many rounds, no cluster. */
import { describe, expect, it } from 'vitest';
import { faultKinds } from './fault-kinds.ts';
import { FaultPlan, type PlannedFault, targetOf } from './fault-plan.ts';

const pace = { phaseMs: 9_000, faultsPerRound: 9, stretch: 100 };

function planOf(seed: number, kinds = faultKinds): FaultPlan {
  return new FaultPlan(seed, { kinds, nodes: 3, pace });
}

function rounds(seed: number, count: number): PlannedFault[][] {
  const plan = planOf(seed);
  return Array.from({ length: count }, () => plan.nextRound());
}

describe('the faults of a run', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(rounds(1, 20)).toEqual(rounds(1, 20));
    expect(rounds(1, 20)).not.toEqual(rounds(2, 20));
  });

  it('have every kind once before one comes again', () => {
    // 7 rounds of 9 faults are 3 decks of 21 kinds.
    const kinds = rounds(3, 7).flatMap((faults) => faults.map(({ kind }) => kind));
    for (const kind of faultKinds) expect(kinds.filter((each) => each === kind)).toHaveLength(3);
  });

  it('come in order, within the phase if they fit into it, on nodes that there are', () => {
    for (const faults of rounds(4, 100)) {
      expect(faults.map(({ atMs }) => atMs)).toEqual(faults.map(({ atMs }) => atMs).toSorted(up));
      for (const { atMs, forMs, node } of faults) {
        expect(atMs).toBeGreaterThanOrEqual(0);
        expect(atMs === 0 || atMs + forMs <= pace.phaseMs).toBe(true);
        expect([0, 1, 2]).toContain(node);
      }
    }
  });

  it('overlap, on different targets', () => {
    const pairs = rounds(5, 20).flatMap((faults) =>
      faults.flatMap((a, i) => faults.slice(i + 1).map((b) => [a, b] as const)),
    );
    const both = pairs.filter(([a, b]) => b.atMs < a.atMs + a.forMs);
    expect(both.filter(([a, b]) => targetOf(a) !== targetOf(b)).length).toBeGreaterThan(20);
  });

  it('stay away longer than two heartbeats sometimes', () => {
    const freezes = rounds(6, 60)
      .flat()
      .filter(({ kind }) => kind === 'node-freeze');
    expect(freezes.some(({ forMs }) => forMs > 2_000)).toBe(true);
    expect(freezes.some(({ forMs }) => forMs < 2_000)).toBe(true);
  });

  it('have one again that found nothing to hit', () => {
    const plan = planOf(7);
    plan.nextRound();
    plan.again('redis-kill');
    const [next] = new FaultPlan(7, { kinds: ['node-kill'], nodes: 3, pace }).nextRound();
    expect(next?.kind).toBe('node-kill');
    expect(plan.nextRound().map(({ kind }) => kind)).toContain('redis-kill');
  });
});

describe('what a fault hits', () => {
  it.each([
    ['node-kill', 'node 2'],
    ['node-freeze', 'node 2'],
    ['postgres-kill', 'postgres'],
    ['postgres-disk-full', 'postgres'],
    ['postgres-commit-cut', 'postgres of 2'],
    ['postgres-one-way', 'postgres of 2'],
    ['client-half-open', 'client of 2'],
    ['redis-freeze', 'redis'],
  ] as const)('%s: %s', (kind, target) => {
    expect(targetOf({ kind, node: 2 })).toBe(target);
  });
});

function up(a: number, b: number): number {
  return a - b;
}
