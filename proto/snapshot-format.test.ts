/**
 * What the snapshot format refuses, and that it can be read in parts. Method: one sound document,
 * of two authors, in which one thing at a time is changed, in the terms of the generated code so
 * that anything can be written, sealed again with the right checksums.
 */
import { describe, expect, test } from 'vitest';
import type { Compression } from './compression.ts';
import { DecodeError, UnreadableFormatError } from './decode-error.ts';
import { decodeSnapshot, encodeSnapshot, SnapshotReader } from './snapshot-format.ts';
import type { SnapshotState } from './snapshot-state.ts';
import { sve } from './testing/generated.ts';
import { snapshot } from './testing/golden-cases.ts';
import { sealSnapshot } from './testing/reseal.ts';
import { storedDeflate } from './testing/stored-deflate.ts';

const head = {
  lsn: 12,
  replicas: [
    { id: 7, last: 6, since: 1 },
    { id: 8, last: 9, since: 4 },
  ],
  visibleBytes: 6,
  hiddenBytes: 2,
};
const columns = {
  stretchCounts: [1, 1],
  stretchGaps: [0, 5],
  stretchLengths: [6, 4],
  chainGaps: [0, 2],
  chainLengths: [4, 2],
  spans: [8, 6, 1],
  deletions: [1, 0],
  deletionTargets: [2, 4],
};
const text = Uint8Array.from(new TextEncoder().encode('Hi😀!?'));

interface Parts {
  readonly format?: number;
  readonly head?: sve.ISnapshotHead;
  readonly columns?: sve.ISnapshotColumns;
  readonly text?: Uint8Array;
}

/** The document with some fields changed, sealed. */
function sealed(parts: Parts): Uint8Array {
  const format = parts.format ?? 1;
  const plain = sve.SnapshotColumns.encode({ ...columns, ...parts.columns }).finish();
  const sized = { ...head, columnsBytes: plain.length, ...parts.head };
  return sealSnapshot({ format, head: sized, text: parts.text ?? text, columns: plain });
}

function refusal(bytes: Uint8Array): string {
  try {
    decodeSnapshot(bytes, { compressions: [storedDeflate] });
    return 'accepted';
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return error.message;
  }
}

test('the document is accepted as the others begin', () => {
  expect(decodeSnapshot(sealed({})).deletions).toEqual(snapshot.deletions);
});

describe('a head is refused', () => {
  test.each<[sve.ISnapshotHead, string]>([
    [{ replicas: [{ id: 0 }] }, 'head.replicas[0].id at byte'],
    [{ replicas: [{ id: 7 }, { id: 7 }] }, 'head.replicas[1].id at byte'],
    [{ lsn: 3 }, 'head.replicas[1].since at byte'],
    [{ voided: [2] }, 'expected pairs, found 1'],
    [{ voided: [0, 1] }, 'expected an LSN 1 … 12, found 0'],
    [{ voided: [12, 0, 1, 0] }, 'expected an LSN 1 … 12, found 13'],
    [{ compression: 3 }, 'head.compression at byte'],
    [{ compression: 2 }, 'expected one that the reader has, found brotli'],
    [{ visibleBytes: 2 ** 28 + 1 }, 'head.visible_bytes at byte'],
    [{ visibleBytes: 2 ** 28 }, 'expected a text of 268435456 bytes, found 2'],
    [{ withoutHistory: true }, 'expected none without history, found 2'],
    [{ columnsBytes: 2 ** 26 + 1 }, 'head.columns_bytes at byte'],
    [{ visibleBytes: 7 }, 'text at byte'],
    [{ visibleBytes: 5, hiddenBytes: 3 }, 'visible at byte 0: expected UTF-8, found other bytes'],
    [{ visibleBytes: 7, hiddenBytes: 1 }, 'expected 5 visible units, found 4'],
    [{ columnsBytes: 34 }, 'expected 34 bytes, found 33'],
    [{ textChecksum: 5 }, 'expected checksum 5, found'],
    [{ columnsChecksum: 5 }, 'expected checksum 5, found'],
  ])('%j', (fields, error) => {
    expect(refusal(sealed({ head: fields }))).toContain(error);
  });
});

