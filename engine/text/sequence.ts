/**
 * The replicated text: a list of characters that is the same wherever the same operations are.
 *
 * Local edits become operations here, operations of others find their place here (placement.ts),
 * and everything that was ever inserted or deleted can be told again (history.ts). Positions are
 * UTF-16 units. It holds operations in causal order only: who delivers them waits until `obstacle`
 * is null.
 */
import { type Batch, type OpId, opLength } from '../../proto/batch.ts';
import { deletedUpdate, type Keystroke, typedUpdate } from '../../proto/keystroke.ts';
import { OpColumns } from '../../proto/op-columns.ts';
import { assert } from '../assert.ts';
import type { VersionVector } from '../causal/version-vector.ts';
import { type CharacterRun, characterRuns } from './character-runs.ts';
import { checkState } from './check.ts';
import { digestOf } from './digest.ts';
import { holdsBatch } from './held-operations.ts';
import { type AuthoredRange, authorship, changesBetween, textAt, versionAt } from './history.ts';
import { Inspection, type Obstacle } from './inspection.ts';
import { Integration } from './integration.ts';
import { LocalEdit } from './local-edit.ts';
import { OpenRun } from './open-run.ts';
import { columnsSince } from './operations-since.ts';
import {
  checkBoundary,
  codePointIndex,
  indexAt,
  indexOfCodePoint,
  type LineColumn,
  lineColumnAt,
  lineCount,
} from './positions.ts';
import { contentOf, type SequenceSnapshot, stateOf } from './snapshot.ts';
import { visibleSum } from './span-tree.ts';
import { ChangeList, type TextChange } from './text-change.ts';
import { TextState } from './text-state.ts';
import { invert, type TimestampRange } from './undo.ts';

export type { AuthoredRange } from './history.ts';
export type { Obstacle } from './inspection.ts';
export type { LineColumn } from './positions.ts';
export type { SequenceSnapshot } from './snapshot.ts';
export type { TextChange } from './text-change.ts';
export type { TimestampRange } from './undo.ts';

/** A batch on its way in or out; filled and used up by one call. */
const columns = new OpColumns();

export class Sequence {
  readonly #content: TextState;
  /** What is typed right now, apart from the content. */
  readonly #run: OpenRun;
  readonly #inspection: Inspection;
  readonly #integration: Integration;
  readonly #localEdit: LocalEdit;

  constructor(state = new TextState()) {
    this.#content = state;
    this.#run = new OpenRun(state);
    this.#inspection = new Inspection(state, columns);
    this.#integration = new Integration(state);
    this.#localEdit = new LocalEdit(state);
  }

  /** The state that `toSnapshot` gave; built bottom-up, without searching places. */
  static fromSnapshot(snapshot: SequenceSnapshot): Sequence {
    return new Sequence(stateOf(snapshot));
  }

