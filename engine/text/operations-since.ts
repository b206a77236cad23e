/**
 * The operations that a version lacks, as batches that can be integrated in the order in which they
 * stand: what a replica that has the version needs.
 *
 * They are ordered by first timestamp, and a batch ends where an operation refers to another
 * replica's operation at or above the batch's first timestamp: then all that a batch refers to is
 * in the batches before it. O(spans + deletion runs).
 */
import type { Direction } from '../../proto/deletion-runs.ts';
import {
  batchFirst,
  batchName,
  batchStride,
  kindDelete,
  kindDeleteReversed,
  kindInsert,
  nameEdge,
  nameSame,
  OpColumns,
  opKind,
  opStride,
} from '../../proto/op-columns.ts';
import { RunWriter } from '../causal/run-writer.ts';
import type { VersionVector } from '../causal/version-vector.ts';
import { checkSince } from './history.ts';
import type { Author } from './operation-numbers.ts';
import type { TextState } from './text-state.ts';

/**
 * The batches that are not in `version`, under full replica ids; base 0. RangeError if the document
 * was saved without history and the version is from before.
 */
export function columnsSince(state: TextState, version: VersionVector): OpColumns {
  checkSince(state, version);
  const columns = new OpColumns();
  const authors = [...state.numbers.authors].sort((a, b) => a.replica - b.replica);
  for (const author of authors) {
    const known = version.get(author.replica);
    if (author.last > known) new AuthorHistory(state, columns, author, known).collect();
  }
  return inCausalOrder(columns);
}

/** The same batches by first timestamp, then replica. */
function inCausalOrder(columns: OpColumns): OpColumns {
  const { batches, batchCount } = columns;
  const order = Array.from({ length: batchCount }, (_, position) => position);
  const first = (position: number) => batches[position * batchStride + batchFirst] as number;
  const name = (position: number) => batches[position * batchStride + batchName] as number;
  const isSorted = order.every((at) => at === 0 || first(at - 1) <= first(at));
  if (isSorted) return columns;
  const replica = (position: number) => columns.replicaOf(name(position));
  order.sort((a, b) => first(a) - first(b) || replica(a) - replica(b));
  const writer = new RunWriter(columns);
  for (const position of order) {
    writer.beginBatch(position, first(position));
    writer.addFrom(position, first(position));
    writer.endBatch();
  }
  return writer.columns;
}

/** Builds the batches of one author. */
class AuthorHistory {
  readonly #state: TextState;
  readonly #columns: OpColumns;
  readonly #author: Author;
  readonly #name: number;
  /** The author's last timestamp before the batch that is being built. */
  #last: number;
  /** First timestamp of that batch, and the next one. */
  #first: number;
  #next: number;
  #isOpen = false;
  /** Number of the batch's first operation in the columns. */
  #opStart = 0;

  constructor(state: TextState, columns: OpColumns, author: Author, known: number) {
    this.#state = state;
    this.#columns = columns;
    this.#author = author;
    this.#name = columns.nameOf(author.replica);
    this.#last = known;
    this.#first = known + 1;
    this.#next = known + 1;
  }

