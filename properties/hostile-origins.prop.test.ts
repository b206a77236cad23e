/**
 * Origins that no honest editor would name. Any left origin before any right origin has one place,
 * the same in every causal order: a replica with a bug, or one that means harm, cannot part the
 * others.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { must } from '../engine/assert.ts';
import { Random } from '../engine/random.ts';
import { ReferenceDocument } from '../engine/text/reference.ts';
import { Sequence } from '../engine/text/sequence.ts';
import type { Batch } from '../proto/batch.ts';
import { type HostileHistory, hostileHistory } from './hostile-histories.ts';
import { linearExtensions, randomExtension } from './linear-extensions.ts';
import { describeSequence, expectSame } from './same-state.ts';

const pick = fc.record({
  replica: fc.integer({ min: 1, max: 4 }),
  from: fc.nat({ max: 9_999 }),
  to: fc.nat({ max: 9_999 }),
  leap: fc.oneof(fc.constant(0), fc.nat({ max: 5 })),
  text: fc.constantFrom('a', 'b', 'c', 'de', 'fgh'),
  isDeletion: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
  isCrowded: fc.constant(false),
});

function deliver(
  { batches, state }: HostileHistory,
  order: readonly number[],
  onStep: (sequence: Sequence, batch: Batch) => void = () => {},
): void {
  const sequence = new Sequence();
  for (const position of order) {
    const batch = must(batches[position], 'a batch');
    expect(sequence.obstacle(batch)).toBeNull();
    sequence.integrate(batch);
    onStep(sequence, batch);
  }
  sequence.check();
  const actual = describeSequence(sequence);
  if (actual !== state) expect(actual, JSON.stringify({ batches, order })).toBe(state);
}

test('five operations with any origins converge in every causal order', () => {
  fc.assert(
    fc.property(fc.array(pick, { minLength: 2, maxLength: 5, size: 'max' }), (picks) => {
      const history = hostileHistory(picks);
      for (const order of linearExtensions(history.before)) deliver(history, order);
    }),
    { numRuns: 400 },
  );
});

test('many operations with any origins converge in many causal orders', () => {
  fc.assert(
    fc.property(
      fc.array(pick, { minLength: 2, maxLength: 40, size: 'max' }),
      fc.nat(),
      (picks, seed) => {
        const history = hostileHistory(picks);
        const reference = new ReferenceDocument();
        deliver(history, [...history.batches.keys()], (sequence, batch) => {
          reference.integrate(batch);
          expectSame(sequence, reference);
        });
        const random = new Random(seed);
        for (let run = 0; run < 10; run++) {
          deliver(history, randomExtension(history.before, random));
        }
      },
    ),
    { numRuns: 150 },
  );
});
