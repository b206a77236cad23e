/**
 * A local edit: splices at positions become operations, which are applied at once.
 *
 * The left origin of what is typed is the visible neighbour, the right origin the next character,
 * tombstones included.
 */
import {
  kindDelete,
  kindDeleteReversed,
  kindInsert,
  nameEdge,
  nameSame,
  type OpColumns,
  opKind,
  opLeftName,
  opLeftTimestamp,
  opStride,
  opUnits,
} from '../../proto/op-columns.ts';
import { cutsPair, loneSurrogate } from '../../proto/text.ts';
import { assert, must } from '../assert.ts';
import type { Author } from './operation-numbers.ts';
import { visibleSum } from './span-tree.ts';
import type { TextChange } from './text-change.ts';
import type { TextState } from './text-state.ts';

export class LocalEdit {
  readonly #state: TextState;
  /** Number of the batch's first operation in the columns. */
  #opStart = 0;
  #name = 0;
  #timestamp = 0;

  constructor(state: TextState) {
    this.#state = state;
  }

  /**
   * Applies the splices as `replica` and adds the batch to the columns; false, and no batch, if
   * they change nothing. Errors: see Sequence.edit.
   */
  apply(
    columns: OpColumns,
    replica: number,
    splices: readonly TextChange[],
    base: number,
    clock: number,
  ): boolean {
    const { numbers } = this.#state;
    const operations = this.#check(splices);
    const first = Math.max(numbers.clock, clock) + 1;
    if (!Number.isSafeInteger(first + operations)) {
      throw new RangeError(`no timestamps are left above ${first - 1}`);
    }
    if (operations === 0) return false;
    numbers.checkRoom(operations);
    const author = numbers.author(replica);
    this.#opStart = columns.opCount;
    this.#name = columns.nameOf(replica);
    this.#timestamp = first;
    columns.beginBatch(this.#name, first, first - 1 - author.last, base);
    for (const { index, deleted, inserted } of splices) {
      if (deleted > 0) this.#delete(columns, author, index, deleted);
      if (inserted !== '') this.#insert(columns, author, index, inserted);
    }
    columns.endBatch();
    return true;
  }

  /** Throws if a splice is not legal; returns the number of operations that they make. */
  #check(splices: readonly TextChange[]): number {
    let length = this.#state.tree.total(visibleSum);
    let operations = 0;
    let mayCut = !this.#state.units.isNarrow;
    for (let position = 0; position < splices.length; position++) {
      const { index, deleted, inserted } = must(splices[position], 'a splice');
      const end = index + deleted;
      if (!(Number.isSafeInteger(index) && Number.isSafeInteger(deleted))) {
        throw new RangeError(`splice [${index}, ${end}) is not a range of units`);
      }
      if (index < 0 || deleted < 0 || end > length) {
        throw new RangeError(`splice [${index}, ${end}) is not inside a text of ${length} units`);
      }
      if (mayCut) this.#checkPairs(splices, position, end);
      mayCut = this.#checkText(inserted) || mayCut;
      length += inserted.length - deleted;
      operations += inserted.length + deleted;
    }
    return operations;
  }

