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
import { decodeExportRecord, encodeExportRecord } from './export-format.ts';
import { decodeServerFrame, type ServerFrame } from './server-frame.ts';
import { clientFrame, exportRecord, serverFrame, updateBatches } from './testing/arbitraries.ts';
import { encodeServerFrame, isLone } from './testing/encode-server-frame.ts';
import { mutate, randomNumbers } from './testing/mutate.ts';
import { decodeUpdate, encodeUpdate } from './update-codec.ts';

const mutantsPerMessage = 50;
/** × 50 mutants × 4 formats = 100,000; those of snapshots are in snapshot.prop.test.ts. */
const messagesPerFormat = 500;

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
): Outcomes {
  const outcomes = { refused: 0, accepted: 0 };
  fc.assert(
    fc.property(arbitrary, fc.nat(), (value, seed) => {
      const original = encode(value);
      const random = randomNumbers(seed);
      for (let count = 0; count < mutantsPerMessage; count++) {
        tryDecode(mutate(original, random), decode, encode, outcomes);
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
  // Damage can leave a row with one batch, which is written as a lone row then: behind the others.
  const decode = (bytes: Uint8Array): ServerFrame => {
    const frame = decodeServerFrame(bytes);
    const rows = [...frame.rows.filter((row) => !isLone(row)), ...frame.rows.filter(isLone)];
    return { ...frame, rows };
  };
  expectBoth(fuzz(serverFrame, encodeServerFrame, decode));
});

test('damaged updates', () => {
  const update = updateBatches.map((batches) => ({ format: 0, batches }));
  expectBoth(fuzz(update, encodeUpdate, decodeUpdate));
});

test('damaged records of an exported history', () => {
  expectBoth(fuzz(exportRecord, encodeExportRecord, decodeExportRecord));
});
