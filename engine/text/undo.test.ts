/** Undo material in small cases; the rest is properties/undo.prop.test.ts. */
import { describe, expect, test } from 'vitest';
import { Document } from './document.ts';
import type { TimestampRange } from './sequence.ts';

/** Two documents with the same text, of replica 1. */
function pairOf(text: string): [Document, Document] {
  const one = Document.create({ replica: 1 });
  const two = Document.create({ replica: 2 });
  two.apply(one.insert(0, text));
  return [one, two];
}

/** Runs the edit and tells which operations it made. */
function rangeOf(document: Document, edit: () => void): TimestampRange {
  const from = document.clock + 1;
  edit();
  return { from, to: document.clock };
}

/** Takes back the operations; tells which ones that made. */
function undo(document: Document, ...ranges: readonly TimestampRange[]): TimestampRange {
  return rangeOf(document, () => document.edit(document.invert(ranges)));
}

describe('what was done is taken back', () => {
  test('an edit, and its undo', () => {
    const [document] = pairOf('hello world');
    const edit = rangeOf(document, () =>
      document.edit([
        { index: 0, deleted: 5, inserted: 'HELLO' },
        { index: 8, deleted: 3, inserted: '' },
      ]),
    );
    expect(document.text).toBe('HELLO wo');
    expect(document.invert([edit])).toEqual([
      { index: 0, deleted: 5, inserted: 'hello' },
      { index: 8, deleted: 0, inserted: 'rld' },
    ]);
    const undone = undo(document, edit);
    expect(document.text).toBe('hello world');
    undo(document, undone);
    expect(document.text).toBe('HELLO wo');
  });

  test('one edit of several', () => {
    const [document] = pairOf('ac');
    const first = rangeOf(document, () => document.insert(1, 'b'));
    document.insert(3, 'd');
    undo(document, first);
    expect(document.text).toBe('acd');
  });

  test('one after the other, with all own operations since', () => {
    const document = Document.create({ replica: 1 });
    const edits = [
      rangeOf(document, () => document.insert(0, 'ab')),
      rangeOf(document, () => document.delete(1, 1)),
      rangeOf(document, () => document.insert(1, 'c')),
    ];
    const texts = edits.toReversed().map(({ from }) => {
      undo(document, { from, to: Number.POSITIVE_INFINITY });
      return document.text;
    });
    expect(texts).toEqual(['a', 'ab', '']);
  });

  test('nothing, if nothing of it is left to take back', () => {
    const [document] = pairOf('abc');
    const edit = rangeOf(document, () => document.insert(1, 'x'));
    document.delete(1, 1);
    expect(document.invert([edit])).toEqual([]);
    expect(document.invert([])).toEqual([]);
    expect(document.invert([{ from: 90, to: 99 }])).toEqual([]);
  });

  test('ranges in any order, that overlap or touch', () => {
    const [document] = pairOf('');
    for (const text of ['a', 'b', 'c', 'd', 'e']) document.insert(document.length, text);
    const ranges = [
      { from: 4, to: 4 },
      { from: 1, to: 2 },
      { from: 2, to: 3 },
    ];
    expect(document.invert(ranges)).toEqual([{ index: 0, deleted: 4, inserted: '' }]);
  });

  test('a pair as a whole, of which a half was told', () => {
    const [document] = pairOf('a😀b');
    expect(document.invert([{ from: 3, to: 3 }])).toEqual([{ index: 1, deleted: 2, inserted: '' }]);
    expect(document.invert([{ from: 2, to: 2 }])).toEqual([{ index: 1, deleted: 2, inserted: '' }]);
    const { from, to } = rangeOf(document, () => document.delete(1, 2));
    expect(document.invert([{ from, to: from }])).toEqual([]);
    expect(document.invert([{ from, to }])).toEqual([{ index: 1, deleted: 0, inserted: '😀' }]);
  });
});

describe('others', () => {
  test('keep what they wrote inside a range that goes', () => {
    const [one, two] = pairOf('');
    const edit = rangeOf(one, () => two.apply(one.insert(0, 'mine')));
    one.apply(two.insert(2, 'YOURS'));
    undo(one, edit);
    expect(one.text).toBe('YOURS');
  });

  test('keep what they wrote where text comes back, at its place', () => {
    const [one, two] = pairOf('abcd');
    const update = two.insert(2, 'X');
    const edit = rangeOf(one, () => one.delete(0, 4));
    one.apply(update);
    expect(one.text).toBe('X');
    undo(one, edit);
    expect(one.text).toBe('abXcd');
  });

  test('keep away what they deleted too, before or after', () => {
    const [one, two] = pairOf('abcd');
    const update = two.delete(1, 2);
    const edit = rangeOf(one, () => one.delete(0, 2));
    one.apply(update);
    undo(one, edit);
    expect(one.text).toBe('ad');
  });
});

test('a range that is none, or is from before the history, is a RangeError', () => {
  const [document] = pairOf('abc');
  for (const range of [
    { from: 2, to: 1 },
    { from: 0, to: 1 },
    { from: Number.NaN, to: 1 },
  ]) {
    expect(() => document.invert([range])).toThrow(RangeError);
  }
  const short = Document.decode(document.encode({ history: 'none' }), { replica: 1 });
  expect(() => short.invert([{ from: 3, to: 3 }])).toThrow('saved without history');
  const edit = rangeOf(short, () => short.delete(0, 1));
  expect(short.invert([edit])).toEqual([{ index: 0, deleted: 0, inserted: 'a' }]);
});
