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
import { type Batch, batchLast, type OpId } from '../proto/batch.ts';
import { linearExtensions } from './linear-extensions.ts';
import { describeReference, describeSequence, expectSame } from './same-state.ts';

interface Pick {
  readonly replica: number;
  /** Positions of the origins among what is there, as fractions of 10,000. */
  readonly from: number;
  readonly to: number;
  /** How far the timestamp is above the lowest one that is allowed. */
  readonly leap: number;
  readonly text: string;
  /** Delete these characters instead. */
  readonly isDeletion: boolean;
}

const pick = fc.record({
  replica: fc.integer({ min: 1, max: 4 }),
  from: fc.nat({ max: 9_999 }),
  to: fc.nat({ max: 9_999 }),
  leap: fc.oneof(fc.constant(0), fc.nat({ max: 5 })),
  text: fc.constantFrom('a', 'b', 'c', 'de', 'fgh'),
  isDeletion: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
});

interface History {
  readonly batches: readonly Batch[];
  /** For each batch, those that it refers to and its author's earlier ones. */
  readonly before: readonly (readonly number[])[];
  readonly state: string;
}

function historyOf(picks: readonly Pick[]): History {
  const reference = new ReferenceDocument();
  const batches: Batch[] = [];
  const before: number[][] = [];
  for (const { replica, from, to, leap, text, isDeletion } of picks) {
    const { units } = reference;
    // Boundaries -1 … n: -1 is the start of the document, n its end.
    const low = Math.floor((Math.min(from, to) / 10_000) * (units.length + 1)) - 1;
    const high = Math.floor((Math.max(from, to) / 10_000) * (units.length + 1));
    const left = units[low]?.id ?? null;
    const right = units[Math.max(high, low + 1)]?.id ?? null;
    const origins = [left, right].filter((id) => id !== null);
    const known = Math.max(0, ...batches.filter((b) => b.replica === replica).map(batchLast));
    const lowest = Math.max(known, ...origins.map((id) => id.timestamp));
    const first = lowest + 1 + leap;
    const timestamp = first;
    const batch: Batch = {
      ...{ replica, first, gap: first - 1 - known, base: 0 },
      ops: [
        isDeletion && left !== null
          ? { type: 'delete', timestamp, target: left, count: 1, reversed: false }
          : { type: 'insert', timestamp, left, right, text },
      ],
    };
    before.push(
      [...batches.keys()].filter((position) => {
        const other = must(batches[position], 'a batch');
        return other.replica === replica || origins.some((id) => isIn(other, id));
      }),
    );
    batches.push(batch);
    reference.integrate(batch);
  }
  return { batches, before, state: describeReference(reference) };
}

function isIn(batch: Batch, id: OpId): boolean {
  return (
    batch.replica === id.replica && batch.first <= id.timestamp && id.timestamp <= batchLast(batch)
  );
}

function deliver(
  { batches, state }: History,
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
      const history = historyOf(picks);
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
        const history = historyOf(picks);
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

/** One order in which each item comes after those in `before[item]`. */
function randomExtension(before: readonly (readonly number[])[], random: Random): number[] {
  const order: number[] = [];
  while (order.length < before.length) {
    const ready = [...before.keys()].filter(
      (item) =>
        !order.includes(item) && before[item]?.every((needed) => order.includes(needed)) === true,
    );
    order.push(must(ready[random.below(ready.length)], 'an item without open needs'));
  }
  return order;
}
