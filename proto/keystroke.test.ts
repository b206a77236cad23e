/** The short way of a keystroke against the general codec: the same bytes, the same meaning. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Batch } from './batch.ts';
import { deletedUpdate, Keystroke, typedUpdate } from './keystroke.ts';
import { replicaId } from './testing/arbitraries.ts';
import { mutate, randomNumbers } from './testing/mutate.ts';
import { decodeUpdate, encodeUpdate } from './update-codec.ts';

const first = fc.oneof(fc.integer({ min: 2, max: 300 }), fc.integer({ min: 2, max: 2 ** 53 - 1 }));

function typed(replica: number, timestamp: number, text: string): Batch {
  const left = { timestamp: timestamp - 1, replica };
  const op = { type: 'insert', timestamp, left, right: 'same', text } as const;
  return { replica, first: timestamp, gap: 0, base: 0, ops: [op] };
}

function deleted(replica: number, timestamp: number, back: number): Batch {
  const target = { timestamp: timestamp - back, replica };
  const op = { type: 'delete', timestamp, target, count: 1, reversed: false } as const;
  return { replica, first: timestamp, gap: 0, base: 0, ops: [op] };
}

function batchOf({ replica, first, unit, back }: Keystroke): Batch {
  if (unit === -1) return deleted(replica, first, back);
  return typed(replica, first, String.fromCharCode(unit));
}

// First, because what was written or read before must not matter.
test('what has no replica is none', () => {
  const bytes = encodeUpdate({ batches: [typed(1, 2, 'x')] });
  expect(new Keystroke().read(bytes.subarray(2))).toBe(false);
  expect(new Keystroke().read(bytes)).toBe(true);
});

test('keystrokes are written as by the general codec, and read', () => {
  const keystroke = new Keystroke();
  fc.assert(
    fc.property(replicaId, first, fc.nat({ max: 0x7f }), fc.nat(), (replica, at, unit, nat) => {
      const back = 1 + (nat % (at - 1));
      const cases: [Uint8Array, Batch][] = [
        [typedUpdate(replica, at, unit), typed(replica, at, String.fromCharCode(unit))],
        [deletedUpdate(replica, at, back), deleted(replica, at, back)],
      ];
      for (const [bytes, batch] of cases) {
        expect(new Uint8Array(bytes)).toEqual(encodeUpdate({ batches: [batch] }));
        const isRead = keystroke.read(bytes);
        expect(isRead || Math.max(at, back * 4 + 1) > 2 ** 28 - 1).toBe(true);
        if (isRead) expect(batchOf(keystroke)).toEqual(batch);
      }
    }),
  );
});

test('what is read of damaged keystrokes is what the general codec reads', () => {
  const keystroke = new Keystroke();
  let read = 0;
  fc.assert(
    fc.property(replicaId, first, fc.nat({ max: 0x7f }), fc.nat(), (replica, at, unit, seed) => {
      const random = randomNumbers(seed);
      for (const bytes of [typedUpdate(replica, at, unit), deletedUpdate(replica, at, 1)]) {
        const damaged = mutate(new Uint8Array(bytes), random);
        if (!keystroke.read(damaged)) continue;
        read++;
        expect(decodeUpdate(damaged)).toEqual({ format: 0, batches: [batchOf(keystroke)] });
      }
    }),
    { numRuns: 5000 },
  );
  expect(read).toBeGreaterThan(100);
});
