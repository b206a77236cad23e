/**
 * Positions in the text of random histories against a scan of it: lines and columns, code points,
 * and anchors through everything that happens after they were set.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { must } from '../engine/assert.ts';
import { Random } from '../engine/random.ts';
import { anchorAt, anchorIndex, type TextAnchor } from '../engine/text/anchor.ts';
import { Sequence } from '../engine/text/sequence.ts';
import { cutsPair } from '../proto/text.ts';
import { anyPlan, Cluster, type Member } from './histories.ts';

const numRuns = 60;

/** Compares every place of the text with a scan. */
function expectPositions(sequence: Sequence): void {
  const { text } = sequence;
  const lines = text.split('\n');
  expect(sequence.lineCount).toBe(lines.length);
  let index = 0;
  for (const [at, content] of lines.entries()) {
    const line = at + 1;
    for (let column = 1; column <= content.length + 1; column++) {
      expect(sequence.lineColumnAt(index)).toEqual({ line, column });
      expect(sequence.indexAt({ line, column })).toBe(index++);
    }
    expect(() => sequence.indexAt({ line, column: content.length + 2 })).toThrow(RangeError);
  }
  expect(index).toBe(text.length + 1);
  let codePoints = 0;
  for (let unit = 0; unit <= text.length; unit++) {
    if (cutsPair(text, unit)) {
      expect(() => sequence.codePointIndex(unit)).toThrow(RangeError);
      continue;
    }
    expect(sequence.codePointIndex(unit)).toBe(codePoints);
    expect(sequence.indexOfCodePoint(codePoints++)).toBe(unit);
  }
  expect(() => sequence.indexOfCodePoint(codePoints)).toThrow(RangeError);
}

test('lines, columns and code points are those of the text', () => {
  fc.assert(
    fc.property(anyPlan(50), (plan) => {
      for (const { sequence } of Cluster.run(plan, false).members) expectPositions(sequence);
    }),
    { numRuns },
  );
});

test('they are in a text of many nodes and long spans too', () => {
  const random = new Random(7);
  const sequence = new Sequence();
  const words = ['a', '\n', '😀', 'word ', 'é\r\n', '𝒳𝒴'];
  for (let edit = 0; edit < 1500; edit++) {
    const { text, length } = sequence;
    const legal = (index: number) => (cutsPair(text, index) ? index - 1 : index);
    const index = legal(random.below(length + 1));
    const end = legal(Math.min(length, index + (edit % 3 === 0 ? random.below(8) : 0)));
    const inserted = random.pick(words).repeat(edit % 500 === 0 ? 3000 : 1 + random.below(4));
    sequence.edit(1, [{ index, deleted: Math.max(0, end - index), inserted }], 0);
  }
  expectPositions(sequence);
});

interface Kept {
  readonly anchor: TextAnchor;
  readonly member: Member;
}

/** Where the anchor is, by counting the visible characters up to its own. */
function naiveIndex({ reference }: Member, anchor: TextAnchor): number {
  const { units, text } = reference;
  if (anchor.timestamp === 0) return anchor.side === 'after' ? 0 : text.length;
  const at = units.findIndex(
    ({ id }) => id.timestamp === anchor.timestamp && id.replica === anchor.replica,
  );
  const end = anchor.side === 'after' ? at + 1 : at;
  return units.slice(0, end).filter(({ deleted }) => !deleted).length;
}

test('anchors stay with their character whatever happens', () => {
  fc.assert(
    fc.property(anyPlan(50), fc.nat(), (plan, seed) => {
      const random = new Random(seed);
      const cluster = new Cluster(plan.replicas, false);
      const kept: Kept[] = [];
      for (const action of plan.actions) {
        cluster.perform(action);
        const member = cluster.memberOf(action);
        const { sequence } = member;
        const index = random.below(sequence.length + 1);
        const side = random.chance(500_000) ? 'after' : 'before';
        const anchor = anchorAt(sequence, index, side);
        expect(anchorIndex(sequence, anchor)).toBe(index);
        kept.push({ anchor, member });
        const other = random.pick(kept);
        const found = anchorIndex(other.member.sequence, other.anchor);
        expect(found).toBe(naiveIndex(other.member, other.anchor));
      }
      cluster.settle();
      const first = must(cluster.members[0], 'a replica');
      for (const { anchor, member } of kept) {
        expect(anchorIndex(member.sequence, anchor)).toBe(naiveIndex(member, anchor));
        expect(anchorIndex(first.sequence, anchor)).toBe(naiveIndex(first, anchor));
      }
    }),
    { numRuns: 100 },
  );
});
