/**
 * Goal: an editor that knows only texts neither loses nor moves anything. Method: random texts,
 * splices and changes by others, against the definition and against a real sequence.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anchorAt, anchorIndex } from '../engine/text/anchor.ts';
import { Sequence } from '../engine/text/sequence.ts';
import { applyChanges, type TextChange } from '../engine/text/text-change.ts';
import { loneSurrogate } from '../proto/text.ts';
import { shownIndex, shownText, textIndex } from './line-breaks.ts';
import { difference, moveIndex, rebase } from './text-splices.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'b', '😀', '😁'), maxLength: 12 });

/** A splice of `before`, made from two fractions. */
function spliceOf(before: string, [a, b]: readonly [number, number], inserted: string): TextChange {
  const [from, to] = [a, b].map((part) => Math.round(part * before.length)).sort((x, y) => x - y);
  const index = from ?? 0;
  return { index, deleted: (to ?? index) - index, inserted };
}

const part = fc.double({ min: 0, max: 1, noNaN: true });
const range = fc.tuple(part, part);

describe('difference', () => {
  it('makes one text out of the other, never with half a pair', () => {
    fc.assert(
      fc.property(text, text, part, (before, after, at) => {
        const splice = difference(before, after, Math.round(at * after.length));
        if (splice === null) {
          expect(after).toBe(before);
          return;
        }
        expect(applyChanges(before, [splice])).toBe(after);
        expect(loneSurrogate(splice.inserted)).toBe(-1);
        expect(loneSurrogate(before.slice(0, splice.index))).toBe(-1);
        expect(loneSurrogate(before.slice(splice.index + splice.deleted))).toBe(-1);
      }),
    );
  });

  it('finds exactly what was typed at the caret between equal letters', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.nat(6), fc.nat(3), fc.integer({ min: 1, max: 3 }), (...sizes) => {
        const [left, right, deleted, inserted] = sizes;
        const before = 'a'.repeat(left + deleted + right);
        const after = 'a'.repeat(left + inserted + right);
        const least = Math.min(deleted, inserted);
        const found = difference(before, after, left + inserted);
        if (deleted === inserted) expect(found).toBe(null);
        else {
          expect(found?.deleted).toBe(deleted - least);
          expect(found?.inserted.length).toBe(inserted - least);
          if (least === 0) expect(found?.index).toBe(left);
        }
      }),
    );
  });
});

describe('a place in a text', () => {
  it('moves as the anchor to its left neighbour does', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 });
    const step = fc.tuple(range, letters);
    fc.assert(
      fc.property(letters, fc.array(step, { maxLength: 5 }), part, (start, steps, at) => {
        const sequence = new Sequence();
        sequence.edit(1, [{ index: 0, deleted: 0, inserted: start }], 0);
        for (const [ends, inserted] of steps) {
          const index = Math.round(at * sequence.length);
          const anchor = anchorAt(sequence, index);
          const splice = spliceOf(sequence.text, ends, inserted);
          sequence.edit(2, [splice], 0);
          // Inside of what was replaced, the place is the edge; the anchor may stand behind it.
          if (index > splice.index && index < splice.index + splice.deleted) continue;
          expect(moveIndex(index, [splice])).toBe(anchorIndex(sequence, anchor));
        }
      }),
    );
  });
});

describe('rebase', () => {
  it('deletes and inserts what was meant, and keeps what others put in', () => {
    const own = fc.string({ unit: fc.constantFrom('x', 'y'), maxLength: 4 });
    const theirs = fc.string({ unit: fc.constantFrom('1', '2'), maxLength: 3 });
    const others = fc.array(fc.tuple(range, theirs), { maxLength: 4 });
    const base = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 10 });
    fc.assert(
      fc.property(base, range, own, others, (before, ends, inserted, steps) => {
        const splice = spliceOf(before, ends, inserted);
        const changes: TextChange[] = [];
        let now = before;
        for (const [where, what] of steps) {
          const change = spliceOf(now, where, what);
          changes.push(change);
          now = applyChanges(now, [change]);
        }
        const result = applyChanges(now, rebase(splice, changes));
        const count = (of: string, letters: RegExp): string => of.replaceAll(letters, '');
        expect(count(result, /[^xy]/g)).toBe(inserted);
        expect(count(result, /[^12]/g)).toBe(count(now, /[^12]/g));
        if (steps.length === 0) expect(result).toBe(applyChanges(before, [splice]));
        // What was there before and is in neither's range is there still.
        const kept = before.slice(0, splice.index) + before.slice(splice.index + splice.deleted);
        if (changes.every(({ deleted }) => deleted === 0)) {
          expect(count(result, /[^abc]/g)).toBe(kept);
        }
      }),
    );
  });
});

describe('line breaks', () => {
  it('have the same place in the field and in the text', () => {
    const broken = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\r\n'), maxLength: 12 });
    fc.assert(
      fc.property(broken, part, (raw, at) => {
        const shown = Math.round(at * shownText(raw).length);
        const index = textIndex(raw, shown);
        expect(shownIndex(raw, index)).toBe(shown);
        expect(shownText(raw.slice(0, index))).toBe(shownText(raw).slice(0, shown));
        expect(raw.slice(index - 1, index + 1)).not.toBe('\r\n');
      }),
    );
  });
});
