/**
 * Random editing histories: a few replicas, each a Sequence beside the oracle, which are compared
 * after every step. A plan is plain data, so that fast-check can shrink it; it stays valid when
 * parts are left out.
 *
 * Uniform edits almost never bring about what tells one order from another (siblings with the same
 * left and different right origins), so there is a family of plans for each way to get there.
 */
import fc from 'fast-check';
import { must } from '../engine/assert.ts';
import { ReferenceDocument } from '../engine/text/reference.ts';
import { Sequence } from '../engine/text/sequence.ts';
import type { TextChange } from '../engine/text/text-change.ts';
import { type Batch, batchLast } from '../proto/batch.ts';
import { cutsPair } from '../proto/text.ts';
import { expectSame } from './same-state.ts';

export const kinds = [
  // Insert anywhere; delete a range anywhere; replace a range and insert elsewhere, in one batch.
  'insert',
  'erase',
  'replace',
  // Insert at the own caret and go on behind it; or stay before it.
  'forward',
  'backward',
  // Insert behind the first character, as replicas that have seen different things.
  'sameGap',
  // Insert at one of the two ends of what was inserted last.
  'tail',
  // Delete the character before the caret; delete one and insert there.
  'backspace',
  'eraseBeside',
  // Take one batch of somebody (and what it needs); take all that one other replica has.
  'pull',
  'sync',
] as const;

export type Kind = (typeof kinds)[number];

export interface Action {
  readonly kind: Kind;
  /** Taken modulo the number of replicas. */
  readonly replica: number;
  /** Where, in the range 0 … 9999, as a fraction of what there is. */
  readonly at: number;
  /** Units to delete, at most. */
  readonly size: number;
  readonly text: string;
}

export interface Plan {
  readonly replicas: number;
  readonly actions: readonly Action[];
}

/** Number of replicas and weights of the kinds; a kind that is not named does not occur. */
export interface Family {
  readonly replicas: number;
  readonly weights: Partial<Record<Kind, number>>;
}

export const families = {
  uniform: {
    replicas: 3,
    weights: { insert: 4, erase: 2, backspace: 1, replace: 1, pull: 3, sync: 1 },
  },
  sameGap: { replicas: 12, weights: { sameGap: 6, pull: 4 } },
  backward: { replicas: 3, weights: { backward: 8, forward: 2, pull: 3 } },
  tails: { replicas: 4, weights: { tail: 8, insert: 1, pull: 4 } },
  besideTombstones: { replicas: 3, weights: { eraseBeside: 6, insert: 3, pull: 4, sync: 1 } },
  offline: {
    replicas: 2,
    weights: { forward: 6, backward: 3, replace: 2, erase: 2, backspace: 4, sync: 0.4 },
  },
} as const satisfies Record<string, Family>;

/** Plans of one family with up to `lengthMax` actions. */
export function planOf(family: Family, lengthMax: number): fc.Arbitrary<Plan> {
  const choices = kinds
    .filter((kind) => family.weights[kind] !== undefined)
    .map((kind) => ({
      weight: Math.ceil((family.weights[kind] ?? 0) * 5),
      arbitrary: fc.constant(kind),
    }));
  const action = fc.record({
    kind: fc.oneof(...choices),
    replica: fc.nat({ max: 11 }),
    at: fc.nat({ max: 9_999 }),
    size: fc.integer({ min: 1, max: 6 }),
    text: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c', 'd') },
      { weight: 2, arbitrary: fc.constantFrom('xyz', 'hello', '\n', 'e\u0301\r\n') },
      { weight: 1, arbitrary: fc.constantFrom('😀', 'a😀b', '😀😀', '\0') },
    ),
  });
  // Without `size` fast-check stops at about ten elements, whatever the maximum.
  const actions = fc.array(action, { minLength: 1, maxLength: lengthMax, size: 'max' });
  return actions.map((list) => ({ replicas: family.replicas, actions: list }));
}

