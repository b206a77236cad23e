/**
 * The past of random histories against the naive one: texts, changes and authors at every version
 * that a replica ever had, at joins and meets of them, and at every prefix by timestamp.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { must } from '../engine/assert.ts';
import { VersionVector } from '../engine/causal/version-vector.ts';
import { Random } from '../engine/random.ts';
import { Sequence } from '../engine/text/sequence.ts';
import { applyChanges } from '../engine/text/text-change.ts';
import { anyPlan, Cluster, type Plan } from './histories.ts';
import { charactersOf, keyOf, type NaiveCharacter, shownIf, textOf } from './naive-past.ts';

const numRuns = 100;

interface Past {
  readonly sequence: Sequence;
  readonly characters: readonly NaiveCharacter[];
  /** Versions that replicas had, and the texts that they showed. */
  readonly seen: readonly { readonly version: VersionVector; readonly text: string }[];
}

/** A settled history; the sequence is that of a random replica, maybe read from a snapshot. */
function pastOf(plan: Plan, random: Random): Past {
  const cluster = new Cluster(plan.replicas, false);
  const seen = plan.actions.map((action) => {
    cluster.perform(action);
    const { sequence } = cluster.memberOf(action);
    return { version: sequence.versionVector.clone(), text: sequence.text };
  });
  cluster.settle();
  const { sequence, reference } = random.pick(cluster.members);
  return {
    sequence: random.chance(500_000) ? sequence : Sequence.fromSnapshot(sequence.toSnapshot()),
    characters: charactersOf(reference, cluster.batches),
    seen,
  };
}

/** The naive text at a version. */
function naiveAt({ characters }: Past, version: VersionVector): NaiveCharacter[] {
  return shownIf(characters, (id) => version.includes(id));
}

/** A version that somebody had, or one that nobody had: whatever operations are in it. */
function anyVersion({ seen, sequence }: Past, random: Random): VersionVector {
  const had = () => (seen.length === 0 ? new VersionVector() : random.pick(seen).version);
  switch (random.below(5)) {
    case 0:
      return had().join(had());
    case 1:
      return had().meet(had());
    case 2:
      return sequence.versionAt(random.below(sequence.clock + 2));
    case 3: {
      const entries = sequence.versionVector.entries();
      return VersionVector.from(entries.map(([id, last]) => [id, random.below(last + 1)]));
    }
    default:
      return had();
  }
}

/** Runs the test on many histories and some versions of each. */
function forVersions(count: number, body: (past: Past, versions: VersionVector[]) => void): void {
  fc.assert(
    fc.property(anyPlan(50), fc.nat(), (plan, seed) => {
      const random = new Random(seed);
      const past = pastOf(plan, random);
      const digest = past.sequence.digest();
      body(
        past,
        Array.from({ length: count }, () => anyVersion(past, random)),
      );
      expect(past.sequence.digest()).toBe(digest);
    }),
    { numRuns },
  );
}

describe('the text', () => {
  test('at every version is the naive one, and the one that was seen', () => {
    forVersions(8, (past, versions) => {
      for (const { version, text } of past.seen) expect(past.sequence.textAt(version)).toBe(text);
      for (const version of versions) {
        expect(past.sequence.textAt(version)).toBe(textOf(naiveAt(past, version)));
      }
    });
  });

  test('at every timestamp is that of all operations up to it', () => {
    forVersions(0, (past) => {
      const { sequence, characters } = past;
      for (let timestamp = 0; timestamp <= sequence.clock + 1; timestamp++) {
        const version = sequence.versionAt(timestamp);
        const naive = shownIf(characters, (id) => id.timestamp <= timestamp);
        expect(sequence.textAt(version)).toBe(textOf(naive));
      }
      expect(sequence.versionAt(sequence.clock).equals(sequence.versionVector)).toBe(true);
    });
  });
});

