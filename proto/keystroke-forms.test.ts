/**
 * Bytes that are almost a keystroke: what is read in one step is what the general codec reads.
 * Where a form is not read here the general codec decides, so that a `false` too many would cost
 * time only; a `true` too many would let pass what every other copy refuses.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecodeError } from './decode-error.ts';
import { deletedUpdate, Keystroke, typedUpdate } from './keystroke.ts';
import { decodeUpdate, type Update } from './update-codec.ts';

/** The update that the keystroke stands for. */
function updateOf({ replica, first, unit, back }: Keystroke): Update {
  const id = (timestamp: number) => ({ timestamp, replica });
  const text = String.fromCharCode(unit);
  const insertion = { type: 'insert', left: id(first - 1), right: 'same', text } as const;
  const deletion = { type: 'delete', target: id(first - back), count: 1, reversed: false } as const;
  const op = { ...(unit < 0 ? deletion : insertion), timestamp: first };
  return { format: 0, batches: [{ replica, first, gap: 0, base: 0, ops: [op] }] };
}

/** What the general codec reads; null: it refuses. */
function decoded(bytes: Uint8Array): Update | null {
  try {
    return decodeUpdate(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

function expectAgreement(keystroke: Keystroke, bytes: readonly number[]): void {
  const update = Uint8Array.from(bytes);
  if (keystroke.read(update)) expect(decoded(update)).toEqual(updateOf(keystroke));
}

test('fields in any number and order, whatever was read before', () => {
  const keystroke = new Keystroke();
  const part = fc.oneof(
    fc.constantFrom(...[[0x10], [0x20], [0x3a], [0x42], [0], [1], [5], [0x80], [0x85, 0]]),
    fc.constantFrom(
      ...[
        [0x10, 7],
        [0x20, 9],
        [0x42, 1, 0x61],
        [0x3a, 1, 5],
        [0x3a, 1, 0x29],
      ],
    ),
    fc.uint8Array({ maxLength: 3 }).map((bytes) => [...bytes]),
  );
  const updates = fc.array(fc.array(part, { maxLength: 5 }), { size: 'max', maxLength: 20 });
  fc.assert(
    fc.property(updates, (parts) => {
      for (const update of parts) expectAgreement(keystroke, update.flat());
    }),
    { numRuns: 3_000 },
  );
});

test('a byte changed, added or left out', () => {
  const keystroke = new Keystroke();
  for (const whole of [[...typedUpdate(300, 200, 0x61)], [...deletedUpdate(300, 200, 40)]]) {
    for (let at = 0; at <= whole.length; at++) {
      const [before, after] = [whole.slice(0, at), whole.slice(at)];
      expectAgreement(keystroke, before);
      for (let byte = 0; byte < 256; byte++) {
        expectAgreement(keystroke, [...before, byte]);
        expectAgreement(keystroke, [...before, byte, ...after]);
        expectAgreement(keystroke, [...before, byte, ...after.slice(1)]);
      }
    }
  }
});

test('a number that is not in its shortest form is in no keystroke', () => {
  const keystroke = new Keystroke();
  const forms = [
    [0x10, 0x87, 0, 0x20, 9, 0x42, 1, 0x61],
    [0x10, 7, 0x20, 0x89, 0, 0x42, 1, 0x61],
    [0x10, 7, 0x20, 9, 0x42, 0x81, 0, 0x61],
    [0x10, 7, 0x20, 9, 0x3a, 2, 0x85, 0],
    [0x10, 7, 0x20, 9, 0x3a, 0x81, 0, 5],
  ];
  for (const form of forms) {
    expect(keystroke.read(Uint8Array.from(form))).toBe(false);
    expect(decoded(Uint8Array.from(form))).toBe(null);
  }
});

test('replica 0 writes no keystroke, also after one that was cut off in its id', () => {
  const keystroke = new Keystroke();
  expect(keystroke.read(Uint8Array.of(0x10))).toBe(false);
  expect(keystroke.read(Uint8Array.of(0x10, 0, 0x20, 5, 0x42, 1, 0x61))).toBe(false);
});