  collect(): void {
    const author = this.#author;
    for (let at = 0; at < author.stretchCount; at++) {
      const start = author.numbers[at * 2] as number;
      const end = start + (author.numbers[at * 2 + 1] as number);
      const timestamp = author.times[at] as number;
      const from = Math.max(start, start + this.#next - timestamp);
      if (from < end) this.#stretch(from, end, timestamp + from - start);
    }
    this.#finish(this.#next);
  }

  /** Numbers [from, end) with running timestamps. */
  #stretch(from: number, end: number, first: number): void {
    const { spans } = this.#state;
    if (this.#next !== first) this.#finish(first);
    for (let number = from; number < end; ) {
      const span = spans.find(number);
      if (span < 0) number += this.#deletion(number, end);
      else {
        const units = Math.min(spans.end(span), end) - number;
        this.#insert(number, units);
        number += units;
      }
    }
  }

  #insert(number: number, units: number): void {
    const { numbers, units: content } = this.#state;
    const columns = this.#columns;
    const timestamp = this.#next;
    const left = this.#state.leftOf(number);
    const right = this.#state.rightOf(number);
    if (!this.#mayRefer(left) || !this.#mayRefer(right)) this.#finish(timestamp);
    this.#begin();
    const leftAuthor = left < 0 ? null : numbers.authorOf(left);
    const leftTimestamp = leftAuthor === null ? 0 : numbers.timestampOf(leftAuthor, left);
    const isTypedOn =
      leftAuthor === this.#author &&
      leftTimestamp === timestamp - 1 &&
      this.#state.rightOf(left) === right;
    if (!isTypedOn || !this.#endsWithInsert()) {
      const leftName = leftAuthor === null ? nameEdge : columns.nameOf(leftAuthor.replica);
      if (isTypedOn) columns.addInsert(leftName, leftTimestamp, nameSame, 0);
      else if (right < 0) columns.addInsert(leftName, leftTimestamp, nameEdge, 0);
      else {
        const author = numbers.authorOf(right);
        const rightName = columns.nameOf(author.replica);
        columns.addInsert(leftName, leftTimestamp, rightName, numbers.timestampOf(author, right));
      }
    }
    columns.appendText(content.text(number, number + units));
    this.#next += units;
  }

  #endsWithInsert(): boolean {
    const { ops, opCount } = this.#columns;
    return opCount > this.#opStart && ops[(opCount - 1) * opStride + opKind] === kindInsert;
  }

  /** Adds the deletions from `number` on that go on together; returns how many. */
  #deletion(number: number, end: number): number {
    const { deletions, numbers } = this.#state;
    const { index } = this.#author;
    const run = deletions.floor(index, number);
    const passed = number - deletions.start(index, run);
    const length = deletions.length(index, run);
    const isReversed = deletions.isReversed(index, run);
    const rest = Math.min(length - passed, end - number);
    const edge = deletions.target(index, run) + (isReversed ? length - 1 - passed : passed);
    const author = numbers.authorOf(edge);
    // Targets with running timestamps: below the edge if reversed, else above it.
    const above = numbers.runningFrom(author, edge);
    const below = edge - (author.numbers[numbers.stretchOf(author, edge) * 2] as number) + 1;
    const count = Math.min(rest, isReversed ? below : above);
    const target = isReversed ? edge - count + 1 : edge;
    const direction = isReversed ? 'down' : 'up';
    return this.#delete(author, numbers.timestampOf(author, target), count, direction);
  }

  #delete(author: Author, target: number, count: number, direction: Direction): number {
    let units = this.#deletable(author, target, count, direction);
    if (units === 0) {
      this.#finish(this.#next);
      units = this.#deletable(author, target, count, direction);
    }
    this.#begin();
    const isDown = direction === 'down';
    const lowest = isDown ? target + count - units : target;
    const kind = isDown ? kindDeleteReversed : kindDelete;
    this.#columns.addDelete(kind, this.#columns.nameOf(author.replica), lowest, units);
    this.#next += units;
    return units;
  }

  /** How many of the deletions may be in the batch that is being built. */
  #deletable(author: Author, target: number, count: number, direction: Direction): number {
    const first = this.#first;
    const timestamp = this.#next;
    if (author === this.#author || target + count <= first) return count;
    if (direction === 'down' || target >= first) return 0;
    const units = first - target;
    const number = this.#state.numbers.numberOf(author, first);
    if (!this.#state.units.cutsPair(number)) return units;
    // Both halves of a pair are deleted by one operation, and stand in one batch, which is then
    // before. The operation must be younger than both: if this one is not, the next one is.
    return timestamp > first ? units + 1 : units - 1;
  }

  /** Whether an operation of the batch that is being built may refer to this one. */
  #mayRefer(number: number): boolean {
    if (number < 0) return true;
    const { numbers } = this.#state;
    const author = numbers.authorOf(number);
    return author === this.#author || numbers.timestampOf(author, number) < this.#first;
  }

  #begin(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#opStart = this.#columns.opCount;
    this.#columns.beginBatch(this.#name, this.#first, this.#first - 1 - this.#last, 0);
  }

  /** Ends the batch; the next one begins with timestamp `first`. */
  #finish(first: number): void {
    if (this.#isOpen) {
      this.#columns.endBatch();
      this.#last = this.#next - 1;
      this.#isOpen = false;
    }
    this.#first = first;
    this.#next = first;
  }
}
