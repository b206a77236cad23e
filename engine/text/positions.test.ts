/** Positions at the edges; the rest is properties/positions.prop.test.ts. */
import { describe, expect, test } from 'vitest';
import { Document } from './document.ts';

function documentOf(text: string): Document {
  const document = Document.create({ replica: 1 });
  document.insert(0, text);
  return document;
}

describe('lines and columns', () => {
  test.each([
    ['', 1, [[1, 1]]],
    [
      'a',
      1,
      [
        [1, 1],
        [1, 2],
      ],
    ],
    [
      '\n',
      2,
      [
        [1, 1],
        [2, 1],
      ],
    ],
    [
      'a\r\n\nb',
      3,
      [
        [1, 1],
        [1, 2],
        [1, 3],
        [2, 1],
        [3, 1],
        [3, 2],
      ],
    ],
  ])('of %j, at every index and back', (text, lines, places) => {
    const document = documentOf(text);
    expect(document.lineCount).toBe(lines);
    for (const [index, [line = 0, column = 0]] of places.entries()) {
      expect(document.lineColumnAt(index)).toEqual({ line, column });
      expect(document.indexAt({ line, column })).toBe(index);
    }
  });

  test('that are not there are a RangeError which tells what is', () => {
    const document = documentOf('ab\nc');
    const no = (line: number, column: number) => () => document.indexAt({ line, column });
    expect(no(3, 1)).toThrow('line 3 is not one of 2');
    expect(no(1, 4)).toThrow('column 4 is not in line 1, of 2 units');
    for (const ask of [no(0, 1), no(1, 0), no(1.5, 1), no(1, Number.NaN), no(2, 3)]) {
      expect(ask).toThrow(RangeError);
    }
    for (const index of [-1, 5, 0.5, Number.NaN]) {
      expect(() => document.lineColumnAt(index)).toThrow(RangeError);
    }
  });
});

describe('code points', () => {
  test('count a pair once', () => {
    const document = documentOf('a😀b');
    expect([0, 1, 3, 4].map((index) => document.codePointIndex(index))).toEqual([0, 1, 2, 3]);
    expect([0, 1, 2, 3].map((count) => document.indexOfCodePoint(count))).toEqual([0, 1, 3, 4]);
  });

  test('that are not there are a RangeError, and so is the inside of a pair', () => {
    const document = documentOf('a😀b');
    expect(() => document.codePointIndex(2)).toThrow('index 2 is inside a surrogate pair');
    for (const index of [-1, 5, 0.5]) {
      expect(() => document.codePointIndex(index)).toThrow(RangeError);
      expect(() => document.indexOfCodePoint(index)).toThrow(RangeError);
    }
    expect(() => document.indexOfCodePoint(4)).toThrow('4 is not in a text of 3 code points');
  });
});

describe('anchors', () => {
  test('stay with the character before or after them', () => {
    const document = documentOf('abcd');
    const after = document.anchorAt(2);
    const before = document.anchorAt(2, 'before');
    document.insert(2, 'XY');
    expect([document.indexOfAnchor(after), document.indexOfAnchor(before)]).toEqual([2, 4]);
    document.delete(1, 4);
    expect(document.text).toBe('ad');
    expect([document.indexOfAnchor(after), document.indexOfAnchor(before)]).toEqual([1, 1]);
  });

  test('at the ends of the text stay there', () => {
    const document = documentOf('');
    const start = document.anchorAt(0);
    const end = document.anchorAt(0, 'before');
    document.insert(0, 'ab');
    expect([document.indexOfAnchor(start), document.indexOfAnchor(end)]).toEqual([0, 2]);
  });

  test('are known where the character is', () => {
    const document = documentOf('abc');
    const anchor = document.anchorAt(1);
    const other = Document.create({ replica: 2 });
    expect(other.indexOfAnchor(anchor)).toBeNull();
    other.insert(0, 'x');
    other.apply(document.updateSince(other.versionVector));
    const index = other.indexOfAnchor(anchor) ?? -1;
    expect(other.text.charAt(index - 1)).toBe('a');
  });

  test('are not outside the text nor inside a pair', () => {
    const document = documentOf('😀');
    for (const index of [-1, 1, 3]) expect(() => document.anchorAt(index)).toThrow(RangeError);
  });
});
