/**
 * The engine beside the oracle through one random history: while it is written, operation by
 * operation, and then told again in other ways (replays.ts).
 *
 * Each replica is there three times: the oracle, a Sequence that is compared with it character by
 * character (Cluster does), and a Document that sees bytes only and must have the Sequence's state.
 */
import { must } from '../engine/assert.ts';
import { Random } from '../engine/random.ts';
import { Document } from '../engine/text/document.ts';
import { ReferenceDocument } from '../engine/text/reference.ts';
import { Sequence } from '../engine/text/sequence.ts';
import { applyChanges, type TextChange } from '../engine/text/text-change.ts';
import type { Batch } from '../proto/batch.ts';
import { encodeUpdate } from '../proto/update-codec.ts';
import {
  type Action,
  Cluster,
  type ClusterObserver,
  hasMixedSiblings,
  type Member,
  type Plan,
} from './histories.ts';
import { hostileHistory, type Pick } from './hostile-histories.ts';
import { anyRandomPlan, crowdedPicks, crowdedPlan, randomPicks } from './random-histories.ts';
import { applyTold, positions, reloaded, replay, type Seen, same } from './replays.ts';
import { expectSame } from './same-state.ts';
import { shrink } from './shrink.ts';

/** Actions of a plan, operations of a hostile history. */
const lengthMax = 32;
/** Replicas of a plan that get everything in the end. */
const settledMax = 3;

/** Siblings from which on an engine may want to keep a directory of them. */
const crowd = 65;

/** How many histories had what. */
export interface Statistics {
  histories: number;
  hostile: number;
  /** Right siblings with different right origins: what tells orders apart. */
  mixed: number;
  /** More insertions than `crowd` with the same left origin. */
  crowded: number;
  /** Concurrent batches. */
  concurrent: number;
  deletions: number;
  pairs: number;
  batches: number;
}

/** A history as a list from which anything can be left out, and how to try it. */
interface Trial<T> {
  readonly items: readonly T[];
  readonly run: (items: readonly T[], statistics: Statistics) => void;
}

/**
 * Runs the histories from `from` on. Throws what the first one throws that fails, with its number
 * and the fewest actions that still fail.
 */
export function differ(options: { seed: number; from: number; count: number }): Statistics {
  const statistics = newStatistics();
  for (let number = options.from; number < options.from + options.count; number++) {
    const random = new Random(options.seed, `history ${number}`);
    const where = `history ${number} of seed ${options.seed}`;
    if (number % 200 === 0) attempt(hostileTrial(crowdedPicks(random), random), statistics, where);
    else if (number % 200 === 100)
      attempt(planTrial(crowdedPlan(random), random), statistics, where);
    else if (number % 8 > 0)
      attempt(planTrial(anyRandomPlan(lengthMax, random), random), statistics, where);
    else attempt(hostileTrial(randomPicks(lengthMax, random), random), statistics, where);
  }
  return statistics;
}

function newStatistics(): Statistics {
  return {
    ...{ histories: 0, hostile: 0, mixed: 0, crowded: 0, concurrent: 0, deletions: 0, pairs: 0 },
    batches: 0,
  };
}

function attempt<T>({ items, run }: Trial<T>, statistics: Statistics, where: string): void {
  if (failureOf(() => run(items, statistics)) === null) return;
  const fewest = shrink(items, (some) => failureOf(() => run(some, newStatistics())) !== null);
  const failure = failureOf(() => run(fewest, newStatistics()));
  throw new Error(`${where} fails, also with these: ${JSON.stringify(fewest)}`, { cause: failure });
}

function failureOf(run: () => void): unknown {
  try {
    run();
    return null;
  } catch (error) {
    return error;
  }
}

function planTrial({ replicas, actions }: Plan, random: Random): Trial<Action> {
  const seed = random.next();
  return {
    items: actions,
    run: (some, statistics) => {
      const cluster = runPlan({ replicas, actions: some }, new Random(seed));
      statistics.histories++;
      count(statistics, cluster.batches);
      if (cluster.members.some(({ sequence }) => hasMixedSiblings(sequence))) statistics.mixed++;
      if (mostSiblings(cluster.batches) > crowd) statistics.crowded++;
    },
  };
}

