/** UTF-8 and UTF-16 units against the platform's own conversion. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { text } from './testing/arbitraries.ts';
import { readUtf8 } from './text.ts';
import { readUnits, unitBytesMax, writeUnits } from './unit-text.ts';

const unitsOf = (value: string): Uint16Array =>
  Uint16Array.from({ length: value.length }, (_, index) => value.charCodeAt(index));

test('text goes to the bytes that the platform writes, and back', () => {
  fc.assert(
    fc.property(fc.nat({ max: 70 }), text(0, 40), fc.nat({ max: 70 }), (before, other, after) => {
      const value = 'a'.repeat(before) + other + 'z'.repeat(after);
      const units = unitsOf(value);
      const bytes = Buffer.from(value, 'utf8');
      const written = new Uint8Array(units.length * unitBytesMax + 1);
      expect(writeUnits(units, 0, units.length, written, 1)).toBe(bytes.length + 1);
      expect(Buffer.from(written.subarray(1, bytes.length + 1)).equals(bytes)).toBe(true);
      const read = new Uint16Array(bytes.length + 2);
      expect(readUnits(bytes, 0, bytes.length, read, 1)).toBe(units.length + 1);
      expect(read.subarray(1, units.length + 1)).toEqual(units);
    }),
    { numRuns: 1000 },
  );
});

test('bytes are text exactly if the platform says so', () => {
  // Bytes at the edges of their ranges, so that sequences of them are often nearly right.
  const byte = fc.constantFrom(
    ...[0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1],
    ...[0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff],
  );
  let wellFormed = 0;
  fc.assert(
    fc.property(fc.array(byte, { minLength: 1, maxLength: 5 }), (values) => {
      const bytes = Uint8Array.from(values);
      const theirs = readUtf8(bytes, 0, bytes.length);
      const units = new Uint16Array(bytes.length);
      const end = readUnits(bytes, 0, bytes.length, units, 0);
      if (theirs === null) expect(end).toBe(-1);
      else expect(units.subarray(0, end)).toEqual(unitsOf(theirs));
      if (end > 0 && bytes.some((value) => value >= 0x80)) wellFormed++;
    }),
    { numRuns: 20_000 },
  );
  expect(wellFormed).toBeGreaterThan(100);
});

test('a lone surrogate is not written', () => {
  const write = (value: string, end: number) =>
    writeUnits(unitsOf(value), 0, end, new Uint8Array(value.length * unitBytesMax), 0);
  const long = 'a'.repeat(50);
  for (const value of ['\ud83d', 'a\ude00', '\ud83dx', '\ude00\ud83d', `${long}\ud83d${long}`]) {
    expect(write(value, value.length)).toBe(-1);
  }
  expect(write('😀', 1)).toBe(-1);
  expect(write('😀', 2)).toBe(4);
});
