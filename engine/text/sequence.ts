/**
 * The replicated text: a list of characters that is the same wherever the same operations are.
 *
 * Local edits become operations here, operations of others find their place here (placement.ts),
 * and everything that was ever inserted or deleted can be told again (history.ts). Positions are
 * UTF-16 units. It holds operations in causal order only: who delivers them waits until `obstacle`
 * is null.
 */
import {
  type Batch,
  batchLast,
  type DeleteOp,
  type InsertOp,
  type Op,
  type OpId,
} from '../../proto/batch.ts';
import type { SnapshotDeletion, SnapshotSpan } from '../../proto/snapshot-codec.ts';
import { cutsPair, loneSurrogate } from '../../proto/text.ts';
import { assert, must } from '../assert.ts';
import { OpLog } from '../causal/op-log.ts';
import type { VersionVector } from '../causal/version-vector.ts';
import { BatchBuilder } from './batch-builder.ts';
import { checkState } from './check.ts';
import { digestOf } from './digest.ts';
import { batchesAfter, holdsBatch, isTypedOn, textAtVersion } from './history.ts';
import { Inspection, type Obstacle } from './obstacle.ts';
import { placementOf } from './placement.ts';
import { idOf, isBranched } from './span.ts';
import { SpanList } from './span-list.ts';
import { addChange, type TextChange } from './text-change.ts';

export type { Obstacle } from './obstacle.ts';
export type { TextChange } from './text-change.ts';

/** The whole state as plain data. */
export interface SequenceSnapshot {
  /** In document order; neighbours that fit are one. */
  readonly spans: readonly SnapshotSpan[];
  /** Text of all spans, tombstones included. */
  readonly text: string;
  /** By author, then timestamp. */
  readonly deletions: readonly SnapshotDeletion[];
}

export class Sequence {
  readonly #list = new SpanList();
  readonly #log = new OpLog();

  /** The state that `toSnapshot` gave; built span by span, without searching places. */
  static fromSnapshot(snapshot: SequenceSnapshot): Sequence {
    const sequence = new Sequence();
    const list = sequence.#list;
    const log = sequence.#log;
    let read = 0;
    for (const { id, length, left, right, leftChild, deleted } of snapshot.spans) {
      const text = snapshot.text.slice(read, read + length);
      list.append({ ...id, text, left, right, leftChild, deleted });
      log.observe(id.replica, id.timestamp + length - 1);
      read += length;
    }
    assert(read === snapshot.text.length, `${read} units of text, got ${snapshot.text.length}`);
    for (const { id, target, count, reversed } of snapshot.deletions) {
      const { timestamp } = id;
      log.addDeletion(id.replica, { type: 'delete', timestamp, target, count, reversed });
    }
    return sequence;
  }

  toSnapshot(): SequenceSnapshot {
    const spans: SnapshotSpan[] = [];
    const texts: string[] = [];
    for (const span of this.#list.spans()) {
      const { text, left, right, leftChild, deleted } = span;
      const id = idOf({ span, offset: 0 });
      spans.push({ id, length: text.length, left, right, leftChild, deleted });
      texts.push(text);
    }
    const deletions: SnapshotDeletion[] = [];
    for (const run of this.#log.deletionsIn(this.versionVector)) {
      const { replica, timestamp, target, count, reversed } = run;
      deletions.push({ id: { timestamp, replica }, target, count, reversed });
    }
    return { spans, text: texts.join(''), deletions };
  }

