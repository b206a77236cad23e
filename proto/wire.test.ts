/** The wire format by itself: edges of numbers and text, and everything that a reader refuses. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from './decode-error.ts';
import { unknownFieldsMax } from './limits.ts';
import { uint } from './testing/arbitraries.ts';
import { Reader, Writer } from './wire.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** The error of reading the first field of a message. */
function errorOf(message: Uint8Array, read: (reader: Reader) => unknown): string {
  try {
    const reader = new Reader(message);
    reader.next();
    read(reader);
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
  return 'none';
}

function written(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer();
  write(writer);
  return writer.finish();
}

describe('numbers', () => {
  test('come back up to 2^53-1', () => {
    fc.assert(
      fc.property(uint, (value) => {
        const reader = new Reader(written((writer) => writer.uint(1, value)));
        expect(reader.next()).toBe(value === 0 ? 0 : 1);
        if (value !== 0) expect(reader.uint('n')).toBe(value);
        expect(reader.next()).toBe(0);
      }),
    );
  });

  test('outside of their range are not written', () => {
    for (const value of [-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      expect(() => written((writer) => writer.uint(1, value))).toThrow(RangeError);
    }
    expect(() => written((writer) => writer.uint32(1, 2 ** 32))).toThrow(RangeError);
  });

  test.each([
    ['cut off', bytes(8, 0x80), 'n at byte 2: expected 1 more bytes, found 0'],
    ['missing', bytes(8), 'n at byte 1: expected 1 more bytes, found 0'],
    ['longer than needed', bytes(8, 0x81, 0), 'n at byte 1: expected the shortest varint'],
    [
      '2^53',
      bytes(8, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10),
      'n at byte 1: expected a number up to 2^53-1, found 9007199254740992',
    ],
    [
      '2^64-1',
      bytes(8, ...Array(9).fill(0xff), 1),
      'n at byte 1: expected a number up to 2^53-1, found a longer varint',
    ],
    ['of another wire type', bytes(10, 1, 5), 'n at byte 1: expected wire type 0, found 2'],
  ])('%s are refused', (_, message, error) => {
    expect(errorOf(message, (reader) => reader.uint('n'))).toContain(error);
  });

  test('above a limit are refused', () => {
    expect(errorOf(bytes(8, 2), (reader) => reader.bool('b'))).toContain('at most 1, found 2');
    const large = written((writer) => writer.uint(1, 2 ** 32));
    expect(errorOf(large, (reader) => reader.uint32('n'))).toContain('at most 4294967295');
  });

  test('of packed fields are refused likewise', () => {
    expect(errorOf(bytes(10, 1, 0x80), (reader) => reader.packed('n'))).toContain('1 more bytes');
    expect(errorOf(bytes(10, 2, 0x81, 0), (reader) => reader.packed('n'))).toContain('shortest');
  });
});

describe('text', () => {
  const roundTrip = (text: string): string => {
    const reader = new Reader(written((writer) => writer.string(1, text)));
    return reader.next() === 0 ? '' : reader.string('s');
  };

  test('comes back, short or long, with and without code points of every size', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.string({ unit: 'binary-ascii', maxLength: 100 }),
    );
    fc.assert(fc.property(anyText, (text) => roundTrip(text) === text));
  });

  test('keeps a byte order mark', () => {
    expect(roundTrip('\ufeffa')).toBe('\ufeffa');
    expect(roundTrip(`\ufeff${'a'.repeat(50)}`)).toBe(`\ufeff${'a'.repeat(50)}`);
  });

  test.each(['\ud83d', 'a\ude00', '\ud83d\ud83d\ude00', '\ude00\ud83d', `${'é'.repeat(40)}\udfff`])(
    'with a lone surrogate is not written: %j',
    (text) => {
      expect(() => roundTrip(text)).toThrow(/lone surrogate at index \d+/);
    },
  );

  test.each([
    ['a lone byte', bytes(0x80)],
    ['a cut sequence', bytes(0x61, 0xe2, 0x82)],
    ['an overlong form', bytes(0xc0, 0xaf)],
    ['an encoded surrogate', bytes(0xed, 0xa0, 0xbd)],
    ['a code point above 10FFFF', bytes(0xf4, 0x90, 0x80, 0x80)],
    ['a long text that ends badly', bytes(...Array(60).fill(0x61), 0xff)],
  ])('of %s is refused', (_, content) => {
    const message = bytes(10, content.length, ...content);
    expect(errorOf(message, (reader) => reader.string('s'))).toContain(
      's at byte 2: expected UTF-8',
    );
  });

  test('longer than its limit is refused unread', () => {
    const message = written((writer) => writer.string(1, 'abc'));
    expect(errorOf(message, (reader) => reader.string('s', 2))).toContain(
      'at most 2 bytes, found 3',
    );
  });
});