describe('columns are refused', () => {
  test.each<[sve.ISnapshotColumns, string]>([
    [{ stretchCounts: [1, 1, 0] }, 'stretch_counts at byte'],
    [{ stretchCounts: [1, 2] }, 'stretch_lengths[1] at byte 1: expected one more number'],
    [{ stretchCounts: [1] }, 'stretch_lengths[1] at byte 1: expected the end'],
    [{ stretchGaps: [0] }, 'stretch_gaps at byte 32: expected 2 numbers, found 1'],
    [{ stretchGaps: [1, 5] }, 'expected timestamps 1 … 6, found 6 from 2 on'],
    [{ stretchGaps: [0, 2 ** 53 - 1] }, 'expected timestamps 1 … 9, found 4 from'],
    [{ stretchLengths: [6, 0] }, 'expected timestamps 1 … 9, found 0 from 6 on'],
    [
      { stretchCounts: [2], stretchGaps: [0, 0], stretchLengths: [3, 3] },
      'expected timestamps 4 … 6, found 3 from 4 on',
    ],
    [{ chainLengths: [4, 0] }, 'expected 1 … 4 characters from 6 on, found 0'],
    [{ chainLengths: [4, 5] }, 'expected 1 … 4 characters from 6 on, found 5'],
    [{ chainLengths: [4] }, 'chain_lengths[0] at byte 0: expected one more number'],
    [{ chainGaps: [0] }, 'chain_lengths[1] at byte 1: expected the end'],
    [{ chainGaps: [0, 1] }, 'expected characters of one author from 5 on, found 2'],
    [{ spans: [8, 6] }, 'expected spans of every chain, found none of chain 0'],
    [{ spans: [8, 6, 1, 1] }, 'expected a chain that goes on, found none'],
    [{ spans: [8, 18, 1] }, 'expected a token below 18, found 18'],
    [{ spans: [8, 6, 6] }, 'expected a new chain of 2, found 2'],
    [{ spans: [8, 12, 1], chainSteps: [-1] }, 'expected a new chain of 2, found 0'],
    [{ spans: [8, 12, 1] }, 'chain_steps[0] at byte 0: expected one more number'],
    [{ chainSteps: [1] }, 'chain_steps[0] at byte 0: expected the end'],
    [{ spans: [8, 8, 1] }, 'expected a part of 2 characters, found 2'],
    [{ spans: [10, 6, 1], spanLengths: [4] }, 'expected a part of 4 characters, found 4'],
    [{ spans: [10, 6, 1], spanLengths: [0] }, 'expected a part of 4 characters, found 0'],
    [{ spanLengths: [4] }, 'span_lengths[0] at byte 0: expected the end'],
    [{ spans: [9, 6, 1] }, 'expected 4 visible units, found 2'],
    [{ originExceptions: [3, 0, 0, 0] }, 'expected 3 spans, found 3'],
    [{ originExceptions: [1, 6, 0, 0] }, 'expected an older character, found 5'],
    [{ originExceptions: [1, 0, 7, 0] }, 'expected an older character, found 6'],
    [{ originExceptions: [1, 0, 99, 0] }, 'expected an older character, found 98'],
    [{ originExceptions: [1, 0, 0, 1] }, 'expected 0, or 1 with a right origin, found 1'],
    [{ originExceptions: [1, 0, 0] }, 'origin_exceptions[2] at byte 2: expected one more number'],
    [{ deletions: [1] }, 'deletions[0] at byte 0: expected one more number'],
    [{ deletions: [1, 0, 0] }, 'deletions[2] at byte 2: expected the end'],
    [{ deletions: [17, 0] }, 'expected a living tombstone, found 17'],
    [{ deletions: [3, 0], deletionOffsets: [2] }, 'expected 1 … 0 deleted characters, found 0'],
    [{ deletions: [2, 0], deletionLengths: [3] }, 'expected 1 … 2 deleted characters, found 3'],
    [{ deletionOffsets: [1] }, 'deletion_offsets[0] at byte 0: expected the end'],
    [{ deletionLengths: [1] }, 'deletion_lengths[0] at byte 0: expected the end'],
    [{ deletionTargets: [2, 4, 2, 4] }, 'deletion_targets[2] at byte 2: expected the end'],
    [{ deletionTargets: [0, 4] }, 'expected 1 … 0 deleted characters from 0 on, found 2'],
    [{ deletionTargets: [4, 4] }, 'expected 1 … 0 deleted characters from 4 on, found 2'],
    [{ deletionTargets: [2, 6] }, 'expected 1 … 2 deleted characters from 2 on, found 3'],
    [{ deletionTargets: [2, 1] }, 'expected 1 … 2 deleted characters from 2 on, found 0'],
  ])('%j', (fields, error) => {
    expect(refusal(sealed({ columns: fields }))).toContain(error);
  });

  test('if a deletion is not newer than what it hits', () => {
    // Bob's deletions now have the timestamps 4 and 5; what they hit has 3 and 4.
    const early = { stretchGaps: [0, 1] };
    expect(refusal(sealed({ columns: early }))).toBe('accepted');
    const tooEarly = { ...early, deletionTargets: [2, 5] };
    expect(refusal(sealed({ columns: tooEarly }))).toContain('expected older characters');
  });

  test('if they are deletions and the snapshot is without history', () => {
    const bytes = sealed({
      head: { hiddenBytes: 0, withoutHistory: true },
      text: text.subarray(0, 6),
    });
    expect(refusal(bytes)).toContain('deletions at byte 33: expected none without history');
  });
});

