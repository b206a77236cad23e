/**
 * Damaged updates and snapshots against the engine as an application sees it. Whatever comes in,
 * the outcome is one of the errors that the docs name, or a document that is sound: its invariants
 * hold, its bytes give it back, and its operations make it again from nothing.
 *
 * Input number n of a seed is always the same, so that a number is all that a failure must tell.
 */
import { VersionVector } from '../engine/causal/version-vector.ts';
import { BufferFullError, InvalidBatchError, ReplicaForkedError } from '../engine/errors.ts';
import { Random } from '../engine/random.ts';
import { Document } from '../engine/text/document.ts';
import type { Batch } from '../proto/batch.ts';
import { DecodeError } from '../proto/decode-error.ts';
import { sve } from '../proto/testing/generated.ts';
import { reseal, sealSnapshot } from '../proto/testing/reseal.ts';
import { encodeUpdate } from '../proto/update-codec.ts';
import { damageBatches, damageBytes } from './damage.ts';
import { Cluster } from './histories.ts';
import { anyRandomPlan } from './random-histories.ts';
import { applyTold, reloaded, same } from './replays.ts';

/** Inputs by what became of them. */
export interface Outcomes {
  accepted: number;
  refused: number;
  /** Snapshots with a checksum that fits whose spans do not: only who means harm makes them. */
  forged: number;
  /** Batches that could not be encoded, so that there was no input. */
  skipped: number;
}

/** One history in the forms that it has on its way. */
interface Material {
  readonly batches: readonly Batch[];
  readonly updates: readonly Uint8Array[];
  readonly merged: Uint8Array;
  readonly snapshot: Uint8Array;
}

const materials = 200;
const replica = 99;
const magicBytes = 4;
/** Fewer than histories have, so that running out of room is tried, too. */
const bufferedMax = 6;

/** Tries inputs `from` … `from + count - 1`. Throws at the first that fails, with its number. */
export function fuzz(options: { seed: number; from: number; count: number }): Outcomes {
  const { seed, from, count } = options;
  const pool = Array.from({ length: materials }, (_, k) =>
    materialOf(new Random(seed, `base ${k}`)),
  );
  const outcomes = { accepted: 0, refused: 0, forged: 0, skipped: 0 };
  for (let number = from; number < from + count; number++) {
    const random = new Random(seed, `input ${number}`);
    try {
      outcomes[attempt(random.pick(pool), random.pick(pool), random)]++;
    } catch (error) {
      throw new Error(`input ${number} of seed ${seed} fails`, { cause: error });
    }
  }
  return outcomes;
}

function materialOf(random: Random): Material {
  for (;;) {
    const plan = anyRandomPlan(24, random);
    const cluster = new Cluster(plan.replicas, false);
    for (const action of plan.actions) cluster.perform(action);
    const { batches } = cluster;
    if (batches.length === 0) continue;
    const updates = batches.map((batch) => encodeUpdate({ batches: [batch] }));
    const merged = Document.mergeUpdates(updates);
    const document = Document.create({ replica });
    document.apply(merged);
    const history = random.below(4) === 0 ? 'none' : 'full';
    return { batches, updates, merged, snapshot: document.encode({ history }) };
  }
}

function attempt(material: Material, other: Material, random: Random): keyof Outcomes {
  const chance = random.below(10);
  if (chance < 3) return trySnapshot(damagedSnapshot(material, other, random));
  if (chance < 5) {
    const input = random.below(2) === 0 ? material.merged : random.pick(material.updates);
    return tryUpdate(material, damageBytes(input, other.merged, random), random);
  }
  const input = encoded(damageBatches(material.batches, random));
  if (input === null) return 'skipped';
  if (chance < 9) return tryUpdate(material, input, random);
  return tryMerge(material, [input, damageBytes(material.merged, other.merged, random)], random);
}

function encoded(batches: readonly Batch[]): Uint8Array | null {
  try {
    return encodeUpdate({ batches });
  } catch {
    return null;
  }
}

/** Most are sealed again: else hardly any would get past the checksums. */
function damagedSnapshot({ snapshot }: Material, other: Material, random: Random): Uint8Array {
  const damaged = (bytes: Uint8Array): Uint8Array => damageBytes(bytes, other.snapshot, random);
  const chance = random.below(10);
  if (chance < 1) return damaged(snapshot);
  if (chance < 4) return reseal(damaged(snapshot));
  const { head, text, columns } = sve.Snapshot.decode(snapshot.subarray(magicBytes));
  const part = random.below(3);
  const parts = {
    text: part === 0 ? damaged(text) : text,
    columns: part === 0 ? columns : damaged(columns),
  };
  // The checksums of the head are left out: those that the parts call for are put in.
  const { textChecksum: _text, columnsChecksum: _columns, ...rest } = head ?? {};
  const sized = { ...rest, columnsBytes: parts.columns.length };
  return sealSnapshot({ format: 1, head: sized, ...parts });
}

function trySnapshot(bytes: Uint8Array): keyof Outcomes {
  let document: Document;
  try {
    document = Document.decode(bytes, { replica, bufferedMax });
    // What is needed later is read later.
    same(document.text.length, document.length, 'length');
    document.idAt(0);
  } catch (error) {
    if (error instanceof DecodeError) return 'refused';
    throw error;
  }
  if (isForged(document)) return 'forged';
  reloaded(document);
  return 'accepted';
}

/** Whether the document is not what its operations make, which loading does not look at. */
function isForged(document: Document): boolean {
  try {
    document.check();
    // What was saved without history cannot be made again from nothing.
    if (document.historyStart.entries().length > 0) return false;
    const again = Document.create({ replica });
    again.apply(document.updateSince(new VersionVector()));
    return again.digest() !== document.digest();
  } catch (error) {
    const isTold = error instanceof InvalidBatchError || error instanceof ReplicaForkedError;
    if (isTold || (error instanceof Error && error.message.startsWith('assertion'))) return true;
    throw error;
  }
}

/** Applies the update to a document that has a part of the history already. */
function tryUpdate({ updates }: Material, input: Uint8Array, random: Random): keyof Outcomes {
  const document = Document.create({ replica, bufferedMax });
  const known = random.below(2) === 0 ? 0 : random.below(updates.length + 1);
  for (const update of updates.slice(0, known)) document.apply(update);
  const before = document.digest();
  const refusal = refusalOf(() => applyTold(document, input));
  if (refusal instanceof DecodeError) same(document.digest(), before, 'what a refusal left');
  reloaded(document);
  const again = Document.create({ replica, bufferedMax: 0 });
  applyTold(again, document.updateSince(new VersionVector()));
  same(again.digest(), document.digest(), 'made again from nothing');
  return refusal === null ? 'accepted' : 'refused';
}

function tryMerge(
  material: Material,
  inputs: readonly Uint8Array[],
  random: Random,
): keyof Outcomes {
  let merged: Uint8Array | undefined;
  const refusal = refusalOf(() => {
    merged = Document.mergeUpdates(inputs);
  });
  if (merged === undefined) return 'refused';
  same(refusal === null, true, 'merged without an error');
  return tryUpdate(material, merged, random);
}

/** What was thrown, if it is an error for which there is a name; null: nothing was. */
function refusalOf(run: () => void): Error | null {
  try {
    run();
    return null;
  } catch (error) {
    const isNamed =
      error instanceof DecodeError ||
      error instanceof InvalidBatchError ||
      error instanceof ReplicaForkedError ||
      error instanceof BufferFullError;
    if (isNamed) return error;
    throw error;
  }
}
