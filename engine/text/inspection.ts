/**
 * What keeps a batch from being integrated, found before anything is changed; and, if nothing does,
 * the numbers of all that it refers to.
 *
 * Judged by its content and the state alone, so that every replica with the same operations gives
 * the same answer, however the operations are cut into batches. One pass over the columns; nothing
 * is created for a batch that is in order. Characters that the batch itself inserts are *inner*:
 * they have the numbers that the batch will get.
 */

import type { OpId } from '../../proto/batch.ts';
import {
  batchFirst,
  batchGap,
  batchName,
  batchOpEnd,
  batchStride,
  kindDeleteReversed,
  kindInsert,
  nameEdge,
  nameSame,
  type OpColumns,
  opKind,
  opLeftName,
  opLeftTimestamp,
  opRightName,
  opRightTimestamp,
  opStride,
  opUnits,
} from '../../proto/op-columns.ts';
import { cutsPair } from '../../proto/text.ts';
import { must } from '../assert.ts';
import type { Author } from './operation-numbers.ts';
import type { TextState } from './text-state.ts';

/**
 * - gap: the batch does not start right after what is here of its replica.
 * - missing: it refers to `id`, which is not here yet.
 * - invalid: it breaks a rule and can never be integrated.
 */
export type Obstacle =
  | { readonly type: 'gap' }
  | { readonly type: 'missing'; readonly id: OpId }
  | { readonly type: 'invalid'; readonly reason: string };

/** Returned in place of a number when `#obstacle` says why there is none. */
const refused = -2;

export class Inspection {
  readonly #state: TextState;
  #columns: OpColumns;
  #obstacle: Obstacle | null = null;
  #isProven = true;
  /** Whether a text of the batch that was looked at has surrogates. */
  #hasPairs = false;
  /** The slot asked for last: origins are near each other as a rule. */
  #near = 0;
  /** Name of the author in the columns. */
  name = 0;
  #first = 0;
  #opStart = 0;
  #opCount = 0;
  /** The author of the batch; null: it is new. */
  author: Author | null = null;
  /** The number that the batch's first operation will get. */
  number = 0;
  /** How many numbers the batch takes. */
  count = 0;
  /** Numbers of the left origin (or first target) and the right origin of each operation. */
  origins: Int32Array = new Int32Array(2);
  /** Number of each operation less `number`, and where its text begins. */
  #starts: Float64Array = new Float64Array(2);

  constructor(state: TextState, columns: OpColumns) {
    this.#state = state;
    this.#columns = columns;
  }

  /**
   * Whether `inspect` could prove that each left origin stands before its right origin. It cannot
   * where an origin is inserted by the batch itself and the other one was inserted concurrently at
   * the same place: which of them comes first shows only when the batch is integrated (into a
   * copy).
   */
  get isProven(): boolean {
    return this.#isProven;
  }

