/**
 * The state of a text: operation numbers, content, spans, their order and the deletions, changed
 * together. Everything here is mechanical: where a character belongs is decided in placement.ts,
 * whether an operation is allowed in inspection.ts.
 *
 * A character is told by its number, or by its span and the offset in it.
 *
 * Costs with n spans: finding by number O(1); by position, and every change, O(log n).
 */
import { textOfUnits } from '../../proto/text.ts';
import { VersionVector } from '../causal/version-vector.ts';
import { DeletionLog } from './deletion-log.ts';
import { OperationNumbers } from './operation-numbers.ts';
import { SiblingDirectories, type Side } from './sibling-directories.ts';
import {
  branchedFlag,
  deletedFlag,
  foreBranchedFlag,
  leftChildFlag,
  SpanTable,
  spanUnitsMax,
} from './span-table.ts';
import { SpanTree, unitsSum, visibleSum } from './span-tree.ts';
import { UnitStore } from './unit-store.ts';

export class TextState {
  numbers: OperationNumbers;
  units: UnitStore;
  spans: SpanTable;
  tree: SpanTree;
  deletions: DeletionLog;
  siblings: SiblingDirectories;
  /**
   * Whether every left child has the left origin of its right origin. Authors who take their
   * neighbours as origins make no other; see placement.ts.
   */
  isRegular = true;
  /**
   * Numbers [start, end), pair by pair, of tombstones whose content and deletions are not known: of
   * a document that was saved without history. `since`: the version from which on it is known.
   */
  buried: Int32Array = new Int32Array(0);
  since = new VersionVector();

  constructor(from?: TextState) {
    this.numbers = from?.numbers.clone() ?? new OperationNumbers();
    this.units = from?.units.clone() ?? new UnitStore();
    this.spans = from?.spans.clone() ?? new SpanTable();
    this.tree = from?.tree.clone(this.spans, this.units) ?? new SpanTree(this.spans, this.units);
    this.deletions = from?.deletions.clone() ?? new DeletionLog();
    this.siblings = new SiblingDirectories(this);
    if (from === undefined) return;
    this.isRegular = from.isRegular;
    this.buried = from.buried;
    this.since = from.since;
  }

  /** Becomes what `copy`, which is not used any more, is. */
  restore(copy: TextState): void {
    this.numbers = copy.numbers;
    this.units = copy.units;
    this.spans = copy.spans;
    this.tree = copy.tree;
    this.deletions = copy.deletions;
    this.siblings = new SiblingDirectories(this);
    this.isRegular = copy.isRegular;
  }

  /** Memory of all tables. */
  get bytes(): number {
    const { numbers, units, spans, tree, deletions, buried } = this;
    const tables = numbers.bytes + units.bytes + spans.bytes + tree.bytes + deletions.bytes;
    return tables + buried.byteLength;
  }

  /** Whether the number is a character's, visible or not. */
  isCharacter(number: number): boolean {
    return this.spans.find(number) >= 0;
  }

  /** The character after this one (-1 = the first one), tombstones included; -1 at the end. */
  following(number: number): number {
    if (number < 0) {
      const first = this.tree.first();
      return first < 0 ? -1 : this.spans.start(first);
    }
    const span = this.spans.find(number);
    if (number + 1 < this.spans.end(span)) return number + 1;
    const next = this.tree.next(span);
    return next < 0 ? -1 : this.spans.start(next);
  }

  /** Number of the character's left origin; -1 = document start. */
  leftOf(number: number): number {
    const span = this.spans.find(number);
    return number === this.spans.start(span) ? this.spans.left(span) : number - 1;
  }

  /** Number of the character's right origin; -1 = document end. */
  rightOf(number: number): number {
    return this.spans.right(this.spans.find(number));
  }

  isLeftChild(number: number): boolean {
    const span = this.spans.find(number);
    return number === this.spans.start(span) && (this.spans.flags(span) & leftChildFlag) !== 0;
  }

  /** Whether the character has a right child in the tree. */
  isBranched(number: number): boolean {
    const span = this.spans.find(number);
    const isLast = number === this.spans.end(span) - 1;
    return !isLast || (this.spans.flags(span) & branchedFlag) !== 0;
  }

  /** Units before the character, tombstones included: its place in the whole list. */
  rank(number: number): number {
    const span = this.spans.find(number);
    return this.tree.before(span, unitsSum) + number - this.spans.start(span);
  }

