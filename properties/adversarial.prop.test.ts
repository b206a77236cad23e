/**
 * The histories of adversarial-histories.ts, in every order of their branches that matters: the
 * text is the one that was computed by hand. Small ones go through the oracle as well, which says
 * whether the hand was right. How the time grows with the size is the benchmark's (bench:engine);
 * here what is quadratic only takes too long. `ADVERSARIAL_SIZE=10000` (`npm run test:long`): so
 * many insertions at one place, a million tombstones.
 */
import { describe, expect, test } from 'vitest';
import { Random } from '../engine/random.ts';
import { Document } from '../engine/text/document.ts';
import { ReferenceDocument } from '../engine/text/reference.ts';
import type { Batch } from '../proto/batch.ts';
import { encodeUpdate } from '../proto/update-codec.ts';
import {
  type AdversarialHistory,
  crowd,
  tombstones,
  twoBranches,
} from './adversarial-histories.ts';
import { reloaded } from './replays.ts';
import { seed } from './seed.ts';

const size = Number(process.env.ADVERSARIAL_SIZE ?? 300);

const histories: Readonly<Record<string, (count: number) => AdversarialHistory>> = {
  'very many insertions into one gap': (count) => crowd('inside', count, new Random(seed)),
  'very many insertions at the end': (count) => crowd('end', count, new Random(seed)),
  'two branches typed onwards': (count) => twoBranches(['forward', 'forward'], count * 5),
  'two branches typed backwards': (count) => twoBranches(['backward', 'backward'], count * 5),
  'a branch onwards and one backwards': (count) => twoBranches(['forward', 'backward'], count * 5),
  'a branch backwards and one onwards': (count) => twoBranches(['backward', 'forward'], count * 5),
  'insertions beside very many tombstones': (count) => tombstones(count * 100, 20),
};

/** Orders of the operations in which each branch keeps its own. */
function ordersOf({ base, branches }: AdversarialHistory): Batch[][] {
  const longest = Math.max(...branches.map((branch) => branch.length));
  const inTurns = Array.from({ length: longest }, (_, k) =>
    branches.flatMap((branch) => branch.slice(k, k + 1)),
  );
  return [branches.flat(), branches.toReversed().flat(), inTurns.flat()].map((order) => [
    base,
    ...order,
  ]);
}

describe.each(Object.entries(histories))('%s', (_, history) => {
  test('a small one, with the oracle', () => {
    for (const order of ordersOf(history(4))) {
      const reference = new ReferenceDocument();
      for (const batch of order) reference.integrate(batch);
      expect(reference.text).toBe(history(4).text);
    }
  });

  test('a large one, in any order of the branches, also as one update', () => {
    const large = history(size);
    const digests = new Set<string>();
    for (const order of ordersOf(large)) {
      const updates = order.map((batch) => encodeUpdate({ batches: [batch] }));
      for (const told of [updates, [Document.mergeUpdates(updates)]]) {
        const document = Document.create({ replica: 99, bufferedMax: 0 });
        for (const update of told) document.apply(update);
        expect(document.text === large.text).toBe(true);
        digests.add(document.digest());
        if (told.length === 1) reloaded(document);
      }
    }
    expect(digests.size).toBe(1);
  }, 1_200_000);
});