  /** The first reason why the batch at a position of the columns cannot be integrated, or null. */
  inspect(columns: OpColumns, position: number): Obstacle | null {
    const { batches } = columns;
    const at = position * batchStride;
    this.#columns = columns;
    this.#obstacle = null;
    this.#isProven = true;
    this.#hasPairs = false;
    this.#near = 0;
    this.name = batches[at + batchName] as number;
    this.#first = batches[at + batchFirst] as number;
    this.#opStart = columns.opStart(position);
    const opEnd = batches[at + batchOpEnd] as number;
    this.author = this.#state.numbers.find(columns.replicaOf(this.name));
    if (this.#first - 1 - (batches[at + batchGap] as number) !== (this.author?.last ?? 0)) {
      return { type: 'gap' };
    }
    if (opEnd === this.#opStart) return invalid(`batch ${this.#first} has no operation`);
    this.#measure(columns.textStart(position), opEnd);
    if (!Number.isSafeInteger(this.#first + this.count)) {
      return invalid(`timestamp ${this.#first + this.count} is too high`);
    }
    const { numbers } = this.#state;
    if (!numbers.hasRoom(this.count)) return invalid(`no room for ${this.count} more operations`);
    this.number = numbers.nextNumber(this.author, this.count);
    for (let op = this.#opStart; op < opEnd; op++) {
      const isInsert = columns.ops[op * opStride + opKind] === kindInsert;
      if (isInsert) this.#insertion(op);
      else this.#deletion(op);
      if (this.#obstacle !== null) return this.#obstacle;
    }
    return null;
  }

  /** Where each operation's numbers and text begin. */
  #measure(textStart: number, opEnd: number): void {
    const { ops } = this.#columns;
    this.#opCount = opEnd - this.#opStart;
    const needed = this.#opCount * 2;
    if (needed > this.origins.length) {
      this.origins = new Int32Array(needed * 2);
      this.#starts = new Float64Array(needed * 2);
    }
    let text = textStart;
    let count = 0;
    for (let op = this.#opStart, slot = 0; op < opEnd; op++, slot += 2) {
      this.#starts[slot] = count;
      this.#starts[slot + 1] = text;
      const units = ops[op * opStride + opUnits] as number;
      count += units;
      if (ops[op * opStride + opKind] === kindInsert) text += units;
    }
    this.count = count;
  }

  #insertion(op: number): void {
    const { ops } = this.#columns;
    const at = op * opStride;
    const slot = (op - this.#opStart) * 2;
    const timestamp = this.#first + (this.#starts[slot] as number);
    const length = ops[at + opUnits] as number;
    if (length < 1 || this.#hasLoneSurrogate(slot, length)) {
      this.#refuse(`the text at ${timestamp} is empty or not well-formed`);
      return;
    }
    const leftName = ops[at + opLeftName] as number;
    const leftTimestamp = ops[at + opLeftTimestamp] as number;
    const left = leftName === nameEdge ? -1 : this.#resolve(leftName, leftTimestamp, timestamp);
    if (left === refused) return;
    const rightName = ops[at + opRightName] as number;
    let right = -1;
    if (rightName === nameSame) {
      if (leftName !== this.name || leftTimestamp !== timestamp - 1) {
        this.#refuse(`'same' at ${timestamp}, but the left origin is not the character before`);
        return;
      }
      right = this.#rightOf(left);
    } else if (rightName !== nameEdge) {
      right = this.#resolve(rightName, ops[at + opRightTimestamp] as number, timestamp);
      if (right === refused) return;
    }
    if (left >= 0 && this.#cutsPair(left + 1)) this.#refuse('a left origin is half a pair');
    else if (right >= 0 && this.#cutsPair(right)) this.#refuse('a right origin is half a pair');
    else if (left >= 0 && right >= 0 && rightName !== nameSame) {
      this.#checkOrder(left, right, timestamp);
    }
    this.origins[slot] = left;
    this.origins[slot + 1] = right;
  }

  #checkOrder(left: number, right: number, timestamp: number): void {
    if (this.#isInner(left) || this.#isInner(right)) {
      if (!this.#isBefore(left, right)) this.#isProven = false;
    } else if (this.#state.following(left) !== right) this.#checkRanks(left, right, timestamp);
  }

  #checkRanks(left: number, right: number, timestamp: number): void {
    if (this.#state.rank(left) < this.#state.rank(right)) return;
    this.#refuse(`the left origin at ${timestamp} does not stand before the right one`);
  }

  #isInner(number: number): boolean {
    return number >= this.number && number < this.number + this.count;
  }

  /** Slot of the operation that an inner number belongs to. */
  #slotOf(number: number): number {
    const offset = number - this.number;
    const near = this.#near;
    const starts = this.#starts;
    if ((starts[near] as number) <= offset) {
      const isLast = near + 2 === this.#opCount * 2;
      if (isLast || offset < (starts[near + 2] as number)) return near;
    }
    let low = 0;
    let high = this.#opCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle * 2] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    this.#near = (low - 1) * 2;
    return this.#near;
  }

  #rightOf(number: number): number {
    if (!this.#isInner(number)) return this.#state.rightOf(number);
    return this.origins[this.#slotOf(number) + 1] as number;
  }

  /**
   * Whether `left` certainly stands before `right`; at least one of them is inner.
   */
  #isBefore(left: number, right: number): boolean {
    if (this.#isInner(left)) {
      const isInner = this.#isInner(right);
      if (isInner && this.#slotOf(left) === this.#slotOf(right)) return left < right;
      const bound = this.#rightOf(left);
      if (bound >= 0 && this.#isOrdered(bound, right)) return true;
    }
    if (!this.#isInner(right)) return false;
    const slot = this.#slotOf(right);
    const isFirst = right - this.number === (this.#starts[slot] as number);
    const before = isFirst ? (this.origins[slot] as number) : right - 1;
    return before >= 0 && this.#isOrdered(left, before);
  }

  /** Whether `a` is `b` or, both being here, stands before it. */
  #isOrdered(a: number, b: number): boolean {
    if (a === b) return true;
    if (this.#isInner(a) || this.#isInner(b)) return false;
    return this.#state.rank(a) < this.#state.rank(b);
  }

  #deletion(op: number): void {
    const { ops } = this.#columns;
    const at = op * opStride;
    const slot = (op - this.#opStart) * 2;
    const timestamp = this.#first + (this.#starts[slot] as number);
    const count = ops[at + opUnits] as number;
    const name = ops[at + opLeftName] as number;
    const target = ops[at + opLeftTimestamp] as number;
    if (count < 1) {
      this.#refuse(`the deletion at ${timestamp} deletes nothing`);
      return;
    }
    // The k-th deletion must be above the k-th character it hits; this is the tightest of them.
    const isReversed = ops[at + opKind] === kindDeleteReversed;
    const highest = target + (isReversed ? count - 1 : 0);
    if (highest >= timestamp) {
      this.#refuse(`the deletion at ${timestamp} refers to ${highest}`);
      return;
    }
    for (let passed = 0; passed < count; ) {
      const number = this.#resolve(name, target + passed, Number.POSITIVE_INFINITY);
      if (number === refused) return;
      const units = Math.min(this.#runFrom(number, name), count - passed);
      const isLast = passed + units === count;
      if ((passed === 0 && this.#cutsPair(number)) || (isLast && this.#cutsPair(number + units))) {
        this.#refuse(`the deletion at ${timestamp} splits a surrogate pair`);
        return;
      }
      if (passed === 0) this.origins[slot] = number;
      passed += units;
    }
  }

  /** How many characters from `number` on surely have running timestamps. */
  #runFrom(number: number, name: number): number {
    if (this.#isInner(number)) {
      const slot = this.#slotOf(number);
      const units = this.#columns.ops[(this.#opStart + slot / 2) * opStride + opUnits] as number;
      return units - (number - this.number - (this.#starts[slot] as number));
    }
    const { numbers, spans } = this.#state;
    const author = must(numbers.find(this.#columns.replicaOf(name)), 'the author of what is here');
    return Math.min(spans.end(spans.find(number)) - number, numbers.runningFrom(author, number));
  }

  /** The number of the character with this id, for an operation of the given timestamp. */
  #resolve(name: number, target: number, timestamp: number): number {
    if (target >= timestamp) return this.#refuse(`${timestamp} refers to ${target}`);
    const isOwn = name === this.name;
    const replica = this.#columns.replicaOf(name);
    if (isOwn && target >= this.#first) {
      const number = this.number + target - this.#first;
      if (number < this.number + this.count) {
        const op = this.#opStart + this.#slotOf(number) / 2;
        if (this.#columns.ops[op * opStride + opKind] === kindInsert) return number;
      }
    } else {
      const author = isOwn ? this.author : this.#state.numbers.find(replica);
      const number = author === null ? -1 : this.#state.numbers.numberOf(author, target);
      if (number >= 0 && this.#state.spans.find(number) >= 0) return number;
      if (!isOwn && target > (author?.last ?? 0)) {
        this.#obstacle = { type: 'missing', id: { timestamp: target, replica } };
        return refused;
      }
    }
    return this.#refuse(`there is no character ${target} of ${replica}`);
  }

  /** Whether something put before the character would part a surrogate pair. */
  #cutsPair(number: number): boolean {
    if (!this.#isInner(number)) return this.#state.units.cutsPair(number);
    if (!this.#hasPairs) return false;
    const slot = this.#slotOf(number);
    const offset = number - this.number - (this.#starts[slot] as number);
    if (offset === 0) return false;
    const at = (this.#starts[slot + 1] as number) + offset;
    const { text } = this.#columns;
    return cutsPair(String.fromCharCode(text[at - 1] as number, text[at] as number), 1);
  }

  #hasLoneSurrogate(slot: number, length: number): boolean {
    const { text } = this.#columns;
    const start = this.#starts[slot + 1] as number;
    for (let at = start; at < start + length; at++) {
      const unit = text[at] as number;
      if ((unit & 0xf800) !== 0xd800) continue;
      this.#hasPairs = true;
      const isHigh = unit < 0xdc00;
      if (!isHigh || at + 1 === start + length) return true;
      if (((text[++at] as number) & 0xfc00) !== 0xdc00) return true;
    }
    return false;
  }

  #refuse(reason: string): typeof refused {
    this.#obstacle = invalid(reason);
    return refused;
  }
}

function invalid(reason: string): Obstacle {
  return { type: 'invalid', reason };
}