  /** Visible units before the character. */
  indexOf(number: number): number {
    const span = this.spans.find(number);
    const offset = this.spans.isDeleted(span) ? 0 : number - this.spans.start(span);
    return this.tree.indexOf(span) + offset;
  }

  /**
   * Puts new characters number … number + count - 1, whose units are written, after the character
   * `after` (-1 = at the start) of the span `before`. Returns the visible index of the first one.
   */
  insert(
    before: number,
    after: number,
    number: number,
    count: number,
    left: number,
    right: number,
    side: Side,
  ): number {
    const { spans, tree } = this;
    let span = before;
    let index = 0;
    if (span >= 0) {
      const length = spans.length(span);
      const offset = after - spans.start(span);
      const isVisible = !spans.isDeleted(span);
      index = tree.indexOf(span) + (isVisible ? offset + 1 : 0);
      if (offset < length - 1) this.split(span, offset + 1);
      else if (
        left === after &&
        after + 1 === number &&
        isVisible &&
        side === 'right' &&
        spans.right(span) === right &&
        length + count <= spanUnitsMax
      ) {
        this.extend(span, number, count);
        return index;
      }
    }
    this.#markParent(left, right, side);
    let flags = side === 'left' ? leftChildFlag : 0;
    let origin = left;
    for (let passed = 0; passed < count; ) {
      const length = this.units.spanLength(number + passed, count - passed);
      if (passed + length < count) flags |= branchedFlag;
      const added = spans.add(number + passed, length, origin, right, flags);
      tree.insert(span, added);
      tree.remember(added, index + passed);
      span = added;
      passed += length;
      origin = number + passed - 1;
      flags = 0;
    }
    this.siblings.added(number, count, left, right, side);
    return index;
  }

  /**
   * Makes a visible span longer by characters number … number + count - 1, which go on at its end.
   */
  extend(span: number, number: number, count: number): void {
    const { spans, tree, units } = this;
    spans.extend(span, count);
    spans.clearFlag(span, branchedFlag);
    const lineFeeds = units.lineFeedsIn(number, number + count);
    const lowHalves = units.lowHalvesIn(number, number + count);
    tree.add(span, count, count, lineFeeds, lowHalves);
    this.siblings.added(number, count, number - 1, spans.right(span), 'right');
  }

  /** Notes at the parent of a span's first character that it has a child. */
  markParent(span: number): void {
    const { spans } = this;
    const side = (spans.flags(span) & leftChildFlag) !== 0 ? 'left' : 'right';
    this.#markParent(spans.left(span), spans.right(span), side);
  }

