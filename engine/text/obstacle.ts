/**
 * What keeps a batch from being integrated, found before anything is changed.
 *
 * Judged by its content and the state alone, so that every replica with the same operations gives
 * the same answer, however the operations are cut into batches.
 */
import {
  type Batch,
  type DeleteOp,
  type InsertOp,
  type OpId,
  opLength,
  sameId,
} from '../../proto/batch.ts';
import { cutsPair, loneSurrogate } from '../../proto/text.ts';
import type { OpLog } from '../causal/op-log.ts';
import { idOf, type Place } from './span.ts';
import type { SpanList } from './span-list.ts';

/**
 * - gap: the batch does not start right after what is here of its replica.
 * - missing: it refers to `id`, which is not here yet.
 * - invalid: it breaks a rule and can never be integrated.
 */
export type Obstacle =
  | { readonly type: 'gap' }
  | { readonly type: 'missing'; readonly id: OpId }
  | { readonly type: 'invalid'; readonly reason: string };

/** A character that an operation refers to: in the list, or inserted earlier by the same batch. */
type Reference = Place | InnerPlace;

interface InnerRun {
  readonly op: InsertOp;
  /** The right origin of the operation. */
  readonly right: OpId | null;
}

interface InnerPlace extends InnerRun {
  readonly offset: number;
}

/** One pass over a batch against a state that it leaves alone. */
export class Inspection {
  readonly #list: SpanList;
  readonly #log: OpLog;
  readonly #batch: Batch;
  readonly #inner: InnerRun[] = [];
  #isProven = true;

  constructor(list: SpanList, log: OpLog, batch: Batch) {
    this.#list = list;
    this.#log = log;
    this.#batch = batch;
  }

  /**
   * Whether `obstacle` could prove that each left origin stands before its right origin. It cannot
   * where an origin is inserted by the batch itself and the other one was inserted concurrently at
   * the same place: which of them comes first shows only when the batch is integrated (into a
   * copy).
   */
  get isProven(): boolean {
    return this.#isProven;
  }

