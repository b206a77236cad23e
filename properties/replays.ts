/**
 * One history, told again to fresh documents in every way in which updates may come: any order, any
 * repetition, any packing, with a reload in between. Each must end as the oracle says.
 *
 * Plain comparisons that throw instead of `expect`: this runs a hundred thousand times.
 */
import { must } from '../engine/assert.ts';
import type { VersionVector } from '../engine/causal/version-vector.ts';
import type { Random } from '../engine/random.ts';
import { Document } from '../engine/text/document.ts';
import { ReferenceDocument } from '../engine/text/reference.ts';
import { applyChanges } from '../engine/text/text-change.ts';
import { type Batch, batchLast, canCut, sliceBatch } from '../proto/batch.ts';
import { decodeUpdate, encodeUpdate } from '../proto/update-codec.ts';
import { needsOf, randomExtension } from './linear-extensions.ts';

/** What was written, in a causal order, and what it makes. */
export interface Written {
  readonly batches: readonly Batch[];
  readonly text: string;
  readonly digest: string;
}

/** A state that somebody saw. */
export interface Seen {
  readonly version: VersionVector;
  readonly text: string;
}

/** Throws unless both are equal. */
export function same<T extends string | number | boolean | null>(
  actual: T,
  expected: T,
  what: string,
): void {
  if (actual === expected) return;
  throw new Error(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}

/** Applies an update to the document and its changes to the text from before; they must agree. */
export function applyTold(document: Document, update: Uint8Array): void {
  const before = document.text;
  const told = applyChanges(before, document.apply(update));
  same(told, document.text, 'the text that the changes make');
  same(document.length, told.length, 'length');
}

/** All replays; `seen` are states within the history. */
export function replay(written: Written, seen: readonly Seen[], random: Random): void {
  const whole = inCausalOrder(written, seen, random);
  inAnyOrder(written, random);
  repacked(written, random);
  merged(written, random);
  for (const { version, text } of seen) {
    same(whole.textAt(version), text, `text at ${JSON.stringify(version.entries())}`);
    expectRest(whole, written.batches, version);
  }
  fromOlder(whole, written, must(seen[random.below(seen.length)], 'a state').version);
  positions(whole);
}

/** With repetitions and, at one place, a reload; compared with the oracle after each update. */
function inCausalOrder(
  { batches, digest }: Written,
  seen: readonly Seen[],
  random: Random,
): Document {
  let document = Document.create({ replica: 99, bufferedMax: 0 });
  const reference = new ReferenceDocument();
  const reload = random.below(batches.length + 1);
  const done: Uint8Array[] = [];
  for (const position of randomExtension(needsOf(batches), random)) {
    const batch = must(batches[position], 'a batch');
    if (done.length === reload) document = reloaded(document);
    const update = encodeUpdate({ batches: [batch] });
    applyTold(document, update);
    reference.integrate(batch);
    same(document.text, reference.text, `text after ${batch.first} of ${batch.replica}`);
    done.push(update);
    if (random.below(4) === 0) {
      same(document.apply(random.pick(done)).length, 0, 'changes of what is here');
    }
    if (random.below(4) > 0) continue;
    // A version of somebody else within what is here.
    const { version } = random.pick(seen);
    const part = version.meet(document.versionVector);
    same(document.textAt(part), reference.textAt(part), 'text at an older version');
  }
  expectState(document, digest, 'causal order');
  return document;
}

/** The document from its own bytes, which must be the same one. */
export function reloaded(document: Document): Document {
  const bytes = document.encode();
  const again = Document.decode(bytes, { replica: document.replica });
  again.check();
  same(again.text, document.text, 'text after a reload');
  same(again.digest(), document.digest(), 'digest after a reload');
  same(hex(again.encode()), hex(bytes), 'bytes after a reload');
  return again;
}

/** Shuffled, each update up to three times. */
function inAnyOrder({ batches, digest }: Written, random: Random): void {
  const updates = batches.map((batch) => encodeUpdate({ batches: [batch] }));
  const repeated = updates.flatMap((update) => Array(1 + random.below(3)).fill(update));
  const document = Document.create({ replica: 99 });
  for (const update of shuffled(repeated, random)) applyTold(document, update);
  expectState(document, digest, 'any order');
}

/** Cut and joined elsewhere, in updates of several batches. */
function repacked({ batches, digest }: Written, random: Random): void {
  const parts = batches.flatMap((batch) => cutAnywhere(batch, random));
  const document = Document.create({ replica: 99 });
  const rest = shuffled(parts, random);
  while (rest.length > 0) {
    const update = encodeUpdate({ batches: rest.splice(0, random.between(1, 5)) });
    applyTold(document, random.below(2) === 0 ? update : Document.mergeUpdates([update]));
  }
  expectState(document, digest, 'other batches');
}

/** All updates as one, and parts of them as one, in any order. */
function merged({ batches, digest }: Written, random: Random): void {
  const updates = batches.map((batch) => encodeUpdate({ batches: [batch] }));
  const all = Document.mergeUpdates(shuffled(updates, random));
  const document = Document.create({ replica: 99, bufferedMax: 0 });
  applyTold(document, all);
  expectState(document, digest, 'all updates merged');
  same(hex(Document.mergeUpdates([all, ...updates])), hex(all), 'merged again');
}

function fromOlder(whole: Document, { batches, digest }: Written, version: VersionVector): void {
  const document = Document.create({ replica: 99 });
  for (const batch of batches) {
    const id = { timestamp: batchLast(batch), replica: batch.replica };
    if (version.includes(id)) document.apply(encodeUpdate({ batches: [batch] }));
  }
  applyTold(document, whole.updateSince(document.versionVector));
  expectState(document, digest, 'from an older version');
}

/** `updateSince` has every operation that is not in `version`, and nothing else. */
function expectRest(whole: Document, batches: readonly Batch[], version: VersionVector): void {
  let missing = 0;
  for (const batch of batches) {
    for (let timestamp = batch.first; timestamp <= batchLast(batch); timestamp++) {
      if (!version.includes({ timestamp, replica: batch.replica })) missing++;
    }
  }
  let told = 0;
  const reached = version.clone();
  for (const batch of decodeUpdate(whole.updateSince(version)).batches) {
    const { replica, first, gap } = batch;
    same(first - 1 - gap, reached.get(replica), `what precedes ${first} of ${replica}`);
    reached.observe(replica, batchLast(batch));
    told += batchLast(batch) - first + 1;
  }
  same(told, missing, 'operations since a version');
  same(reached.equals(whole.versionVector), true, 'the whole version is reached');
}

/** Indexes, ids, lines and columns, counted from the text. */
export function positions(document: Document): void {
  const { text } = document;
  let line = 1;
  let column = 1;
  for (let index = 0; index < text.length; index++) {
    const id = must(document.idAt(index), `an id at ${index} of ${text.length}`);
    same(document.indexOf(id), index, 'index of the id');
    const place = document.lineColumnOf(id);
    same(place?.line ?? 0, line, `line at ${index}`);
    same(place?.column ?? 0, column, `column at ${index}`);
    const isLineFeed = text.charAt(index) === '\n';
    column = isLineFeed ? 1 : column + 1;
    if (isLineFeed) line++;
  }
  same(document.idAt(text.length) === null, true, 'no id behind the text');
}

function expectState(document: Document, digest: string, what: string): void {
  document.check();
  same(document.pending, 0, `${what}: pending`);
  same(document.digest(), digest, `${what}: digest`);
}

/** Whether `at` cuts neither a pair nor a deletion of several characters, which could be a pair. */
export function isSafeCut(batch: Batch, at: number): boolean {
  return (
    canCut(batch, at) &&
    batch.ops.every(
      (op) => op.type === 'insert' || at <= op.timestamp || at >= op.timestamp + op.count,
    )
  );
}

function cutAnywhere(batch: Batch, random: Random): Batch[] {
  const parts: Batch[] = [];
  let from = batch.first;
  for (let to = from + 1; to <= batchLast(batch) + 1; to++) {
    const isEnd = to === batchLast(batch) + 1;
    if (!isEnd && (random.below(2) === 0 || !isSafeCut(batch, to))) continue;
    parts.push(sliceBatch(batch, from, to));
    from = to;
  }
  return parts;
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const rest = [...items];
  return items.flatMap(() => rest.splice(random.below(rest.length), 1));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
