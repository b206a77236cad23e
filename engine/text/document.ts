/**
 * Document: the replicated text as an application uses it. Edits give updates (bytes), updates of
 * others are applied in whatever order they come.
 *
 *   a.apply(u), twice or after others = a.apply(u), once          (idempotent, commutative)
 *   a.apply(mergeUpdates([u, v]))     = a.apply(u), a.apply(v)
 *
 * Adds to Sequence what an unordered world needs: what is here already is skipped, what comes too
 * early waits. Knows no log, server or network; its batches have base 0.
 */
import { type Batch, batchLast, canCut, type OpId, sliceBatch } from '../../proto/batch.ts';
import type { Compression } from '../../proto/compression.ts';
import { Keystroke } from '../../proto/keystroke.ts';
import { batchFirst, batchGap, batchName, batchStride, OpColumns } from '../../proto/op-columns.ts';
import { encodeSnapshot, SnapshotReader } from '../../proto/snapshot-format.ts';
import { readUpdate, writeUpdate } from '../../proto/update-codec.ts';
import { assert, must } from '../assert.ts';
import { CausalBuffer } from '../causal/causal-buffer.ts';
import { mergeUpdates } from '../causal/merge-batches.ts';
import type { VersionVector } from '../causal/version-vector.ts';
import { BufferFullError, InvalidBatchError, ReplicaForkedError } from '../errors.ts';
import { anchorAt, anchorIndex, type TextAnchor } from './anchor.ts';
import { type AuthoredRange, type LineColumn, Sequence, type TimestampRange } from './sequence.ts';
import { ChangeList, type TextChange } from './text-change.ts';

export interface DocumentOptions {
  /** Id of this copy, 1 … 2^53-1: random, never used by two copies that live at the same time. */
  readonly replica: number;
  /** Batches that may wait for others; 10,000 if not given. */
  readonly bufferedMax?: number;
}

/** Filled and used up by one call. */
const keystroke = new Keystroke();
const columns = new OpColumns();
const bufferedMaxDefault = 10_000;

export class Document {
  readonly replica: number;
  /** null: still in the snapshot. */
  #built: Sequence | null;
  #snapshot: SnapshotReader | null;
  readonly #buffer: CausalBuffer;
  readonly #changes = new ChangeList();

  /** @internal Use `create` or `decode`. */
  constructor(content: Sequence | SnapshotReader, options: DocumentOptions) {
    const { replica, bufferedMax = bufferedMaxDefault } = options;
    if (!Number.isSafeInteger(replica) || replica < 1) {
      throw new RangeError(`a replica id is 1 … 2^53-1, got ${replica}`);
    }
    this.replica = replica;
    this.#built = content instanceof Sequence ? content : null;
    this.#snapshot = content instanceof Sequence ? null : content;
    this.#buffer = new CausalBuffer(bufferedMax);
  }

  /** An empty document. */
  static create(options: DocumentOptions): Document {
    return new Document(new Sequence(), options);
  }

  /**
   * The document that `encode` wrote, as the copy `options.replica`. DecodeError if the bytes are
   * none or damaged. The text can be read at once; all else is decoded when it is first needed, and
   * is a DecodeError then if the bytes were forged.
   */
  static decode(
    bytes: Uint8Array,
    options: DocumentOptions & { readonly compressions?: readonly Compression[] },
  ): Document {
    const reader = new SnapshotReader(bytes, options);
    void reader.text;
    return new Document(reader, options);
  }

  /**
   * The operations of all updates as one, smaller: ordered, duplicates dropped, runs joined. Trusts
   * that equal ids have equal content. DecodeError if one is not an update.
   */
  static mergeUpdates(updates: readonly Uint8Array[]): Uint8Array {
    return mergeUpdates(updates);
  }

  get text(): string {
    return this.#built === null && this.#snapshot !== null
      ? this.#snapshot.text
      : this.#sequence.text;
  }