describe('the bytes of a snapshot', () => {
  test('of a newer format are unreadable, not damaged', () => {
    expect(() => decodeSnapshot(sealed({ format: 2 }))).toThrow(UnreadableFormatError);
  });

  test('without their magic, an end, or with more are none', () => {
    const bytes = sealed({});
    expect(refusal(bytes.subarray(1))).toContain('(magic) at byte 0');
    expect(refusal(bytes.subarray(0, -1))).toContain('columns at byte');
    expect(refusal(Uint8Array.from([...bytes, 0]))).toContain('expected the end');
    expect(refusal(Uint8Array.from([...bytes, 0x30, 1]))).toContain('expected the end');
    expect(refusal(bytes.subarray(0, 4))).toContain('expected field 1 (format), found 0');
  });

  test('tell the head and the text even if the columns are damaged', () => {
    const bytes = sealed({ head: { columnsChecksum: 1 } });
    const reader = new SnapshotReader(bytes);
    expect(reader.head.lsn).toBe(12);
    expect(reader.text).toBe('Hi😀');
    expect(() => reader.state()).toThrow('columns at byte');
  });

  test('are equal for equal states, and empty sections are never compressed', () => {
    const bytes = encodeSnapshot(snapshot, { compression: storedDeflate });
    const state = decodeSnapshot(bytes, { compressions: [storedDeflate] });
    expect(encodeSnapshot(state, { compression: storedDeflate })).toEqual(bytes);
    const none = new Int32Array(0);
    const noBytes = new Uint8Array(0);
    const empty: SnapshotState = {
      ...snapshot,
      stretches: { author: none, first: new Float64Array(0), length: none },
      spans: { start: none, length: none, left: none, right: none, flags: noBytes },
      deletions: { start: none, target: none, length: none, reversed: noBytes },
      visible: '',
      hidden: '',
    };
    const plain = encodeSnapshot(empty);
    expect(encodeSnapshot(empty, { compression: storedDeflate })).toHaveLength(plain.length + 2);
    expect(decodeSnapshot(plain)).toEqual(empty);
  });
});

test('a decompression gets the declared length as its limit, and has to give just that', () => {
  const limits: number[] = [];
  const withResult = (result: (lengthMax: number) => Uint8Array): Compression => ({
    name: 'deflate',
    compress: (bytes) => bytes,
    decompress: (_, lengthMax) => {
      limits.push(lengthMax);
      return result(lengthMax);
    },
  });
  const bytes = encodeSnapshot(snapshot, { compression: storedDeflate });
  const read = (compression: Compression): string =>
    new SnapshotReader(bytes, { compressions: [compression] }).text;
  expect(read(withResult(() => text))).toBe('Hi😀');
  expect(() => read(withResult((length) => new Uint8Array(length - 1)))).toThrow('found 7');
  const broken = withResult(() => {
    throw new RangeError('too much');
  });
  expect(() => read(broken)).toThrow('expected 8 deflate bytes');
  expect(limits).toEqual([8, 8, 8]);
});

describe('an encoder refuses', () => {
  const { spans, deletions, stretches } = snapshot;
  test.each<[Partial<SnapshotState>, string]>([
    [{ visible: 'Hi' }, '2 visible and 2 hidden units in spans of 4 and 2'],
    [{ hidden: '!' }, '4 visible and 1 hidden units'],
    [{ visible: 'Hi\ud83d!' }, 'lone surrogate at index 2'],
    [{ hidden: null }, '2 deletions without history'],
    [{ stretches: { ...stretches, length: Int32Array.of(7, 4) } }, 'stretch 0: 7 from 1 on'],
    [{ stretches: { ...stretches, author: Int32Array.of(1, 0) } }, 'stretch 1: 4 from 6 on'],
    [{ stretches: { ...stretches, author: Int32Array.of(0, 2) } }, 'stretch 1: 4 from 6 on'],
    [{ spans: { ...spans, start: Int32Array.of(0, 6, 1) } }, 'two characters have the number 1'],
    [{ spans: { ...spans, start: Int32Array.of(0, 5, 2) } }, "5 … 6 is not one author's"],
    [{ spans: { ...spans, start: Int32Array.of(0, 9, 2) } }, "9 … 10 is not one author's"],
    [{ spans: { ...spans, left: Int32Array.of(-1, 7, 1) } }, 'the span of 6 has origins 7 and 2'],
    [{ spans: { ...spans, right: Int32Array.of(-1, 4, -1) } }, 'has origins 1 and 4'],
    [{ spans: { ...spans, flags: Uint8Array.of(0, 2, 3) } }, 'has origins 1 and -1'],
    [{ deletions: { ...deletions, start: Int32Array.of(4, 9) } }, '9 … 10 of 10 operations'],
    [{ deletions: { ...deletions, length: Int32Array.of(2, 1) } }, 'number 9 is neither'],
    [{ deletions: { ...deletions, target: Int32Array.of(0, 2) } }, '4 hits what is not deleted'],
    [{ deletions: { ...deletions, target: Int32Array.of(2, 3) } }, 'hits what is not deleted'],
    [{ deletions: { ...deletions, start: Int32Array.of(3, 8) } }, 'number 4 is neither'],
  ])('%j', (fields, error) => {
    expect(() => encodeSnapshot({ ...snapshot, ...fields })).toThrow(RangeError);
    expect(() => encodeSnapshot({ ...snapshot, ...fields })).toThrow(error);
  });
});
