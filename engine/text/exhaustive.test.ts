/**
 * Every small history in every causal order: n insertions by three replicas, compared with the
 * oracle.
 *
 * A history is a sequence of insertions of one character; the author of each has seen any causally
 * closed set of the earlier ones that includes all of its own, and inserts at any gap of what it
 * sees. It is delivered in every order in which each insertion comes after what its author had
 * seen. Four insertions take seconds; `EXHAUSTIVE_INSERTS=5` takes a minute or two.
 */
import { expect, test } from 'vitest';
import { linearExtensions } from '../../properties/linear-extensions.ts';
import { describeReference, describeSequence } from '../../properties/same-state.ts';
import type { Batch } from '../../proto/batch.ts';
import { must } from '../assert.ts';
import { ReferenceDocument } from './reference.ts';
import { Sequence } from './sequence.ts';

/** Histories and deliveries by number of insertions. */
const counts = new Map([
  [3, { histories: 366, deliveries: 666 }],
  [4, { histories: 9_048, deliveries: 26_736 }],
  [5, { histories: 328_296, deliveries: 1_709_796 }],
]);

const inserts = Number(process.env.EXHAUSTIVE_INSERTS ?? 4);
const replicas = [1, 2, 3];

interface Step {
  readonly batch: Batch;
  /** Bits of the steps that the author had seen. */
  readonly seen: number;
}

test(`all histories of ${inserts} insertions by three replicas converge in all orders`, () => {
  let histories = 0;
  let deliveries = 0;
  forEachHistory([], inserts, (steps) => {
    histories++;
    const reference = new ReferenceDocument();
    for (const { batch } of steps) reference.integrate(batch);
    const expected = describeReference(reference);
    const before = steps.map(({ seen }) => [...steps.keys()].filter((i) => has(seen, i)));
    for (const order of linearExtensions(before)) {
      deliveries++;
      const sequence = new Sequence();
      for (const i of order) sequence.integrate(must(steps[i], 'a step').batch);
      sequence.check();
      const actual = describeSequence(sequence);
      if (actual !== expected) expect(actual, JSON.stringify({ steps, order })).toBe(expected);
    }
  });
  expect({ histories, deliveries }).toEqual(counts.get(inserts));
}, 1_800_000);

/** Calls `visit` with every sequence of `rest` more steps after `steps`. */
function forEachHistory(
  steps: readonly Step[],
  rest: number,
  visit: (steps: readonly Step[]) => void,
): void {
  if (rest === 0) {
    visit(steps);
    return;
  }
  for (let seen = 0; seen < 2 ** steps.length; seen++) {
    if (!isClosed(steps, seen)) continue;
    for (const replica of replicas) {
      if (!steps.every((step, i) => step.batch.replica !== replica || has(seen, i))) continue;
      const length = steps.filter((_, i) => has(seen, i)).length;
      for (let index = 0; index <= length; index++) {
        const batch = insertAt(steps, seen, replica, index);
        forEachHistory([...steps, { batch, seen }], rest - 1, visit);
      }
    }
  }
}

function insertAt(steps: readonly Step[], seen: number, replica: number, index: number): Batch {
  const sequence = new Sequence();
  for (const [i, { batch }] of steps.entries()) if (has(seen, i)) sequence.integrate(batch);
  const inserted = String.fromCharCode('a'.charCodeAt(0) + sequence.clock);
  return must(sequence.edit(replica, [{ index, deleted: 0, inserted }], 0), 'an insertion');
}

function isClosed(steps: readonly Step[], seen: number): boolean {
  return steps.every((step, i) => !has(seen, i) || (step.seen & ~seen) === 0);
}

function has(seen: number, position: number): boolean {
  return (seen & (1 << position)) !== 0;
}