  /** UTF-16 units of the text. */
  get length(): number {
    return this.#sequence.length;
  }

  /** Which operations are here, without those that wait; a copy. */
  get versionVector(): VersionVector {
    return this.#sequence.versionVector.clone();
  }

  /** Batches that wait for operations that have not come. */
  get pending(): number {
    return this.#buffer.size;
  }

  /** Inserts text at `index`; returns the update for others. Errors: see `edit`. */
  insert(index: number, text: string): Uint8Array {
    return this.edit([{ index, deleted: 0, inserted: text }]);
  }

  /** Deletes `count` units from `index` on; returns the update for others. Errors: see `edit`. */
  delete(index: number, count: number): Uint8Array {
    return this.edit([{ index, deleted: count, inserted: '' }]);
  }

  /**
   * Applies splices, each in the coordinates that the one before left, as one transaction and
   * returns the update for others; one without operations if nothing changes. RangeError, and
   * nothing has changed, if a splice is not inside the text, cuts a surrogate pair or inserts a
   * lone surrogate.
   */
  edit(splices: readonly TextChange[]): Uint8Array {
    const [splice] = splices;
    if (splice !== undefined && splices.length === 1) {
      const update = this.#sequence.keystroke(this.replica, splice);
      if (update !== null) return update;
    }
    columns.clear();
    this.#sequence.editInto(columns, this.replica, splices, 0);
    return writeUpdate(columns);
  }

  /**
   * Applies the operations of an update that are not here yet, and those that waited for them.
   * Returns what changes in the text, in order.
   *
   * DecodeError: not an update; nothing has changed. InvalidBatchError, ReplicaForkedError,
   * BufferFullError: one batch was refused; those before it have been applied, so read `text` anew.
   */
  apply(update: Uint8Array): readonly TextChange[] {
    // A batch may wait for this one only if there is one that waits.
    if (this.#buffer.size === 0 && keystroke.read(update)) {
      const change = this.#sequence.receiveKeystroke(keystroke);
      if (change !== null) return [change];
    }
    columns.clear();
    readUpdate(update, columns);
    const changes = this.#changes;
    changes.clear();
    // Into an empty text everything comes as one insertion, whatever was deleted on the way.
    const isFirst = this.#sequence.length === 0 && columns.opCount > 1;
    for (let position = 0; position < columns.batchCount; position++) {
      this.#receiveAt(columns, position, isFirst ? null : changes);
    }
    if (isFirst && this.length > 0) changes.add(0, 0, this.text);
    return changes.finish();
  }

  /** Highest timestamp here, 0 at the start; what is written next has a higher one. */
  get clock(): number {
    return this.#sequence.clock;
  }

  /**
   * From which version on the past is known: empty, and so all of it, unless the document was saved
   * without history. What is asked about an older version is a RangeError.
   */
  get historyStart(): VersionVector {
    return this.#sequence.historyStart.clone();
  }

  /**
   * The version of all operations here with timestamps up to `timestamp`: a point in a history that
   * everybody has in the same order. From 0 to `clock` it plays the history back.
   */
  versionAt(timestamp: number): VersionVector {
    return this.#sequence.versionAt(timestamp);
  }

  /**
   * The text that has exactly the operations in `version`; of a surrogate pair both halves or none.
   * RangeError if the version has operations that are not here, or lacks some of `historyStart`.
   */
  textAt(version: VersionVector): string {
    return this.#sequence.textAt(version);
  }

  /**
   * What makes `textAt(from)` to `textAt(to)`; any two versions, concurrent ones too. From left to
   * right, each in the coordinates that the one before left; none of them touch, and no character
   * that both texts have is replaced. RangeError: as `textAt`.
   */
  changesBetween(from: VersionVector, to: VersionVector): readonly TextChange[] {
    return this.#sequence.changesBetween(from, to);
  }