test('changes between any two versions make one text the other and touch nothing else', () => {
  forVersions(8, (past, versions) => {
    const { sequence } = past;
    for (const [at, from] of versions.entries()) {
      const to = must(versions[(at + 1) % versions.length], 'a version');
      const before = naiveAt(past, from);
      const after = naiveAt(past, to);
      const changes = sequence.changesBetween(from, to);
      expect(applyChanges(textOf(before), changes)).toBe(textOf(after));
      const kept = new Set(before.map(({ id }) => keyOf(id)));
      const both = after.filter(({ id }) => kept.has(keyOf(id))).length;
      let deleted = 0;
      let inserted = 0;
      let end = -1;
      for (const change of changes) {
        expect(change.deleted + change.inserted.length).toBeGreaterThan(0);
        expect(change.index).toBeGreaterThan(end);
        end = change.index + change.inserted.length;
        deleted += change.deleted;
        inserted += change.inserted.length;
      }
      expect([deleted, inserted]).toEqual([before.length - both, after.length - both]);
      expect(sequence.changesBetween(from, from)).toEqual([]);
    }
  });
});

test('authorship names author and timestamp of every unit in as few ranges as can be', () => {
  forVersions(6, (past, versions) => {
    for (const version of versions) {
      const ranges = past.sequence.authorship(version);
      const told = ranges.flatMap(({ length, replica, timestamp }) =>
        Array.from({ length }, (_, k) => keyOf({ timestamp: timestamp + k, replica })),
      );
      expect(told).toEqual(naiveAt(past, version).map(({ id }) => keyOf(id)));
      let index = 0;
      for (const [at, range] of ranges.entries()) {
        expect(range.index).toBe(index);
        index += range.length;
        const next = ranges[at + 1];
        const goesOn =
          next?.replica === range.replica && next.timestamp === range.timestamp + range.length;
        expect(goesOn).toBe(false);
      }
    }
    const now = past.sequence.authorship(past.sequence.versionVector);
    expect(past.sequence.authorship()).toEqual(now);
  });
});

function copyOf(sequence: Sequence): Sequence {
  return Sequence.fromSnapshot(sequence.toSnapshot());
}

test('a document saved without history tells the same from there on, and nothing before', () => {
  fc.assert(
    fc.property(anyPlan(50), fc.nat(), (plan, seed) => {
      const random = new Random(seed);
      const cluster = new Cluster(plan.replicas, false);
      const split = random.below(plan.actions.length + 1);
      for (const action of plan.actions.slice(0, split)) cluster.perform(action);
      const old = random.pick(cluster.members);
      const authors = old.sequence.versionVector.entries().map(([replica]) => replica);
      const short = Sequence.fromSnapshot(old.sequence.toSnapshot(authors, false));
      const state = copyOf(old.sequence);
      const since = short.historyStart.clone();
      expect(since.equals(old.sequence.versionVector)).toBe(true);
      for (const action of plan.actions.slice(split)) cluster.perform(action);
      cluster.settle();
      const { sequence: whole } = must(cluster.members[0], 'a replica');
      const states = [copyOf(state)];
      for (const batch of whole.batchesSince(since)) {
        short.integrate(batch);
        state.integrate(batch);
        states.push(copyOf(state));
      }
      for (const batch of cluster.batches) expect(short.holds(batch)).toBe(true);
      for (const older of states) {
        const from = older.versionVector.clone();
        const to = random.pick(states).versionVector;
        expect(short.textAt(from)).toBe(whole.textAt(from));
        expect(short.changesBetween(from, to)).toEqual(whole.changesBetween(from, to));
        expect(short.authorship(from)).toEqual(whole.authorship(from));
        for (const batch of short.batchesSince(from)) older.integrate(batch);
        expect(older.digest()).toBe(whole.digest());
      }
      for (const [replica, last] of since.entries()) {
        const others = since.entries().filter(([id]) => id !== replica);
        const before = VersionVector.from([...others, [replica, last - 1]]);
        expect(() => short.textAt(before)).toThrow(RangeError);
        expect(() => short.batchesSince(before)).toThrow(RangeError);
      }
    }),
    { numRuns },
  );
});
