/**
 * Decoders against damaged bytes: whatever arrives, the outcome is a DecodeError, or a value that
 * can be encoded and decodes to itself. No other exception, no endless loop, no value out of
 * proportion.
 *
 * 100,000 mutants of well-formed messages (bit flips, cuts, random bytes, doubled and foreign
 * pieces), the same for the same SEED.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeClientFrame, encodeClientFrame } from './client-frame.ts';
import { DecodeError } from './decode-error.ts';
import { decodeServerFrame } from './server-frame.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot-codec.ts';
import { clientFrame, serverFrame, snapshot, updateBatches } from './testing/arbitraries.ts';
import { encodeServerFrame } from './testing/golden-cases.ts';
import { reseal } from './testing/reseal.ts';
import { decodeUpdate, encodeUpdate } from './update-codec.ts';

const mutantsPerMessage = 50;
/** × 50 mutants × 4 formats = 100,000. */
const messagesPerFormat = 500;

/** A small generator of its own: fast-check's are too slow for one number per mutation. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function mutate(original: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes = original.slice();
  for (let count = 1 + random(3); count > 0; count--) {
    const at = random(bytes.length + 1);
    const to = Math.min(at + random(8), bytes.length);
    switch (random(6)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
        break;
      case 1:
        if (at < bytes.length) bytes[at] = random(256);
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      case 3:
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(to)]);
        break;
      case 4:
        bytes = Uint8Array.from([...bytes.subarray(0, to), ...bytes.subarray(at)]);
        break;
      default: {
        const noise = Array.from({ length: 1 + random(8) }, () => random(256));
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...noise, ...bytes.subarray(at)]);
      }
    }
  }
  return bytes;
}

/** How often mutants were refused and accepted. */
interface Outcomes {
  refused: number;
  accepted: number;
}

/** Decodes what may be damaged. A value's own encoding is never longer than what it came from. */
function tryDecode<T>(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
  outcomes: Outcomes,
): void {
  let value: T;
  try {
    value = decode(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    if (!(error.offset >= 0 && error.offset <= bytes.length)) throw error;
    outcomes.refused++;
    return;
  }
  outcomes.accepted++;
  const again = encode(value);
  // Ten times faster than expect() where nothing is wrong.
  if (!isDeepStrictEqual(decode(again), value)) expect(decode(again)).toStrictEqual(value);
  expect(again.length).toBeLessThanOrEqual(bytes.length);
}

function fuzz<T>(
  arbitrary: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => T,
  repair: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
): Outcomes {
  const outcomes = { refused: 0, accepted: 0 };
  fc.assert(
    fc.property(arbitrary, fc.nat(), (value, seed) => {
      const original = encode(value);
      const random = randomNumbers(seed);
      for (let count = 0; count < mutantsPerMessage; count++) {
        tryDecode(repair(mutate(original, random)), decode, encode, outcomes);
      }
    }),
    { numRuns: messagesPerFormat },
  );
  return outcomes;
}

/** Both outcomes must be usual, or the mutants are too tame or too wild to say anything. */
function expectBoth({ refused, accepted }: Outcomes): void {
  expect(refused + accepted).toBe(mutantsPerMessage * messagesPerFormat);
  expect(refused).toBeGreaterThan(accepted / 100);
  expect(accepted).toBeGreaterThan(refused / 100);
}

test('damaged client frames', () => {
  expectBoth(fuzz(clientFrame, encodeClientFrame, decodeClientFrame));
});

test('damaged server frames', () => {
  expectBoth(fuzz(serverFrame, encodeServerFrame, decodeServerFrame));
});

test('damaged updates', () => {
  const update = updateBatches.map((batches) => ({ format: 0, batches }));
  expectBoth(fuzz(update, encodeUpdate, decodeUpdate));
});

test('damaged snapshots whose checksum is right', () => {
  expectBoth(fuzz(snapshot, encodeSnapshot, decodeSnapshot, reseal));
});

test('damaged snapshots whose checksum is not', () => {
  fc.assert(
    fc.property(snapshot, fc.nat(), fc.integer({ min: 0, max: 7 }), (value, at, bit) => {
      const bytes = encodeSnapshot(value);
      const place = at % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
      expect(() => decodeSnapshot(bytes)).toThrow(DecodeError);
    }),
    { numRuns: 500 },
  );
});