  obstacle(): Obstacle | null {
    const { replica, first, gap, ops } = this.#batch;
    if (first - 1 - gap !== this.#log.versionVector.get(replica)) return { type: 'gap' };
    if (ops.length === 0) return invalid(`batch ${first} has no operation`);
    let next = first;
    for (const op of ops) {
      if (op.timestamp !== next) return invalid(`timestamp ${op.timestamp}, expected ${next}`);
      const obstacle = op.type === 'insert' ? this.#insertion(op) : this.#deletion(op);
      if (obstacle !== null) return obstacle;
      next += opLength(op);
    }
    if (!Number.isSafeInteger(next)) return invalid(`timestamp ${next} is too high`);
    return null;
  }

  #insertion(op: InsertOp): Obstacle | null {
    if (op.text === '' || loneSurrogate(op.text) >= 0) {
      return invalid(`the text at ${op.timestamp} is empty or not well-formed`);
    }
    const left = op.left === null ? null : this.#resolve(op.left, op.timestamp);
    if (left !== null && 'type' in left) return left;
    const right = this.#rightOf(op, left);
    if (right !== null && 'type' in right) return right;
    if (left !== null && isCutAt(left, 1)) return invalid('a left origin is half a pair');
    if (right !== null && isCutAt(right, 0)) return invalid('a right origin is half a pair');
    this.#inner.push({ op, right: right === null ? null : this.#idOf(right) });
    if (left === null || right === null) return null;
    if ('span' in left && 'span' in right) {
      if (this.#list.compare(left, right) < 0) return null;
      return invalid(`the left origin at ${op.timestamp} does not stand before the right one`);
    }
    if (!this.#isBefore(left, right)) this.#isProven = false;
    return null;
  }

  #rightOf(op: InsertOp, left: Reference | null): Reference | Obstacle | null {
    if (op.right === null) return null;
    if (op.right !== 'same') return this.#resolve(op.right, op.timestamp);
    const before = { timestamp: op.timestamp - 1, replica: this.#batch.replica };
    if (left === null || !sameId(op.left, before)) {
      return invalid(`'same' at ${op.timestamp}, but the left origin is not the character before`);
    }
    const right = 'span' in left ? left.span.right : left.right;
    return right === null ? null : this.#resolve(right, op.timestamp);
  }

  /**
   * Whether `left` certainly stands before `right`; at least one of them is inserted by the batch.
   */
  #isBefore(left: Reference, right: Reference): boolean {
    if ('op' in left) {
      if ('op' in right && left.op === right.op) return left.offset < right.offset;
      if (left.right !== null && this.#isAtOrBefore(left.right, right)) return true;
    }
    if ('span' in right) return false;
    const before = this.#leftOriginOf(right);
    return before !== null && this.#isAtOrAfter(before, left);
  }

  #isAtOrBefore(id: OpId, place: Reference): boolean {
    if (sameId(id, this.#idOf(place))) return true;
    const here = this.#list.locate(id);
    return here !== null && 'span' in place && this.#list.compare(here, place) < 0;
  }

  #isAtOrAfter(id: OpId, place: Reference): boolean {
    if (sameId(id, this.#idOf(place))) return true;
    const here = this.#list.locate(id);
    return here !== null && 'span' in place && this.#list.compare(here, place) > 0;
  }

  #deletion({ timestamp, target, count, reversed }: DeleteOp): Obstacle | null {
    if (count < 1) return invalid(`the deletion at ${timestamp} deletes nothing`);
    // The k-th deletion must be above the k-th character it hits; this is the tightest of them.
    const highest = target.timestamp + (reversed ? count - 1 : 0);
    if (highest >= timestamp) return invalid(`the deletion at ${timestamp} refers to ${highest}`);
    for (let passed = 0; passed < count; ) {
      const id = { timestamp: target.timestamp + passed, replica: target.replica };
      const place = this.#resolve(id, Number.POSITIVE_INFINITY);
      if ('type' in place) return place;
      const units = Math.min(textOf(place).length - place.offset, count - passed);
      if (
        (passed === 0 && isCutAt(place, 0)) ||
        (passed + units === count && isCutAt(place, units))
      ) {
        return invalid(`the deletion at ${timestamp} splits a surrogate pair`);
      }
      passed += units;
    }
    return null;
  }

  /** The character with this id, for an operation of the given timestamp. */
  #resolve(id: OpId, timestamp: number): Reference | Obstacle {
    const { replica, first } = this.#batch;
    if (id.timestamp >= timestamp) return invalid(`${timestamp} refers to ${id.timestamp}`);
    if (id.replica === replica && id.timestamp >= first) {
      const run = this.#innerRun(id.timestamp);
      const offset = run === undefined ? 0 : id.timestamp - run.op.timestamp;
      if (run !== undefined && offset < run.op.text.length) return { ...run, offset };
    } else {
      const place = this.#list.locate(id);
      if (place !== null) return place;
      const isKnown = id.replica === replica || this.#log.versionVector.includes(id);
      if (!isKnown) return { type: 'missing', id };
    }
    return invalid(`there is no character ${id.timestamp} of ${id.replica}`);
  }

  /** The last insertion of the batch at or before `timestamp`. */
  #innerRun(timestamp: number): InnerRun | undefined {
    let low = 0;
    let high = this.#inner.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#inner[middle]?.op.timestamp ?? 0) <= timestamp) low = middle + 1;
      else high = middle;
    }
    return this.#inner[low - 1];
  }

  #idOf(place: Reference): OpId {
    if ('span' in place) return idOf(place);
    return { timestamp: place.op.timestamp + place.offset, replica: this.#batch.replica };
  }

  #leftOriginOf(place: InnerPlace): OpId | null {
    if (place.offset === 0) return place.op.left;
    return { timestamp: place.op.timestamp + place.offset - 1, replica: this.#batch.replica };
  }
}

function invalid(reason: string): Obstacle {
  return { type: 'invalid', reason };
}

function textOf(place: Reference): string {
  return 'span' in place ? place.span.text : place.op.text;
}

/** Whether a cut `units` behind the character's start would part a surrogate pair. */
function isCutAt(place: Reference, units: number): boolean {
  return cutsPair(textOf(place), place.offset + units);
}