  /** Throws if the text has a lone surrogate; whether it has pairs. */
  #checkText(text: string): boolean {
    for (let at = 0; at < text.length; at++) {
      if ((text.charCodeAt(at) & 0xf800) !== 0xd800) continue;
      const lone = loneSurrogate(text);
      if (lone >= 0) throw new RangeError(`the inserted text has a lone surrogate at ${lone}`);
      return true;
    }
    return false;
  }

  #checkPairs(splices: readonly TextChange[], position: number, end: number): void {
    const { index } = must(splices[position], 'a splice');
    for (const boundary of index === end ? [index] : [index, end]) {
      if (this.#cutsPairAt(splices, position, boundary)) {
        throw new RangeError(`index ${boundary} is inside a surrogate pair`);
      }
    }
  }

  /** Whether `boundary`, in the coordinates that the first splices leave, is inside a pair. */
  #cutsPairAt(splices: readonly TextChange[], count: number, boundary: number): boolean {
    let index = boundary;
    for (let before = count - 1; before >= 0; before--) {
      const { index: start, deleted, inserted } = must(splices[before], 'a splice');
      if (index < start) continue;
      if (index <= start + inserted.length) return cutsPair(inserted, index - start);
      index += deleted - inserted.length;
    }
    const { spans, tree, units } = this.#state;
    if (units.isNarrow || index === 0 || index === tree.total(visibleSum)) return false;
    const span = tree.at(index);
    return units.cutsPair(spans.start(span) + tree.offset);
  }

  #delete(columns: OpColumns, author: Author, index: number, count: number): void {
    const { deletions, numbers, spans, tree, units } = this.#state;
    for (let rest = count; rest > 0; ) {
      const span = tree.at(index);
      const { offset } = tree;
      const target = spans.start(span) + offset;
      const targetAuthor = numbers.authorOf(target);
      const length = Math.min(
        spans.length(span) - offset,
        rest,
        numbers.runningFrom(targetAuthor, target),
      );
      const number = numbers.append(author, this.#timestamp, length);
      units.reserve(numbers.end);
      deletions.add(author.index, number, target, length, 'up');
      this.#addDelete(
        columns,
        columns.nameOf(targetAuthor.replica),
        numbers.timestampOf(targetAuthor, target),
        length,
      );
      this.#state.delete(span, offset, offset + length);
      this.#timestamp += length;
      rest -= length;
    }
  }

  /** Adds deletions to the batch, to its last operation if they go on with it. */
  #addDelete(columns: OpColumns, name: number, timestamp: number, count: number): void {
    const at = (columns.opCount - 1) * opStride;
    const { ops } = columns;
    if (
      columns.opCount > this.#opStart &&
      ops[at + opKind] !== kindInsert &&
      ops[at + opLeftName] === name
    ) {
      const before = ops[at + opLeftTimestamp] as number;
      const length = ops[at + opUnits] as number;
      const first = this.#timestamp - length;
      // A single deletion has no direction and fits both. All targets are older than the first.
      const mayRise = ops[at + opKind] === kindDelete;
      if (mayRise && timestamp === before + length && timestamp + count <= first) {
        ops[at + opUnits] = length + count;
        return;
      }
      const mayFall = (length === 1 || !mayRise) && count === 1;
      if (mayFall && timestamp + 1 === before) {
        ops[at + opKind] = kindDeleteReversed;
        ops[at + opUnits] = length + 1;
        ops[at + opLeftTimestamp] = timestamp;
        return;
      }
    }
    columns.addDelete(kindDelete, name, timestamp, count);
  }

  #insert(columns: OpColumns, author: Author, index: number, text: string): void {
    const state = this.#state;
    const { numbers, spans, tree, units } = state;
    let span = -1;
    let left = -1;
    let right = -1;
    let isBranched = true;
    if (index === 0) right = state.following(-1);
    else {
      span = tree.at(index - 1);
      left = spans.start(span) + tree.offset;
      if (left + 1 < spans.end(span)) right = left + 1;
      else {
        const next = tree.next(span);
        if (next >= 0) right = spans.start(next);
        isBranched = spans.isBranched(span);
      }
    }
    assert(right < 0 || !units.cutsPair(right), 'a pair stands together');
    const isTypedOn =
      left >= 0 &&
      left === author.next - 1 &&
      author.last === this.#timestamp - 1 &&
      spans.right(span) === right;
    if (isTypedOn) this.#typeOn(columns);
    else this.#addInsert(columns, left, right);
    columns.appendText(text);
    const number = numbers.append(author, this.#timestamp, text.length);
    units.reserve(numbers.end);
    units.writeText(number, text);
    const side = right >= 0 && isBranched ? 'left' : 'right';
    state.insert(span, left, number, text.length, left, right, side);
    this.#timestamp += text.length;
  }

  /** The author goes on after its last character: with the batch's last operation if it has one. */
  #typeOn(columns: OpColumns): void {
    if (columns.opCount > this.#opStart) return;
    columns.addInsert(this.#name, this.#timestamp - 1, nameSame, 0);
  }

  /** Adds an insertion to the batch; its text is to come. */
  #addInsert(columns: OpColumns, left: number, right: number): void {
    const { numbers } = this.#state;
    let leftName = nameEdge;
    let leftTimestamp = 0;
    if (left >= 0) {
      const author = numbers.authorOf(left);
      leftName = columns.nameOf(author.replica);
      leftTimestamp = numbers.timestampOf(author, left);
    }
    let rightName = nameEdge;
    let rightTimestamp = 0;
    if (right >= 0) {
      const author = numbers.authorOf(right);
      rightName = columns.nameOf(author.replica);
      rightTimestamp = numbers.timestampOf(author, right);
    }
    columns.addInsert(leftName, leftTimestamp, rightName, rightTimestamp);
  }
}