/** A plan written by Sequences and Documents at once, then replayed. */
function runPlan(plan: Plan, random: Random): Cluster {
  const twins = new Twins();
  const cluster = new Cluster(plan.replicas, true, twins);
  const seen: Seen[] = [];
  for (const action of plan.actions) {
    cluster.perform(action);
    const member = cluster.memberOf(action);
    const { versionVector, text } = twins.expectTwin(member);
    seen.push({ version: versionVector, text });
    if (random.below(16) === 0) twins.reload(member);
  }
  cluster.settle(settledMax);
  const settled = cluster.members.slice(0, settledMax);
  for (const member of settled) twins.expectTwin(member);
  const { sequence } = must(settled[0], 'a replica');
  const digest = sequence.digest();
  for (const other of settled) same(other.sequence.digest(), digest, 'digest');
  if (seen.length === 0) return cluster;
  replay({ batches: cluster.batches, text: sequence.text, digest }, seen, random);
  return cluster;
}

/** The Document of each replica, which does what its Sequence does. */
class Twins implements ClusterObserver {
  readonly #documents = new Map<Member, Document>();

  edited(member: Member, splices: readonly TextChange[], batch: Batch | null): void {
    const document = this.#of(member);
    const update = document.edit(splices);
    const expected = encodeUpdate({ batches: batch === null ? [] : [batch] });
    same(hexOf(update), hexOf(expected), 'the update of an edit');
  }

  integrated(member: Member, batch: Batch, changes: readonly TextChange[]): void {
    const document = this.#of(member);
    const before = document.text;
    applyTold(document, encodeUpdate({ batches: [batch] }));
    same(applyChanges(before, changes), document.text, 'the text that the changes make');
  }

  /** Throws unless the member's Document is what its Sequence is. */
  expectTwin(member: Member): Document {
    const document = this.#of(member);
    same(document.text, member.reference.text, 'the text of the document');
    same(document.length, document.text.length, 'the length of the document');
    same(document.digest(), member.sequence.digest(), 'the digest of the document');
    positions(document);
    return document;
  }

  /** Both go on from their snapshots. */
  reload(member: Member): void {
    this.#documents.set(member, reloaded(this.#of(member)));
    member.sequence = Sequence.fromSnapshot(member.sequence.toSnapshot());
  }

  #of(member: Member): Document {
    const known = this.#documents.get(member);
    if (known !== undefined) return known;
    const document = Document.create({ replica: member.id, bufferedMax: 0 });
    this.#documents.set(member, document);
    return document;
  }
}

function hostileTrial(picks: readonly Pick[], random: Random): Trial<Pick> {
  const seed = random.next();
  return {
    items: picks,
    run: (some, statistics) => {
      statistics.histories++;
      statistics.hostile++;
      const { sequence, batches } = runHostile(some, new Random(seed));
      count(statistics, batches);
      if (hasMixedSiblings(sequence)) statistics.mixed++;
      if (mostSiblings(batches) > crowd) statistics.crowded++;
    },
  };
}

function runHostile(
  picks: readonly Pick[],
  random: Random,
): { sequence: Sequence; batches: readonly Batch[] } {
  const { batches } = hostileHistory(picks);
  const sequence = new Sequence();
  const reference = new ReferenceDocument();
  const seen: Seen[] = [];
  for (const batch of batches) {
    const obstacle = sequence.obstacle(batch);
    same(obstacle === null, true, `${JSON.stringify(obstacle)} at ${batch.first}: ready`);
    sequence.integrate(batch);
    reference.integrate(batch);
    expectSame(sequence, reference);
    seen.push({ version: sequence.versionVector.clone(), text: sequence.text });
  }
  const written = { batches, text: sequence.text, digest: sequence.digest() };
  if (seen.length > 0) replay(written, seen, random);
  return { sequence, batches };
}

function count(statistics: Statistics, batches: readonly Batch[]): void {
  const ops = batches.flatMap((batch) => batch.ops);
  statistics.batches += batches.length;
  if (ops.some((op) => op.type === 'delete')) statistics.deletions++;
  if (ops.some((op) => op.type === 'insert' && /[\ud800-\udbff]/.test(op.text))) {
    statistics.pairs++;
  }
  const firsts = new Set(batches.map(({ first }) => first));
  if (firsts.size < batches.length) statistics.concurrent++;
}

function mostSiblings(batches: readonly Batch[]): number {
  const counts = new Map<string, number>();
  for (const op of batches.flatMap((batch) => batch.ops)) {
    if (op.type === 'delete') continue;
    const key = `${op.left?.timestamp} ${op.left?.replica}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Math.max(...counts.values());
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
