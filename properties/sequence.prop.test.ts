/**
 * The replicated text against the oracle, in histories that bring about every kind of conflict.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { must } from '../engine/assert.ts';
import { mergeUpdates } from '../engine/causal/merge-batches.ts';
import { VersionVector } from '../engine/causal/version-vector.ts';
import { Sequence } from '../engine/text/sequence.ts';
import { applyChanges } from '../engine/text/text-change.ts';
import { type Batch, batchLast, sliceBatch } from '../proto/batch.ts';
import { decodeUpdate, encodeUpdate } from '../proto/update-codec.ts';
import { anyPlan, Cluster, families, hasMixedSiblings, type Plan, planOf } from './histories.ts';
import { isSafeCut } from './replays.ts';

const lengthMax = 60;
const numRuns = 100;

describe('the sequence is the oracle after every step, and all replicas converge', () => {
  test.each(Object.entries(families))('%s', (_, family) => {
    fc.assert(
      fc.property(planOf(family, lengthMax), (plan) => {
        const cluster = Cluster.run(plan);
        cluster.settle();
        const digests = new Set(cluster.members.map(({ sequence }) => sequence.digest()));
        expect(digests.size).toBe(1);
      }),
      { numRuns },
    );
  });
});

test('histories are long, and one in ten has siblings with different right origins', () => {
  const plans = fc.sample(anyPlan(lengthMax), 500);
  const lengths = plans.map(({ actions }) => actions.length);
  expect(Math.max(...lengths)).toBeGreaterThan(lengthMax * 0.9);
  expect(lengths.reduce((a, b) => a + b) / plans.length).toBeGreaterThan(lengthMax * 0.3);
  const mixed = plans.filter((plan) => {
    const cluster = Cluster.run(plan, false);
    cluster.settle();
    return cluster.members.some(({ sequence }) => hasMixedSiblings(sequence));
  });
  expect(mixed.length / plans.length).toBeGreaterThanOrEqual(0.1);
});

/** All batches of a plan and the digest of the state that they make. */
function written(plan: Plan): { batches: Batch[]; digest: string } {
  const cluster = Cluster.run(plan, false);
  cluster.settle();
  return { batches: cluster.batches, digest: cluster.members[0]?.sequence.digest() ?? '' };
}

function integrateAll(sequence: Sequence, batches: readonly Batch[]): void {
  for (const batch of batches) {
    expect(sequence.obstacle(batch)).toBeNull();
    const before = sequence.text;
    const changes = sequence.integrate(batch);
    expect(applyChanges(before, changes)).toBe(sequence.text);
  }
  sequence.check();
}

/** The batch cut wherever it can be. */
function cutApart(batch: Batch): Batch[] {
  const parts: Batch[] = [];
  let from = batch.first;
  for (let to = from + 1; to <= batchLast(batch) + 1; to++) {
    if (!isSafeCut(batch, to)) continue;
    parts.push(sliceBatch(batch, from, to));
    from = to;
  }
  return parts;
}

describe('how operations are cut into batches changes nothing', () => {
  test('character by character', () => {
    fc.assert(
      fc.property(anyPlan(lengthMax), (plan) => {
        const { batches, digest } = written(plan);
        const sequence = new Sequence();
        integrateAll(sequence, batches.flatMap(cutApart));
        expect(sequence.digest()).toBe(digest);
      }),
      { numRuns },
    );
  });

  test('cut in two at every place', () => {
    fc.assert(
      fc.property(anyPlan(20), fc.nat(), (plan, where) => {
        const { batches, digest } = written(plan);
        const position = where % Math.max(batches.length, 1);
        const batch = batches[position];
        if (batch === undefined) return;
        for (let at = batch.first + 1; at <= batchLast(batch); at++) {
          if (!isSafeCut(batch, at)) continue;
          const parts = [sliceBatch(batch, batch.first, at), sliceBatch(batch, at)];
          const sequence = new Sequence();
          integrateAll(sequence, batches.toSpliced(position, 1, ...parts));
          expect(sequence.digest()).toBe(digest);
        }
      }),
      { numRuns },
    );
  });

  test('joined as far as can be, in causal order', () => {
    fc.assert(
      fc.property(anyPlan(lengthMax), (plan) => {
        const { batches, digest } = written(plan);
        const sequence = new Sequence();
        const updates = batches.toReversed().map((batch) => encodeUpdate({ batches: [batch] }));
        integrateAll(sequence, decodeUpdate(mergeUpdates(updates)).batches);
        expect(sequence.digest()).toBe(digest);
      }),
      { numRuns },
    );
  });
});

