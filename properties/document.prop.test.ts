/**
 * The laws of Document, on the updates of random histories: whatever the order, the repetition and
 * the packing of updates, documents with the same operations are the same. B1, B2, B12 and B13.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { must } from '../engine/assert.ts';
import { Random } from '../engine/random.ts';
import { Document } from '../engine/text/document.ts';
import { applyChanges } from '../engine/text/text-change.ts';
import { decodeUpdate, encodeUpdate } from '../proto/update-codec.ts';
import { anyPlan, Cluster } from './histories.ts';

const numRuns = 100;

interface Written {
  readonly updates: readonly Uint8Array[];
  readonly text: string;
  readonly digest: string;
}

/** The updates of a history, in the order of writing, and the state that they make. */
const written: fc.Arbitrary<Written> = anyPlan(60).map((plan) => {
  const cluster = Cluster.run(plan, false);
  cluster.settle();
  const { sequence } = must(cluster.members[0], 'a replica');
  const updates = cluster.batches.map((batch) => encodeUpdate({ batches: [batch] }));
  return { updates, text: sequence.text, digest: sequence.digest() };
});

function documentOf(updates: readonly Uint8Array[]): Document {
  const document = Document.create({ replica: 99 });
  for (const update of updates) {
    const before = document.text;
    expect(applyChanges(before, document.apply(update))).toBe(document.text);
  }
  document.check();
  return document;
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const rest = [...items];
  return items.flatMap(() => rest.splice(random.below(rest.length), 1));
}

/** The items in three parts, each maybe empty. */
function parted<T>(items: readonly T[], random: Random): readonly [T[], T[], T[]] {
  const parts: readonly [T[], T[], T[]] = [[], [], []];
  for (const item of items) parts[random.below(3)]?.push(item);
  return parts;
}

describe('documents with the same operations are the same', () => {
  test('in any order of arrival', () => {
    fc.assert(
      fc.property(written, fc.nat(), ({ updates, digest, text }, seed) => {
        const document = documentOf(shuffled(updates, new Random(seed)));
        expect(document.pending).toBe(0);
        expect(document.text).toBe(text);
        expect(document.digest()).toBe(digest);
      }),
      { numRuns },
    );
  });

  test('with any repetition', () => {
    fc.assert(
      fc.property(written, fc.nat(), ({ updates, digest }, seed) => {
        const random = new Random(seed);
        const repeated = updates.flatMap((update) => Array(1 + random.below(3)).fill(update));
        expect(documentOf(shuffled(repeated, random)).digest()).toBe(digest);
      }),
      { numRuns },
    );
  });

  test('after encode and decode', () => {
    fc.assert(
      fc.property(written, ({ updates, digest }) => {
        const document = documentOf(updates);
        const again = Document.decode(document.encode(), { replica: 5 });
        again.check();
        expect(again.digest()).toBe(digest);
        expect(again.encode()).toEqual(document.encode());
      }),
      { numRuns },
    );
  });
});

describe('merging updates', () => {
  const { mergeUpdates } = Document;

  test('is applying one after the other', () => {
    fc.assert(
      fc.property(written, ({ updates, digest }) => {
        expect(documentOf([mergeUpdates(updates)]).digest()).toBe(digest);
      }),
      { numRuns },
    );
  });

  test('is commutative, associative and idempotent in what it means', () => {
    fc.assert(
      fc.property(written, fc.nat(), ({ updates, digest }, seed) => {
        const random = new Random(seed);
        const [first, second, third] = parted(shuffled(updates, random), random);
        const a = mergeUpdates(first);
        const b = mergeUpdates(second);
        const c = mergeUpdates(third);
        const ways = [
          [a, b, c],
          [mergeUpdates([mergeUpdates([a, b]), c])],
          [mergeUpdates([a, mergeUpdates([b, c])])],
          [mergeUpdates([mergeUpdates([c, a]), b, a])],
        ];
        for (const way of ways) {
          expect(documentOf(way).digest()).toBe(digest);
          expect(documentOf([mergeUpdates(way)]).digest()).toBe(digest);
        }
        const once = mergeUpdates(updates);
        expect(mergeUpdates([once, once])).toEqual(once);
        expect(mergeUpdates(updates.toReversed())).toEqual(once);
      }),
      { numRuns },
    );
  });

  test('makes no more batches than there were, in an order that needs no waiting', () => {
    fc.assert(
      fc.property(written, ({ updates }) => {
        const { batches } = decodeUpdate(mergeUpdates(updates));
        expect(batches.length).toBeLessThanOrEqual(updates.length);
        const document = Document.create({ replica: 99, bufferedMax: 0 });
        document.apply(mergeUpdates(updates));
      }),
      { numRuns },
    );
  });
});

test('updateSince brings a document with any part of the history up to date', () => {
  fc.assert(
    fc.property(written, fc.nat(), ({ updates, digest }, seed) => {
      const whole = documentOf(updates);
      const some = shuffled(updates, new Random(seed)).slice(0, updates.length / 2);
      const part = documentOf(some);
      part.apply(whole.updateSince(part.versionVector));
      expect(part.pending).toBe(0);
      expect(part.digest()).toBe(digest);
    }),
    { numRuns },
  );
});