/** Plans of all families; most of the one that tells orders apart. */
export function anyPlan(lengthMax: number): fc.Arbitrary<Plan> {
  const choices = Object.values(families).map((family) => ({
    weight: family === families.sameGap ? 4 : 1,
    arbitrary: planOf(family, lengthMax),
  }));
  return fc.oneof(...choices);
}

export interface Member {
  readonly id: number;
  sequence: Sequence;
  readonly reference: ReferenceDocument;
  caret: number;
  /** Start and length of what was inserted last. */
  last: { index: number; length: number };
}

/** Is told what happens to the replicas' texts, after it happened. */
export interface ClusterObserver {
  edited(member: Member, splices: readonly TextChange[], batch: Batch | null): void;
  integrated(member: Member, batch: Batch, changes: readonly TextChange[]): void;
}

/** Replicas that carry out a plan. */
export class Cluster {
  readonly members: readonly Member[];
  /** Everything that was written, in the order of writing. */
  readonly batches: Batch[] = [];
  readonly #isCompared: boolean;
  readonly #observer: ClusterObserver | null;

  /** `isCompared`: after each step the replica that took it is compared with the oracle. */
  constructor(replicas: number, isCompared = true, observer: ClusterObserver | null = null) {
    this.#isCompared = isCompared;
    this.#observer = observer;
    this.members = Array.from({ length: replicas }, (_, position) => ({
      // Ids that are not in the order of the positions, and one above 32 bits.
      id: [7, 2 ** 40 + 3, 1, 9, 4, 8][position] ?? position + 100,
      sequence: new Sequence(),
      reference: new ReferenceDocument(),
      caret: 0,
      last: { index: 0, length: 0 },
    }));
  }

  static run(plan: Plan, isCompared = true): Cluster {
    const cluster = new Cluster(plan.replicas, isCompared);
    for (const action of plan.actions) cluster.perform(action);
    return cluster;
  }

  /** The replica that `action` is about. */
  memberOf(action: Action): Member {
    return must(this.members[action.replica % this.members.length], 'a replica');
  }

  perform(action: Action): void {
    const member = this.memberOf(action);
    if (action.kind === 'pull') this.#pull(member, action.at);
    else if (action.kind === 'sync') this.#sync(member, action.at);
    else this.#edit(member, splicesOf(member, action));
    if (this.#isCompared) expectSame(member.sequence, member.reference);
  }

  /** The first `count` replicas get everything. */
  settle(count = this.members.length): void {
    for (const member of this.members.slice(0, count)) {
      for (const position of this.batches.keys()) this.#deliver(member, position);
      if (this.#isCompared) expectSame(member.sequence, member.reference);
    }
  }

  #edit(member: Member, splices: readonly TextChange[]): void {
    const batch = member.sequence.edit(member.id, splices, 0);
    for (const { index, inserted } of splices) {
      member.last = { index, length: inserted.length };
    }
    if (batch !== null) {
      this.batches.push(batch);
      member.reference.integrate(batch);
    }
    this.#observer?.edited(member, splices, batch);
  }

  #pull(member: Member, at: number): void {
    const open = [...this.batches.keys()].filter((position) => !this.#has(member, position));
    const position = open[at % Math.max(open.length, 1)];
    if (position !== undefined) this.#deliver(member, position);
  }

  #sync(member: Member, at: number): void {
    const other = must(this.members[at % this.members.length], 'a replica');
    for (const position of this.batches.keys()) {
      if (this.#has(other, position)) this.#deliver(member, position);
    }
  }

  /** Delivers a batch and, before it, only what it cannot be integrated without. */
  #deliver(member: Member, position: number): void {
    if (this.#has(member, position)) return;
    const batch = must(this.batches[position], 'a batch');
    for (;;) {
      const obstacle = member.sequence.obstacle(batch);
      if (obstacle === null) break;
      if (obstacle.type === 'invalid') throw new Error(obstacle.reason);
      const { replica, first, gap } = batch;
      const id =
        obstacle.type === 'missing' ? obstacle.id : { timestamp: first - 1 - gap, replica };
      const needed = this.batches.findIndex(
        (other) => other.replica === id.replica && batchCovers(other, id.timestamp),
      );
      this.#deliver(member, needed);
    }
    const changes = member.sequence.integrate(batch);
    member.reference.integrate(batch);
    this.#observer?.integrated(member, batch, changes);
  }

  #has(member: Member, position: number): boolean {
    const { replica, first } = must(this.batches[position], `batch ${position}`);
    return member.sequence.versionVector.includes({ timestamp: first, replica });
  }
}

