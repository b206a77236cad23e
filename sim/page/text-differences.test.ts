/**
 * Goal: what is marked as different is what differs, and nothing of a text is invisible.
 */
import { expect, it } from 'vitest';
import { differences } from './text-differences.ts';

/** Differing pieces in brackets. */
function marked(...texts: string[]): string[] {
  return differences(texts).map((pieces) =>
    pieces.map(({ text, differs }) => (differs ? `[${text}]` : text)).join(''),
  );
}

it('marks nothing in equal texts', () => {
  expect(marked('same', 'same', 'same')).toEqual(['same', 'same', 'same']);
  expect(marked('', '')).toEqual(['', '']);
});

it('marks what one has and another lacks', () => {
  expect(marked('abcd', 'abxd')).toEqual(['ab[c]d', 'ab[x]d']);
  expect(marked('hello', 'hello world')).toEqual(['hello', 'hello[ world]']);
  expect(marked('one two', 'two one')).toEqual(['[one ]two', 'two[ one]']);
});

it('marks what any other lacks', () => {
  expect(marked('abc', 'abc', 'ab')).toEqual(['ab[c]', 'ab[c]', 'ab']);
  expect(marked('a', 'xcay', 'zcaw')).toEqual(['a', '[xc]a[y]', '[zc]a[w]']);
});

it('keeps surrogate pairs and combining marks whole', () => {
  expect(marked('😀', '😁')).toEqual(['[😀]', '[😁]']);
  expect(marked('e\u0301', 'e')).toEqual(['[e\u0301]', '[e]']);
});

it('gives a shape to what has none', () => {
  expect(marked('a\nb')).toEqual(['a↵\nb']);
  expect(marked('\u0000\t')).toEqual(['␀␉']);
  expect(marked('\ud83d')).toEqual(['\\ud83d']);
  expect(marked('\u200d', '')).toEqual(['[U+200d]', '']);
  expect(marked('\u0301')).toEqual(['◌\u0301']);
});

it('marks all between the common ends of texts too long to compare', () => {
  const [left = '', right = ''] = marked(`<${'ab'.repeat(1_000)}>`, `<${'ba'.repeat(1_000)}>`);
  expect(left).toBe(`<[${'ab'.repeat(1_000)}]>`);
  expect(right).toBe(`<[${'ba'.repeat(1_000)}]>`);
});
