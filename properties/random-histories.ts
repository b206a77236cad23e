/**
 * Random histories from a plain seeded loop, a hundred times as fast as fast-check's: the families
 * of histories.ts, one more that aims at a single gap, and hostile origins.
 */
import { must } from '../engine/assert.ts';
import type { Random } from '../engine/random.ts';
import { type Action, type Family, families, type Kind, kinds, type Plan } from './histories.ts';
import type { Pick } from './hostile-histories.ts';

const texts = ['a', 'b', 'c', 'd', 'a', 'b', 'c', 'd', 'xyz', 'hello', '\n', 'e\u0301\r\n'];
const pairs = ['😀', 'a😀b', '😀😀', '\0'];

/** A plan of one family with 1 … `lengthMax` actions. */
function randomPlan(family: Family, lengthMax: number, random: Random): Plan {
  const weighted: [Kind, number][] = [];
  let sum = 0;
  for (const kind of kinds) {
    sum += Math.ceil((family.weights[kind] ?? 0) * 5);
    weighted.push([kind, sum]);
  }
  const actions = Array.from({ length: random.between(1, lengthMax) }, () => {
    const ticket = random.below(sum);
    const [kind] = must(
      weighted.find(([, end]) => ticket < end),
      'a kind',
    );
    return actionOf(kind, random.below(12), random);
  });
  return { replicas: family.replicas, actions };
}

/**
 * Insertions into one gap: a few replicas insert without having seen each other; then replica after
 * replica, each new, takes a random part of what there is and inserts, four times in five behind
 * the first character that it sees.
 */
function sameGapPlan(lengthMax: number, random: Random): Plan {
  const roots = random.between(2, 5);
  const actions = Array.from({ length: roots }, (_, replica) =>
    actionOf('sameGap', replica, random),
  );
  let replica = roots;
  for (; actions.length < lengthMax; replica++) {
    const pulls = random.below(Math.min(replica + 1, 5));
    for (let k = 0; k < pulls; k++) actions.push(actionOf('pull', replica, random));
    actions.push(actionOf('sameGap', replica, random));
    if (random.below(4) === 0) actions.push(actionOf('eraseBeside', replica, random));
  }
  return { replicas: replica, actions };
}

/**
 * A crowd at one place: many replicas insert into the empty document; then others, who have seen
 * one or two of them, insert before or behind, or into the empty document as well.
 */
export function crowdedPlan(random: Random): Plan {
  const roots = random.between(66, 90);
  const actions = Array.from({ length: roots }, (_, replica) =>
    actionOf('insert', replica, random),
  );
  const replicas = roots + 60;
  for (let replica = roots; replica < replicas; replica++) {
    for (let pulls = random.below(3); pulls > 0; pulls--) {
      actions.push(actionOf('pull', replica, random));
    }
    actions.push(actionOf(random.below(4) === 0 ? 'insert' : 'tail', replica, random));
  }
  return { replicas, actions };
}

/** 1 … `lengthMax` operations with any origins, by four replicas. */
export function randomPicks(lengthMax: number, random: Random): readonly Pick[] {
  return Array.from({ length: random.between(1, lengthMax) }, () =>
    pickOf(random, { isCrowded: false }),
  );
}

/** Hundreds of operations, nine in ten of them with the same few characters as origins. */
export function crowdedPicks(random: Random): readonly Pick[] {
  return Array.from({ length: random.between(150, 300) }, () =>
    pickOf(random, { isCrowded: random.below(10) > 0 }),
  );
}

/** A family of plans by chance; every third plan aims at one gap. */
export function anyRandomPlan(lengthMax: number, random: Random): Plan {
  if (random.below(3) === 0) return sameGapPlan(lengthMax, random);
  return randomPlan(random.pick(Object.values(families)), lengthMax, random);
}

function actionOf(kind: Kind, replica: number, random: Random): Action {
  const text = random.below(9) === 0 ? random.pick(pairs) : random.pick(texts);
  return { kind, replica, at: random.below(10_000), size: random.between(1, 6), text };
}

function pickOf(random: Random, { isCrowded }: { isCrowded: boolean }): Pick {
  return {
    replica: random.between(1, 4),
    from: random.below(10_000),
    to: random.below(10_000),
    leap: random.below(2) === 0 ? 0 : random.below(6),
    text: random.pick(['a', 'b', 'c', 'de', 'fgh']),
    isDeletion: random.below(isCrowded ? 20 : 7) === 0,
    isCrowded,
  };
}