describe('messages', () => {
  test('of any length are closed rightly, in each other', () => {
    for (const length of [0, 1, 126, 127, 128, 200, 16_383, 16_384, 70_000]) {
      const content = new Uint8Array(length).fill(7);
      const message = written((writer) => {
        const outer = writer.open(1);
        const inner = writer.open(2);
        writer.raw(content);
        writer.close(inner);
        writer.uint(3, 5);
        writer.close(outer);
        writer.uint(4, 6);
      });
      const reader = new Reader(message);
      expect(reader.next()).toBe(1);
      const inside = reader.message('outer', (outer) => {
        expect(outer.next()).toBe(2);
        const read = outer.bytes('inner');
        expect(outer.next()).toBe(3);
        expect(outer.uint('n')).toBe(5);
        expect(outer.next()).toBe(0);
        return read;
      });
      expect(inside).toEqual(content);
      expect(reader.next()).toBe(4);
      expect(reader.uint('m')).toBe(6);
    }
  });

  test('do not reach into what follows them', () => {
    const message = bytes(10, 2, 8, 0x80, 1);
    expect(
      errorOf(message, (reader) =>
        reader.message('outer', (outer) => outer.next() && outer.uint('n'), 3),
      ),
    ).toBe('outer[3].n at byte 4: expected 1 more bytes, found 0');
  });

  test('name the path of what is wrong inside', () => {
    const message = written((writer) => {
      const outer = writer.open(1);
      const inner = writer.open(1);
      writer.uint(1, 9);
      writer.close(inner);
      writer.close(outer);
    });
    const readInner = (reader: Reader) => reader.next() && reader.uint('n', 8);
    const readOuter = (reader: Reader) => reader.next() && reader.message('b', readInner, 0);
    expect(errorOf(message, (reader) => reader.message('a', readOuter))).toBe(
      'a.b[0].n at byte 6: expected at most 8, found 9',
    );
  });

  test.each([
    ['field 0', bytes(0, 1)],
    ['a field number above 2^29-1', bytes(0x80, 0x80, 0x80, 0x80, 0x10, 1)],
  ])('with %s are refused', (_, message) => {
    expect(() => new Reader(message).next()).toThrow(DecodeError);
  });
});

describe('unknown fields', () => {
  const skipAll = (message: Uint8Array): void => {
    const reader = new Reader(message);
    while (reader.next() !== 0) reader.skip();
  };

  test('of every wire type are skipped', () => {
    skipAll(bytes(0xf8, 0x7f, ...Array(9).fill(0xff), 1, 0xfa, 0x7f, 2, 1, 2));
    skipAll(bytes(0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7d, 1, 2, 3, 4));
  });

  test.each([
    ['groups', bytes(0x7b, 0x7c)],
    ['varints without end', bytes(0x78, ...Array(11).fill(0x80))],
    ['bytes cut off', bytes(0x7a, 2, 1)],
    ['fixed numbers cut off', bytes(0x79, 1, 2, 3)],
  ])('that are %s are refused', (_, message) => {
    expect(() => skipAll(message)).toThrow(DecodeError);
  });

  test('in large numbers are refused', () => {
    const some = Array(unknownFieldsMax).fill([0x78, 1]).flat();
    skipAll(bytes(...some));
    expect(() => skipAll(bytes(...some, 0x78, 1))).toThrow(/at most 64 unknown fields/);
  });
});

test('bytes that are read are a copy, of a Node Buffer too', () => {
  const message = Buffer.from(written((writer) => writer.bytes(1, bytes(1, 2, 3))));
  const reader = new Reader(message);
  reader.next();
  const read = reader.bytes('b');
  message.fill(9);
  expect(read).toEqual(bytes(1, 2, 3));
});

test('units are written as the string that they make', () => {
  for (const tail of ['', 'é', '€', '😀']) {
    for (const length of [0, 1, 40, 125, 127, 128, 300]) {
      const text = `${'x'.repeat(length)}${tail}`;
      const units = Uint16Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
      const fromString = new Writer();
      fromString.string(3, text);
      const fromUnits = new Writer();
      fromUnits.units(3, units, 0, units.length);
      expect(fromUnits.finish()).toEqual(fromString.finish());
    }
  }
  expect(() => new Writer().units(3, Uint16Array.of(0x61, 0xd83d), 0, 2)).toThrow(RangeError);
});
