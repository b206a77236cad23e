/**
 * The run that is being typed or deleted, one keystroke after the other: kept apart from the state
 * until anything else happens, so that a keystroke costs no look-up.
 *
 *   typing              … a b c d e|          characters that go on at the end of their author's
 *                           └ count ┘         last span: their units are stored, the span grows
 *   deleting back       … a b c|d e …         when the run settles
 *                              └ count ┘
 *   deleting forward    … a b c|d e f …       characters of one span, which become tombstones when
 *                              └ count ┘      the run settles
 *
 * `open` notes what can go on; how far is looked up once: to the end of the author's block of
 * numbers, of the span, of running timestamps; and what stands to the right must be the right
 * origin of what is typed. As long as nothing else changes the state, that stays true. The owner
 * settles the run before it reads the state, and closes it before it changes it in any other way.
 */
import { must } from '../assert.ts';
import type { Author } from './operation-numbers.ts';
import { spanUnitsMax } from './span-table.ts';
import { visibleSum } from './span-tree.ts';
import type { TextState } from './text-state.ts';

/** Most keystrokes in one run. */
const countMax = 512;

const closed = 0;
const typing = 1;
/** Something was deleted; it is not known yet where that goes on. */
const deleting = 2;
const deletingBack = 3;
const deletingForward = 4;

export class OpenRun {
  readonly #state: TextState;
  #mode = closed;
  #author: Author | null = null;
  #replica = 0;
  /** Operations in the run, and how many it may have. */
  #count = 0;
  #limit = 0;
  #span = 0;
  /** Where the caret is, in the visible text with the run. */
  #caret = 0;
  /** Timestamp of the next operation. */
  #next = 0;
  /** Number of the first character that is typed; of the next one that is deleted. */
  #number = 0;
  /** Timestamp of the next character that is deleted. */
  #target = 0;

  constructor(state: TextState) {
    this.#state = state;
  }

  /** Visible index of the last keystroke. */
  get index(): number {
    return this.#mode === typing ? this.#caret - 1 : this.#caret;
  }

  /** Timestamp of the last keystroke. */
  get timestamp(): number {
    return this.#next - 1;
  }

  /** Timestamp of the character that the last keystroke deleted. */
  get target(): number {
    return this.#mode === deletingBack ? this.#target + 1 : this.#target - 1;
  }