  /** The visible text. */
  get text(): string {
    const parts: string[] = [];
    for (const span of this.#list.spans()) if (!span.deleted) parts.push(span.text);
    return parts.join('');
  }

  /** UTF-16 units of the visible text. */
  get length(): number {
    return this.#list.visible;
  }

  /** A live view: changes with the sequence, must not be changed by others. */
  get versionVector(): VersionVector {
    return this.#log.versionVector;
  }

  /** Highest timestamp seen; 0 at the start. */
  get clock(): number {
    return this.#log.clock;
  }

  /**
   * A local edit: splices, each in the coordinates that the one before left, as one batch that is
   * already applied; null if it changes nothing. The first timestamp is one above the clock, or
   * above `clock` if that is higher. RangeError, and nothing has changed, if a splice is not inside
   * the text, begins or ends inside a surrogate pair or inserts a lone surrogate, or if there are
   * not enough timestamps left.
   */
  edit(replica: number, splices: readonly TextChange[], base: number, clock = 0): Batch | null {
    const operations = this.#checkSplices(splices);
    const first = Math.max(this.clock, clock) + 1;
    if (!Number.isSafeInteger(first + operations)) {
      throw new RangeError(`no timestamps are left above ${first - 1}`);
    }
    const builder = new BatchBuilder(replica, first);
    for (const { index, deleted, inserted } of splices) {
      if (deleted > 0) this.#deleteAt(builder, index, deleted);
      if (inserted !== '') this.#insertAt(builder, replica, index, inserted);
    }
    const batch = builder.build(this.versionVector.get(replica), base);
    if (batch !== null) this.#record(batch);
    return batch;
  }

  /** The first reason why the batch cannot be integrated now, or null. Changes nothing. */
  obstacle(batch: Batch): Obstacle | null {
    const inspection = new Inspection(this.#list, this.#log, batch);
    const obstacle = inspection.obstacle();
    return obstacle !== null || inspection.isProven ? obstacle : this.#trial(batch);
  }

  /**
   * Applies a batch whose `obstacle` is null. Returns what it changes in the visible text, in
   * order; changes that touch are one.
   */
  integrate(batch: Batch): readonly TextChange[] {
    const { replica, first, gap } = batch;
    const last = this.versionVector.get(replica);
    assert(first - 1 - gap === last, `batch ${first}, gap ${gap} of ${replica} after ${last}`);
    const changes: TextChange[] = [];
    for (const op of batch.ops) this.#integrateOp(replica, op, changes);
    this.#record(batch);
    return changes;
  }

  /**
   * Whether every operation of the batch, all of them in the version vector, is here with the same
   * content, origins and targets. If not, two copies of one replica wrote.
   */
  holds(batch: Batch): boolean {
    return holdsBatch(this.#list, this.#log, batch);
  }

  /** Whether `id` is a character here, visible or not; a deletion is none. */
  has(id: OpId): boolean {
    return this.#list.locate(id) !== null;
  }

  /** Whether `id` is a character here that is not deleted. */
  isVisible(id: OpId): boolean {
    return this.#list.locate(id)?.span.deleted === false;
  }

  /** The id of the visible unit at `index`; null outside 0 … length - 1. */
  idAt(index: number): OpId | null {
    return index >= 0 && index < this.length ? idOf(this.#list.at(index)) : null;
  }

  /** Visible units before the character, itself visible or not; null if it is not here. */
  indexOf(id: OpId): number | null {
    const place = this.#list.locate(id);
    return place === null ? null : this.#list.indexOf(place);
  }

  /** Line and column of the caret at `index` (0 … length): both from 1, the column in units. */
  lineColumnAt(index: number): { line: number; column: number } {
    assert(index >= 0 && index <= this.length, `index ${index} of ${this.length}`);
    const { lineFeeds, lineStart } = this.#list.lineAt(index);
    return { line: lineFeeds + 1, column: index - lineStart + 1 };
  }

  /** The text that has exactly the operations in `version`, which is within the version vector. */
  textAt(version: VersionVector): string {
    return textAtVersion(this.#list, this.#log, version);
  }

  /**
   * The operations that are not in `version`, in an order in which they can be integrated; base 0.
   */
  batchesSince(version: VersionVector): Batch[] {
    return batchesAfter(this.#list, this.#log, version);
  }

  /** A hash of the whole state: equal where the same operations are, however they came. */
  digest(): string {
    return digestOf(this.#list, this.#log);
  }

  /** Asserts every invariant of the state; takes time in proportion to its size. */
  check(): void {
    checkState(this.#list, this.#log);
  }

  /** Throws if a splice is not legal; returns the number of operations that they make. */
  #checkSplices(splices: readonly TextChange[]): number {
    let { length } = this;
    let operations = 0;
    for (const [position, { index, deleted, inserted }] of splices.entries()) {
      const end = index + deleted;
      if (!(Number.isSafeInteger(index) && Number.isSafeInteger(deleted))) {
        throw new RangeError(`splice [${index}, ${end}) is not a range of units`);
      }
      if (index < 0 || deleted < 0 || end > length) {
        throw new RangeError(`splice [${index}, ${end}) is not inside a text of ${length} units`);
      }
      const before = splices.slice(0, position);
      for (const boundary of [index, end]) {
        if (this.#cutsPairAt(boundary, before)) {
          throw new RangeError(`index ${boundary} is inside a surrogate pair`);
        }
      }
      const lone = loneSurrogate(inserted);
      if (lone >= 0) throw new RangeError(`the inserted text has a lone surrogate at ${lone}`);
      length += inserted.length - deleted;
      operations += inserted.length + deleted;
    }
    return operations;
  }

  /** Whether `boundary`, in the coordinates that `splices` leave, is inside a surrogate pair. */
  #cutsPairAt(boundary: number, splices: readonly TextChange[]): boolean {
    let index = boundary;
    for (const { index: start, deleted, inserted } of splices.toReversed()) {
      if (index < start) continue;
      if (index <= start + inserted.length) return cutsPair(inserted, index - start);
      index += deleted - inserted.length;
    }
    if (index === 0 || index === this.length) return false;
    const { span, offset } = this.#list.at(index);
    return cutsPair(span.text, offset);
  }

  #deleteAt(builder: BatchBuilder, index: number, count: number): void {
    for (let rest = count; rest > 0; ) {
      const place = this.#list.at(index);
      const { span, offset } = place;
      const units = Math.min(span.text.length - offset, rest);
      builder.delete({ target: idOf(place), count: units, reversed: false });
      this.#list.delete(span, offset, offset + units);
      rest -= units;
    }
  }

  /** Left origin: the visible neighbour; right origin: the next character, tombstones included. */
  #insertAt(builder: BatchBuilder, replica: number, index: number, text: string): void {
    const after = index === 0 ? null : this.#list.at(index - 1);
    const next = this.#list.following(after);
    assert(next === null || !cutsPair(next.span.text, next.offset), 'a pair stands together');
    const left = after === null ? null : idOf(after);
    const right = next === null ? null : idOf(next);
    const id = { timestamp: builder.next, replica };
    builder.insert({ left, right, text, typedOn: isTypedOn(this.#list, id, left, right) });
    const leftChild = right !== null && (after === null || isBranched(after));
    this.#list.insert(after, { ...id, text, left, right, leftChild });
  }

  /** Notes the operations of a batch whose effects are in the list. */
  #record(batch: Batch): void {
    for (const op of batch.ops) if (op.type === 'delete') this.#log.addDeletion(batch.replica, op);
    this.#log.observe(batch.replica, batchLast(batch));
  }

  #integrateOp(replica: number, op: Op, changes: TextChange[]): void {
    if (op.type === 'insert') this.#integrateInsertion(replica, op, changes);
    else this.#integrateDeletion(op, changes);
  }

  #integrateInsertion(replica: number, op: InsertOp, changes: TextChange[]): void {
    const { timestamp, left, text } = op;
    const right = this.#rightOf(op);
    const placement = placementOf(this.#list, { id: { timestamp, replica }, left, right });
    const run = { timestamp, replica, text, left, right, leftChild: placement.leftChild };
    const place = this.#list.insert(placement.after, run);
    addChange(changes, { index: this.#list.indexOf(place), deleted: 0, inserted: text });
  }

  #rightOf({ left, right }: InsertOp): OpId | null {
    if (right !== 'same') return right;
    return this.#list.place(must(left, "'same' has a left origin")).span.right;
  }

  #integrateDeletion({ target, count }: DeleteOp, changes: TextChange[]): void {
    for (let passed = 0; passed < count; ) {
      const id = { timestamp: target.timestamp + passed, replica: target.replica };
      const place = this.#list.place(id);
      const { span, offset } = place;
      const units = Math.min(span.text.length - offset, count - passed);
      if (!span.deleted) {
        addChange(changes, { index: this.#list.indexOf(place), deleted: units, inserted: '' });
        this.#list.delete(span, offset, offset + units);
      }
      passed += units;
    }
  }

  /**
   * Integrates the batch into a copy, to see whether the left origins stand before the right ones.
   */
  #trial(batch: Batch): Obstacle | null {
    const copy = Sequence.fromSnapshot(this.toSnapshot());
    for (const op of batch.ops) {
      if (op.type === 'insert' && op.left !== null) {
        const left = copy.#list.place(op.left);
        const right = copy.#rightOf(op);
        if (right !== null && copy.#list.compare(left, copy.#list.place(right)) >= 0) {
          const reason = `the left origin at ${op.timestamp} does not stand before the right one`;
          return { type: 'invalid', reason };
        }
      }
      copy.#integrateOp(batch.replica, op, []);
    }
    return null;
  }
}