  /**
   * Who wrote the text (at `version`; now, if not told): ranges that cover it from left to right.
   * Neighbours are one range only if one replica wrote them one after the other, timestamp by
   * timestamp; who wants fewer joins those of one replica. RangeError: as `textAt`.
   */
  authorship(version?: VersionVector): readonly AuthoredRange[] {
    return this.#sequence.authorship(version);
  }

  /**
   * The splices for `edit` that take back this copy's own operations with these timestamps: what
   * they inserted and still shows is deleted, what they and nobody else deleted is inserted again.
   * Text of others is not touched, also inside a range that goes. The operations of an edit are
   * those from `clock` + 1 before it to `clock` after it; those of others in between do not count.
   * To undo one edit after another, the last first, invert each time all from the edit up to now;
   * to redo, invert the undo. RangeError: a range that is none, or begins before `historyStart`.
   */
  invert(ranges: readonly TimestampRange[]): readonly TextChange[] {
    return this.#sequence.invert(this.replica, ranges);
  }

  /**
   * The operations that are not in `version`. RangeError if it lacks some of `historyStart`: then
   * what the other copy needs is the whole document (`encode`).
   */
  updateSince(version: VersionVector): Uint8Array {
    return writeUpdate(this.#sequence.columnsSince(version));
  }

  /**
   * The document for `decode`; batches that wait are not in it. Without history it is smaller: what
   * was deleted and by whom is left out, so that no earlier version can be told.
   */
  encode(
    options: { readonly history?: 'full' | 'none'; readonly compression?: Compression } = {},
  ): Uint8Array {
    const { history = 'full' } = options;
    const entries = this.#sequence.versionVector.entries();
    const authors = entries.map(([replica]) => replica);
    const content = this.#sequence.toSnapshot(authors, history === 'full');
    let operations = 0;
    for (const length of content.stretches.length) operations += length;
    const replicas = entries.map(([id, last]) => ({ id, last, since: 0 }));
    const head = { epoch: 0, lsn: 0, at: 0, operations, replicas, voided: [] };
    return encodeSnapshot({ ...head, ...content }, options);
  }

  /** The id of the unit at `index`, which stays with it; null outside the text. */
  idAt(index: number): OpId | null {
    return this.#sequence.idAt(index);
  }

  /** Where the character is, or would be if it were not deleted; null if it is not known. */
  indexOf(id: OpId): number | null {
    return this.#sequence.indexOf(id);
  }

  /** Line and column of the character; null if it is not known. See `lineColumnAt`. */
  lineColumnOf(id: OpId): LineColumn | null {
    const index = this.#sequence.indexOf(id);
    return index === null ? null : this.#sequence.lineColumnAt(index);
  }

  /** Line feeds + 1: an empty text has one line. */
  get lineCount(): number {
    return this.#sequence.lineCount;
  }

  /**
   * Line and column of the caret at `index`, both from 1, the column in UTF-16 units. Lines end
   * with line feeds. O(log n). RangeError if `index` is not 0 … length.
   */
  lineColumnAt(index: number): LineColumn {
    return this.#sequence.lineColumnAt(index);
  }

  /**
   * The index of the caret at a line and column: the inverse of `lineColumnAt`. O(log n). The last
   * column of a line is that before its line feed, or the end of the text. RangeError if there is
   * no such line, or if it has no such column: nothing is clamped, so that no edit goes astray.
   */
  indexAt(place: LineColumn): number {
    return this.#sequence.indexAt(place);
  }

  /**
   * Code points before `index`. O(log n). RangeError if `index` is not 0 … length or is inside a
   * surrogate pair.
   */
  codePointIndex(index: number): number {
    return this.#sequence.codePointIndex(index);
  }

  /**
   * The index before which there are `count` code points: the inverse of `codePointIndex`.
   * O(log n). RangeError if the text has fewer.
   */
  indexOfCodePoint(count: number): number {
    return this.#sequence.indexOfCodePoint(count);
  }

  /**
   * An anchor for the place at `index` (0 … length) that survives every edit, here and, as plain
   * data, in every other copy. 'after' (if not told): it sticks to the character before, and what
   * is inserted right there comes behind it; 'before': it sticks to the character that follows.
   * RangeError if `index` is not in the text or inside a surrogate pair.
   */
  anchorAt(index: number, side: TextAnchor['side'] = 'after'): TextAnchor {
    this.#sequence.checkBoundary(index);
    return anchorAt(this.#sequence, index, side);
  }

  /**
   * Where the anchor is now; if its character is deleted, where that was. null if the character has
   * not come here yet.
   */
  indexOfAnchor(anchor: TextAnchor): number | null {
    return anchorIndex(this.#sequence, anchor);
  }

  /** @internal Equal for equal documents; see Sequence. */
  digest(): string {
    return this.#sequence.digest();
  }

  /** @internal Asserts every invariant; see Sequence. */
  check(): void {
    this.#sequence.check();
  }

  get #sequence(): Sequence {
    return this.#built ?? this.#build();
  }

  #build(): Sequence {
    const state = must(this.#snapshot, 'what is not built is in a snapshot').state();
    const authors = state.replicas.map(({ id }) => id);
    this.#built = Sequence.fromSnapshot({ ...state, authors });
    this.#snapshot = null;
    return this.#built;
  }

  /** Integrates the batch at a position of the columns, and then whatever waited for it. */
  #receiveAt(columns: OpColumns, position: number, changes: ChangeList | null): void {
    const sequence = this.#sequence;
    const at = position * batchStride;
    const first = columns.batches[at + batchFirst] as number;
    const gap = columns.batches[at + batchGap] as number;
    const replica = columns.replicaOf(columns.batches[at + batchName] as number);
    // The common case makes no object: the batch follows what is here, and nothing waits.
    const isNext = sequence.lastOf(replica) === first - 1 - gap;
    if (isNext && this.#buffer.size === 0) {
      if (sequence.integrateAt(columns, position, changes) === null) return;
    }
    this.#receive(columns.batchAt(position), changes);
  }

  /** Integrates the new part of a batch, and then whatever waited for it. */
  #receive(received: Batch, changes: ChangeList | null): void {
    const queue = [received];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const batch = this.#unknownPart(next);
      if (batch === null || !this.#isReady(batch)) continue;
      const made = this.#sequence.integrate(batch);
      changes?.addAll(made);
      queue.push(...this.#buffer.release(batch.replica, batchLast(batch)));
    }
  }

  /** The operations that are not here; null if all are. */
  #unknownPart(batch: Batch): Batch | null {
    const { replica, first, gap } = batch;
    const known = this.#sequence.versionVector.get(replica);
    const last = batchLast(batch);
    if (known < first) {
      // An operation that is here stands where its author says there is none.
      if (known > first - 1 - gap) throw new ReplicaForkedError({ timestamp: known, replica });
      return batch;
    }
    const isCut = last > known;
    const isWhole = !isCut || canCut(batch, known + 1);
    const old = isCut && isWhole ? sliceBatch(batch, first, known + 1) : batch;
    if (!isWhole || !this.#sequence.holds(old)) {
      throw new ReplicaForkedError({ timestamp: first, replica });
    }
    return isCut ? sliceBatch(batch, known + 1) : null;
  }

  /** Whether the batch can be integrated now; if not, it waits. */
  #isReady(batch: Batch): boolean {
    const { replica, first, gap } = batch;
    const obstacle = this.#sequence.obstacle(batch);
    if (obstacle === null) return true;
    if (obstacle.type === 'invalid') {
      throw new InvalidBatchError({ timestamp: first, replica }, obstacle.reason);
    }
    const before = { timestamp: first - 1 - gap, replica };
    const missing = obstacle.type === 'missing' ? obstacle.id : before;
    assert(!this.#sequence.versionVector.includes(missing), 'what is missing is not here');
    if (!this.#buffer.add(batch, missing)) throw new BufferFullError(this.#buffer.missing);
    return false;
  }
}