  /**
   * Opens a run behind the author's last operation, if it inserted a character that ends a span.
   */
  openTyping(author: Author): void {
    const { spans, tree, units } = this.#state;
    const number = author.next;
    const span = spans.find(number - 1);
    if (span < 0 || spans.isDeleted(span) || spans.isBranched(span)) return;
    if (spans.end(span) !== number) return;
    const next = tree.next(span);
    if (spans.right(span) !== (next < 0 ? -1 : spans.start(next))) return;
    const length = spans.length(span);
    this.#open(typing, author);
    this.#limit = Math.min(this.#limit, spanUnitsMax - length);
    units.reserve(number + this.#limit);
    this.#span = span;
    this.#number = number;
    this.#caret = tree.indexOf(span) + length;
  }

  /** Opens a run behind the author's last operation, a deletion at `index`. */
  openDeleting(author: Author, index: number): void {
    if (!this.#state.units.isNarrow) return;
    this.#open(deleting, author);
    this.#caret = index;
  }

  #open(mode: number, author: Author): void {
    const isLast = author.blockEnd === this.#state.numbers.end;
    this.#mode = mode;
    this.#author = author;
    this.#replica = author.replica;
    this.#count = 0;
    this.#limit = isLast ? countMax : Math.min(author.blockEnd - author.next, countMax);
    this.#next = author.last + 1;
  }

  /** Looks at the character before the caret; whether it is the author's own. */
  #lookBack(): boolean {
    if (this.#caret === 0) return false;
    const { spans, tree } = this.#state;
    const span = tree.at(this.#caret - 1);
    const { offset } = tree;
    const first = this.#look(deletingBack, span, spans.start(span) + offset);
    if (first < 0) return false;
    this.#limit = Math.min(this.#limit, offset + 1, this.#number - first + 1);
    return true;
  }

  /** Looks at the character after the caret; whether it is the author's own. */
  #lookForward(): boolean {
    const { numbers, spans, tree } = this.#state;
    if (this.#caret >= tree.total(visibleSum)) return false;
    const span = tree.at(this.#caret);
    if (this.#look(deletingForward, span, spans.start(span) + tree.offset) < 0) return false;
    const running = numbers.runningFrom(this.#openAuthor, this.#number);
    this.#limit = Math.min(this.#limit, spans.end(span) - this.#number, running);
    return true;
  }

  /** Notes the next character to delete; the first number of its stretch, -1: it is another's. */
  #look(mode: number, span: number, number: number): number {
    const { numbers } = this.#state;
    const author = numbers.authorOf(number);
    if (author !== this.#author) return -1;
    const stretch = numbers.stretchOf(author, number);
    const first = author.numbers[stretch * 2] as number;
    this.#mode = mode;
    this.#span = span;
    this.#number = number;
    this.#target = (author.times[stretch] as number) + number - first;
    return first;
  }

  /** Whether `replica` types at `index` here, as its newest operation; then that is done. */
  type(replica: number, index: number, unit: number): boolean {
    if (this.#mode !== typing || index !== this.#caret) return false;
    return this.#isLatest() && this.receiveTyped(replica, this.#next, unit);
  }

  /** Whether `replica` deletes its own character at `index` here; then that is done. */
  delete(replica: number, index: number): boolean {
    if (this.#mode < deleting || replica !== this.#replica || !this.#isLatest()) return false;
    if (index === this.#caret - 1) {
      if (this.#mode !== deletingBack && !(this.#mode === deleting && this.#lookBack()))
        return false;
    } else if (index === this.#caret) {
      const isForward = this.#mode === deletingForward;
      if (!isForward && !(this.#mode === deleting && this.#lookForward())) return false;
    } else return false;
    return this.#deleteNext(this.#next);
  }

  /** Whether the unit typed by `replica` at `timestamp` goes on here; then that is done. */
  receiveTyped(replica: number, timestamp: number, unit: number): boolean {
    if (this.#mode !== typing || replica !== this.#replica || timestamp !== this.#next)
      return false;
    if (this.#count === this.#limit || timestamp >= Number.MAX_SAFE_INTEGER) return false;
    this.#state.units.put(this.#number + this.#count, unit);
    this.#count++;
    this.#next++;
    this.#caret++;
    return true;
  }

  /** Whether the deletion of the author's own `target` goes on here; then that is done. */
  receiveDeleted(replica: number, timestamp: number, target: number): boolean {
    if (this.#mode < deleting || replica !== this.#replica) return false;
    if (this.#mode === deleting) {
      const isBack = this.#lookBack() && target === this.#target;
      if (!isBack && !this.#lookForward()) return false;
    }
    return target === this.#target && this.#deleteNext(timestamp);
  }

  #deleteNext(timestamp: number): boolean {
    if (timestamp !== this.#next || timestamp >= Number.MAX_SAFE_INTEGER) return false;
    if (this.#count === this.#limit) return false;
    this.#count++;
    this.#next++;
    if (this.#mode === deletingForward) {
      this.#number++;
      this.#target++;
    } else {
      this.#number--;
      this.#target--;
      this.#caret--;
    }
    return true;
  }

  get #openAuthor(): Author {
    return must(this.#author, 'an open run has an author');
  }

  /** Whether the next timestamp is above all others. */
  #isLatest(): boolean {
    return this.#next > this.#state.numbers.clock;
  }

  /** Ends the run: the state is about to change in another way. */
  close(): void {
    if (this.#mode === closed) return;
    this.settle();
    this.#mode = closed;
  }

  /** Puts into the state what the run has so far: the state is about to be read. */
  settle(): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    this.#limit -= count;
    if (this.#mode === typing) this.#settleTyping(count);
    else this.#settleDeleting(count);
  }

  #settleTyping(count: number): void {
    const { numbers, spans, tree } = this.#state;
    numbers.append(this.#openAuthor, this.#next - count, count);
    this.#state.extend(this.#span, this.#number, count);
    this.#number += count;
    // What was looked at meanwhile may stand behind, where it has moved.
    tree.remember(this.#span, this.#caret - spans.length(this.#span));
  }

  #settleDeleting(count: number): void {
    const { deletions, numbers, spans, units } = this.#state;
    const author = this.#openAuthor;
    const isBack = this.#mode === deletingBack;
    const number = numbers.append(author, this.#next - count, count);
    units.reserve(numbers.end);
    const first = isBack ? this.#number + 1 : this.#number - count;
    deletions.add(author.index, number, first, count, isBack && count > 1 ? 'down' : 'up');
    const from = first - spans.start(this.#span);
    this.#state.delete(this.#span, from, from + count);
    // The span may be another one now: look again if it goes on.
    this.#open(deleting, author);
  }
}