function batchCovers(batch: Batch, timestamp: number): boolean {
  return batch.first <= timestamp && timestamp <= batchLast(batch);
}

/** What the action does to the text of its replica. */
function splicesOf(member: Member, { kind, at, size, text }: Action): TextChange[] {
  const content = member.sequence.text;
  const index = legalIndex(content, Math.floor((at / 10_000) * (content.length + 1)));
  const caret = legalIndex(content, Math.min(member.caret, content.length));
  switch (kind) {
    case 'insert':
      return [insertion(index, text)];
    case 'erase':
      return [deletion(content, index, size)];
    case 'replace': {
      const erased = deletion(content, index, size);
      const rest = content.slice(0, index) + text + content.slice(index + erased.deleted);
      const second = legalIndex(rest, Math.floor(((at * 7919) % 10_000) / 10_000) * rest.length);
      const inner = legalIndex(rest, Math.min(index + 1, rest.length));
      return [{ ...erased, inserted: text }, insertion(at % 2 === 0 ? inner : second, 'r')];
    }
    case 'forward':
      member.caret = caret + text.length;
      return [insertion(caret, text)];
    case 'backward':
      member.caret = caret;
      return [insertion(caret, text)];
    case 'sameGap':
      // One in five goes elsewhere.
      if (at % 5 === 0) return [insertion(index, text)];
      return [insertion(legalIndex(content, Math.min(1, content.length)), text)];
    case 'tail': {
      const { index: start, length } = member.last;
      const end = at % 2 === 0 ? start : start + length;
      return [insertion(legalIndex(content, Math.min(end, content.length)), text)];
    }
    case 'backspace': {
      const before = legalIndex(content, Math.max(0, caret - 1));
      member.caret = before;
      return [{ index: before, deleted: caret - before, inserted: '' }];
    }
    case 'eraseBeside': {
      member.caret = index;
      const before = legalIndex(content, Math.max(0, index - 1));
      return [{ index: before, deleted: index - before, inserted: '' }, insertion(before, text)];
    }
    default:
      return [];
  }
}

function insertion(index: number, inserted: string): TextChange {
  return { index, deleted: 0, inserted };
}

function deletion(content: string, index: number, size: number): TextChange {
  const end = legalIndex(content, Math.min(index + size, content.length));
  return { index, deleted: Math.max(0, end - index), inserted: '' };
}

/** `index`, or the one before it if it is inside a surrogate pair. */
function legalIndex(content: string, index: number): number {
  return cutsPair(content, index) ? index - 1 : index;
}

/** Whether two right children of one character have different right origins. */
export function hasMixedSiblings(sequence: Sequence): boolean {
  const rights = new Map<string, string>();
  for (const { id, text, left, right, leftChild } of sequence.runs()) {
    for (let k = leftChild ? 1 : 0; k < text.length; k++) {
      const parent = k === 0 ? left : { ...id, timestamp: id.timestamp + k - 1 };
      const [key, value] = [JSON.stringify(parent), JSON.stringify(right)];
      if ((rights.get(key) ?? value) !== value) return true;
      rights.set(key, value);
    }
  }
  return false;
}
