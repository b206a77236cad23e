/**
 * Undo material in random histories: what is taken back is gone as if it had never been, and
 * nothing else is.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../engine/random.ts';
import type { TimestampRange } from '../engine/text/sequence.ts';
import type { OpId } from '../proto/batch.ts';
import { type Action, anyPlan, Cluster, type Member } from './histories.ts';
import { charactersOf, keyOf, type NaiveCharacter, shownIf, textOf } from './naive-past.ts';

const numRuns = 200;

/** Takes back the replica's operations; tells which ones that made. */
function undo(cluster: Cluster, member: Member, ranges: readonly TimestampRange[]): TimestampRange {
  const { id, sequence, reference } = member;
  const from = sequence.clock + 1;
  const batch = sequence.edit(id, sequence.invert(id, ranges), 0);
  if (batch !== null) {
    cluster.batches.push(batch);
    reference.integrate(batch);
  }
  return { from, to: Math.max(from, sequence.clock) };
}

/** The characters that the replica has. */
function charactersAt(cluster: Cluster, { sequence, reference }: Member): NaiveCharacter[] {
  const { versionVector } = sequence;
  const batches = cluster.batches.filter(({ replica, first }) =>
    versionVector.includes({ replica, timestamp: first }),
  );
  return charactersOf(reference, batches);
}

function naiveWithout(
  characters: readonly NaiveCharacter[],
  member: Member,
  ranges: readonly TimestampRange[],
): NaiveCharacter[] {
  const isUndone = ({ replica, timestamp }: OpId) =>
    replica === member.id && ranges.some(({ from, to }) => from <= timestamp && timestamp <= to);
  return shownIf(characters, (id) => !isUndone(id));
}

function anyRanges(member: Member, random: Random): TimestampRange[] {
  const { clock } = member.sequence;
  return Array.from({ length: random.below(4) }, () => {
    const from = random.between(1, clock + 2);
    return { from, to: random.chance(200_000) ? Number.POSITIVE_INFINITY : from + random.below(9) };
  });
}

/** Actions of all sorts, of which the replica makes only its own edits. */
function editAlone(cluster: Cluster, member: Member, actions: readonly Action[]): void {
  const replica = cluster.members.indexOf(member);
  for (const action of actions) {
    if (action.kind !== 'pull' && action.kind !== 'sync') cluster.perform({ ...action, replica });
  }
}

describe('with nobody else', () => {
  test('undoing what was just done gives the text before, and redo the text after', () => {
    fc.assert(
      fc.property(anyPlan(30), anyPlan(12), fc.nat(), (plan, more, seed) => {
        const cluster = Cluster.run(plan, false);
        const member = new Random(seed).pick(cluster.members);
        const { sequence } = member;
        const before = sequence.text;
        const from = sequence.clock + 1;
        editAlone(cluster, member, more.actions);
        const after = sequence.text;
        const undone = undo(cluster, member, [{ from, to: Math.max(from, sequence.clock) }]);
        expect(sequence.text).toBe(before);
        undo(cluster, member, [undone]);
        expect(sequence.text).toBe(after);
      }),
      { numRuns },
    );
  });

  test('undoing one edit after the other goes through all texts, there and back', () => {
    fc.assert(
      fc.property(anyPlan(20), anyPlan(8), fc.nat(), (plan, more, seed) => {
        const cluster = Cluster.run(plan, false);
        const member = new Random(seed).pick(cluster.members);
        const { sequence } = member;
        const texts: { readonly from: number; readonly text: string }[] = [];
        for (const action of more.actions) {
          texts.push({ from: sequence.clock + 1, text: sequence.text });
          editAlone(cluster, member, [action]);
        }
        const last = sequence.text;
        const redos: { readonly from: number; readonly text: string }[] = [];
        for (const { from, text } of texts.toReversed()) {
          redos.push({ from: sequence.clock + 1, text: sequence.text });
          undo(cluster, member, [{ from, to: Number.POSITIVE_INFINITY }]);
          expect(sequence.text).toBe(text);
        }
        for (const { from, text } of redos.toReversed()) {
          undo(cluster, member, [{ from, to: Number.POSITIVE_INFINITY }]);
          expect(sequence.text).toBe(text);
        }
        expect(sequence.text).toBe(last);
      }),
      { numRuns },
    );
  });
});

describe('with others', () => {
  test('any own operations are taken back as if they had not been, and nothing else is', () => {
    fc.assert(
      fc.property(anyPlan(40), fc.nat(), (plan, seed) => {
        const random = new Random(seed);
        const cluster = Cluster.run(plan, false);
        const member = random.pick(cluster.members);
        const ranges = anyRanges(member, random);
        const before = charactersAt(cluster, member);
        const digest = member.sequence.digest();
        member.sequence.invert(member.id, ranges);
        expect(member.sequence.digest()).toBe(digest);
        undo(cluster, member, ranges);
        const { text } = member.sequence;
        expect(text).toBe(textOf(naiveWithout(before, member, ranges)));
        const after = charactersAt(cluster, member);
        expect(ofOthers(after, member)).toEqual(ofOthers(before, member));
        cluster.settle();
      }),
      { numRuns },
    );
  });

  test('undo of undo brings back the own text, whatever came in between', () => {
    fc.assert(
      fc.property(anyPlan(30), anyPlan(15), fc.nat(), (plan, more, seed) => {
        const random = new Random(seed);
        const cluster = Cluster.run(plan, false);
        const member = random.pick(cluster.members);
        const undone = undo(cluster, member, anyRanges(member, random));
        const position = cluster.members.indexOf(member);
        for (const action of more.actions) {
          // The others edit; all get what there is, the replica too.
          const isOwn = action.replica % cluster.members.length === position;
          if (!isOwn) cluster.perform(action);
          else cluster.perform({ ...action, kind: 'pull' });
        }
        const before = charactersAt(cluster, member);
        undo(cluster, member, [undone]);
        const expected = naiveWithout(before, member, [undone]);
        expect(member.sequence.text).toBe(textOf(expected));
        const after = charactersAt(cluster, member);
        expect(ofOthers(after, member)).toEqual(ofOthers(before, member));
        cluster.settle();
        const digests = new Set(cluster.members.map(({ sequence }) => sequence.digest()));
        expect(digests.size).toBe(1);
      }),
      { numRuns },
    );
  });
});

/** The visible characters of others. */
function ofOthers(characters: readonly NaiveCharacter[], member: Member): string[] {
  const shown = shownIf(characters, () => true);
  return shown.filter(({ id }) => id.replica !== member.id).map(({ id }) => keyOf(id));
}