  /** The same state, which changes on its own from now on. Takes time in proportion to its size. */
  copy(): Sequence {
    return new Sequence(new TextState(this.#state));
  }

  /**
   * The whole state, canonical: equal where the same operations are. `authors`: all replicas, in
   * the order that they have in it. `isWhole`: with what was deleted, and by whom.
   */
  toSnapshot(authors: readonly number[] = this.#replicas(), isWhole = true): SequenceSnapshot {
    return contentOf(this.#state, authors, isWhole);
  }

  /** The visible text. */
  get text(): string {
    return this.#state.text();
  }

  /** UTF-16 units of the visible text. */
  get length(): number {
    return this.#state.tree.total(visibleSum);
  }

  /** Characters ever inserted and deleted. */
  get operationCount(): number {
    return this.#state.numbers.end;
  }

  /** Memory of its tables, about. */
  get bytes(): number {
    return this.#content.bytes;
  }

  /** Must be read anew after a change, and not be changed by others. */
  get versionVector(): VersionVector {
    return this.#state.numbers.versionVector;
  }

  /** Highest timestamp seen; 0 at the start. */
  get clock(): number {
    return this.#state.numbers.clock;
  }

  /** Last timestamp of a replica here; 0 = none. */
  lastOf(replica: number): number {
    return this.#state.numbers.last(replica);
  }

  /**
   * A local edit: splices, each in the coordinates that the one before left, as one batch that is
   * already applied; null if it changes nothing. The first timestamp is one above the clock, or
   * above `clock` if that is higher. RangeError, and nothing has changed, if a splice is not inside
   * the text, begins or ends inside a surrogate pair or inserts a lone surrogate, or if there are
   * not enough timestamps left.
   */
  edit(replica: number, splices: readonly TextChange[], base: number, clock = 0): Batch | null {
    columns.clear();
    return this.editInto(columns, replica, splices, base, clock) ? columns.batchAt(0) : null;
  }

  /** As `edit`, with the batch added to the columns; false if it changes nothing. */
  editInto(
    columns: OpColumns,
    replica: number,
    splices: readonly TextChange[],
    base: number,
    clock = 0,
  ): boolean {
    this.#run.close();
    if (!this.#localEdit.apply(columns, replica, splices, base, clock)) return false;
    const [splice] = splices;
    if (splice !== undefined && splices.length === 1) this.#openRun(replica, splice);
    return true;
  }

  /**
   * Types one ASCII unit as `replica`, or deletes its own character at `index`, if that goes on
   * with what was done last: the update then, without a batch in between. Else null, and nothing
   * changes.
   */
  keystroke(replica: number, { index, deleted, inserted }: TextChange): Uint8Array | null {
    const run = this.#run;
    if (inserted === '') {
      if (deleted !== 1 || !run.delete(replica, index)) return null;
      return deletedUpdate(replica, run.timestamp, run.timestamp - run.target);
    }
    const unit = inserted.charCodeAt(0);
    if (deleted !== 0 || inserted.length !== 1 || unit > 0x7f) return null;
    return run.type(replica, index, unit) ? typedUpdate(replica, run.timestamp, unit) : null;
  }

  /** Applies a keystroke if it goes on with what was done last: the change; else null. */
  receiveKeystroke({ replica, first, unit, back }: Keystroke): TextChange | null {
    const run = this.#run;
    if (unit < 0) {
      if (!run.receiveDeleted(replica, first, first - back)) return null;
      return { index: run.index, deleted: 1, inserted: '' };
    }
    if (!run.receiveTyped(replica, first, unit)) return null;
    return { index: run.index, deleted: 0, inserted: String.fromCharCode(unit) };
  }

  /** After a change by `replica` that may go on. */
  #openRun(replica: number, { index, inserted }: TextChange): void {
    const author = this.#content.numbers.author(replica);
    if (inserted === '') this.#run.openDeleting(author, index);
    else this.#run.openTyping(author);
  }

  /** The first reason why the batch cannot be integrated now, or null. Changes nothing. */
  obstacle(batch: Batch): Obstacle | null {
    let next = batch.first;
    for (const op of batch.ops) {
      if (op.timestamp !== next) {
        return { type: 'invalid', reason: `timestamp ${op.timestamp}, expected ${next}` };
      }
      next += opLength(op);
    }
    this.#run.settle();
    columns.clear();
    columns.addBatch(batch);
    return this.#inspection.inspect(columns, 0) ?? this.#trial();
  }

  /**
   * Applies a batch whose `obstacle` is null. Returns what it changes in the visible text, in
   * order; changes that touch are one.
   */
  integrate(batch: Batch): readonly TextChange[] {
    columns.clear();
    columns.addBatch(batch);
    const changes = new ChangeList();
    const obstacle = this.integrateAt(columns, 0, changes);
    assert(obstacle === null, `batch ${batch.first} of ${batch.replica}: ${obstacle?.type}`);
    return changes.finish();
  }

  /**
   * Applies the batch at a position of the columns and adds what it changes, if asked; or returns
   * its obstacle, and nothing has changed.
   */
  integrateAt(columns: OpColumns, position: number, changes: ChangeList | null): Obstacle | null {
    this.#run.close();
    const inspection = this.#inspection;
    const obstacle = inspection.inspect(columns, position);
    if (obstacle !== null) return obstacle;
    if (inspection.isProven) {
      this.#integration.apply(inspection, columns, position, changes);
      if (inspection.count === 1 && changes?.last !== null && changes !== null) {
        this.#openRun(columns.replicaOf(inspection.name), changes.last);
      }
      return null;
    }
    const before = new TextState(this.#state);
    const made = new ChangeList();
    const disorder = this.#integration.applyInOrder(this.#inspection, columns, position, made);
    if (disorder !== null) this.#state.restore(before);
    else changes?.addAll(made.finish());
    return disorder;
  }

  /**
   * Whether every operation of the batch, all of them in the version vector, is here with the same
   * content, origins and targets. If not, two copies of one replica wrote.
   */
  holds(batch: Batch): boolean {
    return holdsBatch(this.#state, batch);
  }

  /** Whether `id` is a character here, visible or not; a deletion is none. */
  has(id: OpId): boolean {
    return this.#numberOf(id) >= 0;
  }

  /** Whether `id` is a character here that is not deleted. */
  isVisible(id: OpId): boolean {
    const { spans } = this.#state;
    const number = this.#numberOf(id);
    return number >= 0 && !spans.isDeleted(spans.find(number));
  }

  /** The id of the visible unit at `index`; null outside 0 … length - 1. */
  idAt(index: number): OpId | null {
    if (!(index >= 0 && index < this.length)) return null;
    const { numbers, spans, tree } = this.#state;
    const number = spans.start(tree.at(index)) + tree.offset;
    const author = numbers.authorOf(number);
    return { timestamp: numbers.timestampOf(author, number), replica: author.replica };
  }

  /** Visible units before the character, itself visible or not; null if it is not here. */
  indexOf(id: OpId): number | null {
    const number = this.#numberOf(id);
    return number < 0 ? null : this.#state.indexOf(number);
  }

  /** RangeError unless `index` is 0 … length and not inside a surrogate pair. */
  checkBoundary(index: number): void {
    checkBoundary(this.#state, index);
  }

  /** Line feeds + 1. */
  get lineCount(): number {
    return lineCount(this.#state);
  }

  /** Line and column of the caret at `index`; see Document. */
  lineColumnAt(index: number): LineColumn {
    return lineColumnAt(this.#state, index);
  }

  /** The inverse of `lineColumnAt`; see Document. */
  indexAt(place: LineColumn): number {
    return indexAt(this.#state, place);
  }

  /** Code points before `index`; see Document. */
  codePointIndex(index: number): number {
    return codePointIndex(this.#state, index);
  }

  /** The inverse of `codePointIndex`; see Document. */
  indexOfCodePoint(count: number): number {
    return indexOfCodePoint(this.#state, count);
  }

  /**
   * From which version on the past is known; empty = all of it. What is asked about an older
   * version is a RangeError. A live view.
   */
  get historyStart(): VersionVector {
    return this.#state.since;
  }

  /** The version of the operations with timestamps up to `timestamp`, as far as they are here. */
  versionAt(timestamp: number): VersionVector {
    return versionAt(this.#state, timestamp);
  }

  /**
   * The text that has exactly the operations in `version`; what that has of half a surrogate pair
   * does not count. RangeError if the version has operations that are not here, or lacks some of
   * `historyStart`.
   */
  textAt(version: VersionVector): string {
    return textAt(this.#state, version);
  }

  /**
   * What makes `textAt(from)` to `textAt(to)`, whichever is older: from left to right, none of them
   * touch, and no character that both have is replaced. RangeError: as `textAt`.
   */
  changesBetween(from: VersionVector, to: VersionVector): readonly TextChange[] {
    return changesBetween(this.#state, from, to);
  }

  /**
   * Who wrote the text at `version`, in ranges that cover it from left to right. Neighbours are one
   * range if one replica wrote them one after the other, so that each unit's timestamp can be told.
   * RangeError: as `textAt`.
   */
  authorship(version: VersionVector = this.versionVector): AuthoredRange[] {
    return authorship(this.#state, version);
  }

  /** The edit that takes back these operations of the replica; see Document. */
  invert(replica: number, ranges: readonly TimestampRange[]): readonly TextChange[] {
    return invert(this.#state, replica, ranges);
  }

  /**
   * The operations that are not in `version`, in an order in which they can be integrated; base 0.
   * RangeError if the version lacks some of `historyStart`.
   */
  batchesSince(version: VersionVector): Batch[] {
    const columns = this.columnsSince(version);
    return Array.from({ length: columns.batchCount }, (_, position) => columns.batchAt(position));
  }

  /** As `batchesSince`, in columns. */
  columnsSince(version: VersionVector): OpColumns {
    return columnsSince(this.#state, version);
  }

  /** The characters in document order, tombstones included, in runs that are as long as can be. */
  runs(): Generator<CharacterRun> {
    return characterRuns(this.#state);
  }

  /** A hash of the whole state: equal where the same operations are, however they came. */
  digest(): string {
    return digestOf(this.#state);
  }

  /** Asserts every invariant of the state; takes time in proportion to its size. */
  check(): void {
    checkState(this.#state);
  }

  /** The content with what is typed right now. */
  get #state(): TextState {
    this.#run.settle();
    return this.#content;
  }

  #numberOf(id: OpId): number {
    const { numbers, spans } = this.#state;
    const author = numbers.find(id.replica);
    const number = author === null ? -1 : numbers.numberOf(author, id.timestamp);
    return number >= 0 && spans.find(number) >= 0 ? number : -1;
  }

  #replicas(): number[] {
    return this.versionVector.entries().map(([replica]) => replica);
  }

  /**
   * Integrates the batch that was inspected into a copy, unless its order is proven: an obstacle if
   * a left origin does not stand before the right one.
   */
  #trial(): Obstacle | null {
    if (this.#inspection.isProven) return null;
    const copy = new TextState(this.#state);
    const inspection = new Inspection(copy, columns);
    assert(inspection.inspect(columns, 0) === null, 'as it was in the original');
    return new Integration(copy).applyInOrder(inspection, columns, 0, null);
  }
}
