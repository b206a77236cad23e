/**
 * What differs between two states is told as what people look for first, and equal ones as equal.
 */
import { expect, it } from 'vitest';
import { Fold } from '../../engine/sync/fold.ts';
import { snapshotOf } from '../../engine/sync/fold-snapshot.ts';
import type { Batch } from '../../proto/batch.ts';
import { decodeUpdate } from '../../proto/update-codec.ts';
import { typedHistory } from '../testing/typed-history.ts';
import { type EncodedState, firstDifference } from './state-difference.ts';

const history = typedHistory(20).bodies.map((body) => decodeUpdate(body).batches);

function stateOf(rows: readonly (readonly Batch[])[]): EncodedState {
  const fold = new Fold(1);
  for (const [i, batches] of rows.entries()) fold.apply({ lsn: i + 1, at: i, batches });
  return { fold, bytes: snapshotOf(fold, { bindings: true }) };
}

const typed: Batch = {
  ...{ replica: 11, first: 1, gap: 0, base: 0 },
  ops: [{ type: 'insert', timestamp: 1, left: null, right: null, text: 'Hello' }],
};
/** Other content under the same ids. */
const forged: Batch = {
  ...typed,
  ops: [{ type: 'insert', timestamp: 1, left: null, right: null, text: 'Jello' }],
};
const erase = (first: number, target: number): Batch => ({
  ...{ replica: 11, first, gap: 0, base: 0 },
  ops: [
    {
      ...{ type: 'delete', timestamp: first, count: 1, reversed: false },
      target: { timestamp: target, replica: 11 },
    },
  ],
});
const bound = (byte: number): Batch => ({
  ...typed,
  binding: { secretHash: new Uint8Array(32).fill(byte), principal: 'ann' },
});

it('tells no difference between equal states', () => {
  expect(firstDifference(stateOf(history), stateOf(history))).toBeNull();
});

it.each<[string, readonly (readonly Batch[])[], readonly (readonly Batch[])[], RegExp]>([
  [
    'the text',
    [[typed], [erase(6, 2)]],
    [[typed], [erase(6, 3)]],
    /^its text differs at index 1: expected "llo", found "elo" \(4 and 4 units\)$/,
  ],
  [
    'who wrote',
    [[bound(1)]],
    [[bound(2)]],
    /^its replica 1 differs: expected 11 up to 5 since row 1, 0101.* ann, found .*0202.* ann$/,
  ],
  ['how many wrote', [[typed]], [[typed, { ...typed, replica: 12 }]], /^its text differs/],
  [
    'what is void',
    [[typed], [forged]],
    [[typed], [{ ...typed }]],
    /^its void batches are \[\], expected \[\[2,\[0\]\]\]$/,
  ],
  [
    'what was deleted',
    [[typed], [erase(6, 1)], [erase(7, 2)]],
    [[typed], [erase(6, 2)], [erase(7, 1)]],
    /^its deleted text or its deletions differ, from byte \d+/,
  ],
])('tells a difference in %s', (_, expected, found, message) => {
  expect(firstDifference(stateOf(expected), stateOf(found))).toMatch(message);
});
