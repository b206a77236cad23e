/**
 * The snapshot format for any state that keeps its rules, and against damaged bytes: what comes out
 * is the state, or a DecodeError. The generated code says independently how the messages are
 * written.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32 } from './crc32.ts';
import { DecodeError } from './decode-error.ts';
import { decodeSnapshot, encodeSnapshot, SnapshotReader } from './snapshot-format.ts';
import { sve } from './testing/generated.ts';
import { mutate, randomNumbers } from './testing/mutate.ts';
import { reseal, sealSnapshot } from './testing/reseal.ts';
import { snapshotState } from './testing/snapshot-states.ts';
import { storedDeflate } from './testing/stored-deflate.ts';

const numRuns = 1_000;
const magicBytes = 4;

test('a state is decoded as it was encoded', () => {
  fc.assert(
    fc.property(snapshotState, fc.boolean(), (state, isCompressed) => {
      const bytes = encodeSnapshot(state, isCompressed ? { compression: storedDeflate } : {});
      const reader = new SnapshotReader(bytes, { compressions: [storedDeflate] });
      expect(reader.text).toBe(state.visible);
      expect(reader.head).toEqual({
        ...{ epoch: state.epoch, lsn: state.lsn, at: state.at, operations: state.operations },
        ...{ replicas: state.replicas, voided: state.voided },
      });
      expect(reader.state()).toEqual(state);
    }),
    { numRuns },
  );
});

test('the messages are what the generated code writes and reads', () => {
  fc.assert(
    fc.property(snapshotState, (state) => {
      const message = encodeSnapshot(state).subarray(magicBytes);
      const outer = sve.Snapshot.decode(message);
      expect(new Uint8Array(sve.Snapshot.encode(outer).finish())).toEqual(message);
      const columns = sve.SnapshotColumns.decode(outer.columns);
      expect(new Uint8Array(sve.SnapshotColumns.encode(columns).finish())).toEqual(
        new Uint8Array(outer.columns),
      );
      const { textChecksum, columnsChecksum } = sve.SnapshotHead.decode(
        sve.SnapshotHead.encode(outer.head ?? {}).finish(),
      );
      expect(textChecksum).toBe(crc32(outer.text));
      expect(columnsChecksum).toBe(crc32(outer.columns));
    }),
    { numRuns },
  );
});

interface Outcomes {
  refused: number;
  accepted: number;
}

/** What is accepted is a state that can be encoded, and decodes to itself. */
function tryDecode(bytes: Uint8Array, outcomes: Outcomes): void {
  let state: ReturnType<typeof decodeSnapshot>;
  try {
    state = decodeSnapshot(bytes, { compressions: [storedDeflate] });
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    outcomes.refused++;
    return;
  }
  outcomes.accepted++;
  const again = decodeSnapshot(encodeSnapshot(state));
  if (!isDeepStrictEqual(again, state)) expect(again).toEqual(state);
}

function fuzz(damage: (bytes: Uint8Array, random: (below: number) => number) => Uint8Array) {
  const outcomes = { refused: 0, accepted: 0 };
  fc.assert(
    fc.property(snapshotState, fc.nat(), (state, seed) => {
      const bytes = encodeSnapshot(state);
      const random = randomNumbers(seed);
      for (let count = 0; count < 50; count++) {
        tryDecode(damage(bytes, random), outcomes);
      }
    }),
    { numRuns },
  );
  // Both outcomes must be usual, or the mutants are too tame or too wild to say anything.
  expect(outcomes.accepted).toBeGreaterThan(outcomes.refused / 100);
  expect(outcomes.refused).toBeGreaterThan(outcomes.accepted / 100);
}

test('damaged snapshots whose checksums are right', () => {
  fuzz((bytes, random) => reseal(mutate(bytes, random)));
});

test('damaged columns of sound snapshots', () => {
  fuzz((bytes, random) => {
    const { head, text, columns: sound } = sve.Snapshot.decode(bytes.subarray(magicBytes));
    const columns = mutate(sound, random);
    const { columnsChecksum, ...rest } = head ?? {};
    const sized = { ...rest, columnsBytes: columns.length };
    return sealSnapshot({ format: 1, head: sized, text, columns });
  });
});

test('a flipped bit anywhere is found by the checksums', () => {
  fc.assert(
    fc.property(snapshotState, fc.nat(), fc.integer({ min: 0, max: 7 }), (state, at, bit) => {
      const bytes = encodeSnapshot(state);
      const place = at % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
      expect(() => decodeSnapshot(bytes)).toThrow(DecodeError);
    }),
    { numRuns },
  );
});