  #markParent(left: number, right: number, side: Side): void {
    const { spans } = this;
    if (side === 'left') {
      const parent = spans.find(right);
      spans.setFlag(parent, foreBranchedFlag);
      if (this.isRegular && this.leftOf(right) !== left) this.isRegular = false;
    } else if (left >= 0) {
      const parent = spans.find(left);
      // A character inside a span has its successor as a right child anyway.
      if (left === spans.end(parent) - 1) spans.setFlag(parent, branchedFlag);
    }
  }

  /** Cuts the span before `offset`; returns the span that begins there. */
  split(span: number, offset: number): number {
    const { spans, tree } = this;
    const start = spans.start(span);
    const length = spans.length(span);
    const right = spans.right(span);
    const inherited = spans.flags(span) & (deletedFlag | branchedFlag);
    spans.setExtent(span, start, offset);
    spans.setFlag(span, branchedFlag);
    const left = start + offset - 1;
    const tail = spans.add(start + offset, length - offset, left, right, inherited);
    tree.place(span, tail);
    return tail;
  }

  /** Marks units [from, to) of a visible span deleted. */
  delete(span: number, from: number, to: number): void {
    const { spans, tree } = this;
    const length = spans.length(span);
    const index = tree.indexOf(span);
    if (from === 0 && to === length) {
      this.#bury(span);
      this.#joinNeighbours(span);
      tree.forget();
    } else if (to === length) {
      this.#deleteEnd(span, from);
      tree.remember(span, index);
    } else if (from === 0) tree.remember(this.#deleteStart(span, to), index);
    else {
      this.split(span, to);
      this.#bury(this.split(span, from));
      tree.remember(span, index);
    }
  }

  /** A whole span becomes a tombstone. */
  #bury(span: number): void {
    const { spans } = this;
    this.#uncount(span, spans.start(span), spans.end(span));
    spans.setFlag(span, deletedFlag);
  }

  /** Units [start, end) of the span are no longer visible. */
  #uncount(span: number, start: number, end: number): void {
    const lineFeeds = this.units.lineFeedsIn(start, end);
    const lowHalves = this.units.lowHalvesIn(start, end);
    this.tree.add(span, start - end, 0, -lineFeeds, -lowHalves);
  }

  /** Units from `from` on become tombstones, as the beginning of the next span if they fit. */
  #deleteEnd(span: number, from: number): void {
    const { spans, tree } = this;
    const next = tree.next(span);
    const count = spans.length(span) - from;
    if (next >= 0 && spans.isDeleted(next) && this.#fits(span, next, count)) {
      const start = spans.start(span);
      this.#uncount(span, start + from, start + from + count);
      spans.setExtent(span, start, from);
      spans.setFlag(span, branchedFlag);
      spans.setExtent(next, start + from, spans.length(next) + count);
      spans.setLeft(next, start + from - 1);
      tree.moveDeleted(span, next, count);
    } else this.#bury(this.split(span, from));
  }

  /**
   * Units up to `to` become tombstones, as the end of the span before if they fit. Returns the span
   * of the rest.
   */
  #deleteStart(span: number, to: number): number {
    const { spans, tree } = this;
    const previous = tree.previous(span);
    if (previous >= 0 && spans.isDeleted(previous) && this.#fits(previous, span, to, previous)) {
      const start = spans.start(span);
      this.#uncount(span, start, start + to);
      spans.setExtent(span, start + to, spans.length(span) - to);
      spans.setLeft(span, start + to - 1);
      spans.extend(previous, to);
      tree.moveDeleted(span, previous, to);
      return span;
    }
    const rest = this.split(span, to);
    this.#bury(span);
    return rest;
  }

  /** Joins a span that became a tombstone with the tombstones beside it. */
  #joinNeighbours(span: number): void {
    const { spans, tree } = this;
    const next = tree.next(span);
    if (next >= 0 && spans.isDeleted(next) && this.#fits(span, next, spans.length(span), next)) {
      this.#join(span, next);
    }
    const previous = tree.previous(span);
    if (
      previous >= 0 &&
      spans.isDeleted(previous) &&
      this.#fits(previous, span, spans.length(span), previous)
    ) {
      this.#join(previous, span);
    }
  }

  #join(span: number, next: number): void {
    const { spans, tree } = this;
    const length = spans.length(next);
    const isBranched = (spans.flags(next) & branchedFlag) !== 0;
    tree.removeInto(next, span);
    spans.remove(next);
    spans.extend(span, length);
    if (isBranched) spans.setFlag(span, branchedFlag);
    else spans.clearFlag(span, branchedFlag);
  }

  /**
   * Whether `next`, standing after `span`, goes on with it, and `grown` (`next` if not told) has
   * room for `count` more.
   */
  #fits(span: number, next: number, count: number, grown = next): boolean {
    const { spans } = this;
    const start = spans.start(next);
    return (
      spans.end(span) === start &&
      spans.left(next) === start - 1 &&
      spans.right(next) === spans.right(span) &&
      (spans.flags(next) & leftChildFlag) === 0 &&
      spans.length(grown) + count <= spanUnitsMax
    );
  }

  /** Whether a span holds half of a surrogate pair without the other half. */
  hasLoneHalf(): boolean {
    const { spans, tree, units } = this;
    return tree.order().some((span) => units.hasLoneHalf(spans.start(span), spans.end(span)));
  }

  /** The text that shows. */
  text(): string {
    return this.#gather(0, this.tree.total(visibleSum));
  }

  /** The text of the tombstones, in document order. */
  hiddenText(): string {
    return this.#gather(deletedFlag, this.tree.total(unitsSum) - this.tree.total(visibleSum));
  }

  #gather(deleted: number, length: number): string {
    const { spans, tree, units } = this;
    const buffer = units.isNarrow ? new Uint8Array(length) : new Uint16Array(length);
    let at = 0;
    for (const span of tree.order()) {
      if ((spans.flags(span) & deletedFlag) !== deleted) continue;
      const start = spans.start(span);
      const end = spans.end(span);
      units.copy(start, end, buffer, at);
      at += end - start;
    }
    return textOfUnits(buffer, 0, length);
  }
}
