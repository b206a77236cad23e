/** Updates by themselves: size, formats, and what a decoder refuses. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Batch } from './batch.ts';
import { UnreadableFormatError } from './decode-error.ts';
import { updateBatches } from './testing/arbitraries.ts';
import { decodeUpdate, encodeUpdate } from './update-codec.ts';

const keystroke: Batch = {
  replica: 2 ** 53 - 1,
  first: 2 ** 21 - 1,
  gap: 0,
  base: 0,
  ops: [
    {
      type: 'insert',
      timestamp: 2 ** 21 - 1,
      left: { timestamp: 2 ** 21 - 2, replica: 2 ** 53 - 1 },
      right: 'same',
      text: 'x',
    },
  ],
};

describe('an update', () => {
  test('comes back as it went', () => {
    fc.assert(
      fc.property(updateBatches, (batches) => {
        expect(decodeUpdate(encodeUpdate({ batches }))).toEqual({ format: 0, batches });
      }),
      { numRuns: 1000 },
    );
  });

  test('of one typed character takes at most 18 bytes', () => {
    expect(encodeUpdate({ batches: [keystroke] }).length).toBeLessThanOrEqual(18);
  });

  test('of another format is unreadable, not malformed', () => {
    const bytes = encodeUpdate({ format: 1, batches: [keystroke] });
    expect(() => decodeUpdate(bytes)).toThrow(UnreadableFormatError);
  });
});
