/** Which documents a pattern means, and what several of them give together. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fits, rightsTo } from './document-rights.ts';
import { everyDocument } from './verdict.ts';

describe('a pattern', () => {
  it.each([
    ['notes', ['notes'], ['note', 'notes2', 'Notes']],
    ['*', ['notes', 'a', everyDocument], []],
    ['team-a.*', ['team-a.', 'team-a.notes'], ['team-a', 'team-b.notes', everyDocument]],
    ['*.md', ['a.md', '.md'], ['a.mdx', 'md']],
    ['a*b*c', ['abc', 'a1b2c', 'abbcc', 'abcbc'], ['ab', 'acb', 'abcd']],
    ['ab*ba', ['abba', 'ab-ba'], ['aba', 'ab', 'ba']],
    ['a**b', ['ab', 'axb'], ['a']],
    ['**', ['x', everyDocument], []],
  ] as const)('%s', (pattern, names, others) => {
    expect(names.filter((name) => !fits(pattern, name))).toEqual([]);
    expect(others.filter((name) => fits(pattern, name))).toEqual([]);
  });

  it('fits what a regular expression of the same meaning does', () => {
    const word = (letters: string): fc.Arbitrary<string> =>
      fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(word('ab*'), word('ab'), (pattern, name) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
        expect(fits(pattern, name)).toBe(expression.test(name));
      }),
    );
  });
});

describe('rights', () => {
  const claim = {
    documents: { 'team-a.*': ['read', 'write'], '*': ['read', 'presence'], 'team-a.x': ['admin'] },
  };

  it('of all patterns that fit add up, and admin is all of them', () => {
    expect(rightsTo('team-a.notes', claim)).toEqual(new Set(['read', 'write', 'presence']));
    expect(rightsTo('letters', claim)).toEqual(new Set(['read', 'presence']));
    const all = new Set(['read', 'write', 'presence', 'history', 'admin']);
    expect(rightsTo('team-a.x', claim)).toEqual(all);
  });

  it('to every document are those under * only', () => {
    expect(rightsTo(everyDocument, claim)).toEqual(new Set(['read', 'presence']));
  });

  it('without a claim there are none', () => {
    expect(rightsTo('notes', undefined)).toEqual(new Set());
  });

  it.each([
    ['null', null],
    ['a list', ['read']],
    ['more than documents', { documents: {}, others: {} }],
    ['a right that is no list', { documents: { notes: 'read' } }],
    ['a slash', { documents: { 'team-a/*': ['read'] } }],
    ['an empty name', { documents: { '': ['read'] } }],
  ])('are not guessed from another form: %s', (_, value) => {
    expect(rightsTo('notes', value)).toBeNull();
  });
});