test('batchesSince tells the rest of the history to every earlier state', () => {
  fc.assert(
    fc.property(anyPlan(lengthMax), (plan) => {
      const cluster = new Cluster(plan.replicas, false);
      const states = plan.actions.map((action) => {
        cluster.perform(action);
        return Sequence.fromSnapshot(cluster.memberOf(action).sequence.toSnapshot());
      });
      cluster.settle();
      const { sequence: full } = must(cluster.members[0], 'a replica');
      for (const state of [new Sequence(), ...states.filter((_, i) => i % 7 === 0)]) {
        const rest = full.batchesSince(state.versionVector);
        expect(decodeUpdate(encodeUpdate({ batches: rest })).batches).toEqual(rest);
        integrateAll(state, rest);
        expect(state.digest()).toBe(full.digest());
      }
      expect(full.batchesSince(full.versionVector)).toEqual([]);
      for (const batch of full.batchesSince(new VersionVector())) {
        expect(full.holds(batch)).toBe(true);
        // The second half of a pair may be deleted at the first timestamp, with the first half.
        expect(highestReference(batch)).toBeLessThanOrEqual(batch.first);
      }
      for (const batch of cluster.batches) expect(full.holds(batch)).toBe(true);
    }),
    { numRuns },
  );
});

test('the text at every version that a replica ever had is the text that it showed', () => {
  fc.assert(
    fc.property(anyPlan(lengthMax), (plan) => {
      const cluster = new Cluster(plan.replicas, false);
      const seen = plan.actions.map((action) => {
        cluster.perform(action);
        const { sequence } = cluster.memberOf(action);
        return { version: sequence.versionVector.clone(), text: sequence.text };
      });
      cluster.settle();
      for (const { sequence, reference } of cluster.members) {
        for (const { version, text } of seen) {
          expect(sequence.textAt(version)).toBe(text);
          expect(reference.textAt(version)).toBe(text);
        }
      }
    }),
    { numRuns },
  );
});

test('a state read back from its snapshot goes on with the same operations', () => {
  fc.assert(
    fc.property(anyPlan(lengthMax), (plan) => {
      const kept = new Cluster(plan.replicas, false);
      const reloaded = new Cluster(plan.replicas, false);
      for (const action of plan.actions) {
        kept.perform(action);
        reloaded.perform(action);
        const member = reloaded.memberOf(action);
        const snapshot = member.sequence.toSnapshot();
        member.sequence = Sequence.fromSnapshot(snapshot);
        expect(member.sequence.toSnapshot()).toEqual(snapshot);
        expect(member.sequence.clock).toBe(kept.memberOf(action).sequence.clock);
      }
      expect(reloaded.batches).toEqual(kept.batches);
    }),
    { numRuns: 40 },
  );
});

test('indexes, ids, lines and columns agree with the text', () => {
  fc.assert(
    fc.property(anyPlan(lengthMax), (plan) => {
      for (const { sequence } of Cluster.run(plan, false).members) {
        const { text } = sequence;
        for (let index = 0; index <= text.length; index++) {
          const lines = text.slice(0, index).split('\n');
          const column = (lines.at(-1)?.length ?? 0) + 1;
          expect(sequence.lineColumnAt(index)).toEqual({ line: lines.length, column });
          const id = sequence.idAt(index);
          if (id === null) expect(index).toBe(text.length);
          else {
            expect(sequence.indexOf(id)).toBe(index);
            expect(sequence.isVisible(id)).toBe(true);
          }
        }
      }
    }),
    { numRuns: 40 },
  );
});

/** Highest timestamp of other replicas that the batch refers to; 0 = none. */
function highestReference({ replica, ops }: Batch): number {
  const ends = ops.flatMap((op) => {
    if (op.type === 'delete') {
      return [{ ...op.target, timestamp: op.target.timestamp + op.count - 1 }];
    }
    return [op.left, op.right].filter((origin) => origin !== null && origin !== 'same');
  });
  const others = ends.filter((id) => id.replica !== replica);
  return others.reduce((highest, { timestamp }) => Math.max(highest, timestamp), 0);
}
