/**
 * The run that is being typed, or held backspace on: kept apart from the state until anything else
 * happens, so that a keystroke costs no look-up.
 *
 *   typing        … a b c d e|        characters that go on at the end of their author's last span
 *                       └ count ┘     their units are stored, the span grows when the run settles
 *   backspacing   … a b c|d e         the span's end becomes tombstones when the run settles
 *                          └ count ┘
 *
 * `open…` looks once whether the author's last operation can be gone on with, and how far: to the
 * end of its block of numbers, the room in the span, and what stands to the right must be the right
 * origin of what is typed. As long as nothing else changes the state, that stays true. The owner
 * settles the run before it reads the state, and closes it before it changes it in any other way.
 */
import type { Author } from './operation-numbers.ts';
import { spanUnitsMax } from './span-table.ts';
import type { TextState } from './text-state.ts';

/** Most keystrokes in one run. */
const countMax = 512;

const closed = 0;
const typing = 1;
const backspacing = 2;

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
  /** Timestamp of the next character that is deleted, and its author. */
  #target = 0;
  #targetReplica = 0;

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
    return this.#target + 1;
  }

  /** Opens a run behind the author's last operation, if it inserted a character that ends a span. */
  openTyping(author: Author): void {
    const { numbers, spans, tree, units } = this.#state;
    const number = author.next;
    const span = spans.find(number - 1);
    if (span < 0 || spans.isDeleted(span) || spans.isBranched(span)) return;
    if (spans.end(span) !== number) return;
    const next = tree.next(span);
    if (spans.right(span) !== (next < 0 ? -1 : spans.start(next))) return;
    const isLast = author.blockEnd === numbers.end;
    const room = isLast ? countMax : Math.min(author.blockEnd - number, countMax);
    const length = spans.length(span);
    this.#open(typing, author, Math.min(room, spanUnitsMax - length));
    units.reserve(number + this.#limit);
    this.#span = span;
    this.#number = number;
    this.#caret = tree.indexOf(span) + length;
  }

  /** Opens a run that goes on deleting before `index`, if the author's last operation was there. */
  openBackspacing(author: Author, index: number): void {
    const { numbers, spans, tree, units } = this.#state;
    if (index === 0 || !units.isNarrow) return;
    const span = tree.at(index - 1);
    const number = spans.start(span) + tree.offset;
    const target = numbers.authorOf(number);
    const stretch = numbers.stretchOf(target, number);
    const first = target.numbers[stretch * 2] as number;
    const isLast = author.blockEnd === numbers.end;
    const room = isLast ? countMax : Math.min(author.blockEnd - author.next, countMax);
    this.#open(backspacing, author, Math.min(room, tree.offset + 1, number - first + 1));
    this.#span = span;
    this.#number = number;
    this.#caret = index;
    this.#target = (target.times[stretch] as number) + number - first;
    this.#targetReplica = target.replica;
  }

  #open(mode: number, author: Author, limit: number): void {
    this.#mode = mode;
    this.#author = author;
    this.#replica = author.replica;
    this.#count = 0;
    this.#limit = limit;
    this.#next = author.last + 1;
  }

  /** Whether `replica` types at `index` here, as its newest operation; then that is done. */
  type(replica: number, index: number, unit: number): boolean {
    if (this.#mode !== typing || index !== this.#caret) return false;
    return this.#isLatest() && this.receiveTyped(replica, this.#next, unit);
  }

  /** Whether `replica` deletes the character before `index` here; then that is done. */
  backspace(replica: number, index: number): boolean {
    if (this.#mode !== backspacing || index !== this.#caret) return false;
    if (this.#targetReplica !== replica || !this.#isLatest()) return false;
    return this.receiveDeleted(replica, this.#next, this.#target);
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
    if (this.#mode !== backspacing || replica !== this.#replica) return false;
    if (timestamp !== this.#next || target !== this.#target) return false;
    if (this.#targetReplica !== replica || this.#count === this.#limit) return false;
    if (timestamp >= Number.MAX_SAFE_INTEGER) return false;
    this.#count++;
    this.#next++;
    this.#number--;
    this.#target--;
    this.#caret--;
    return true;
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
    else this.#settleBackspacing(count);
  }

  #settleTyping(count: number): void {
    const { numbers } = this.#state;
    numbers.append(this.#author as Author, this.#next - count, count);
    this.#state.extend(this.#span, this.#number, count);
    this.#number += count;
  }

  #settleBackspacing(count: number): void {
    const { deletions, numbers, spans, units } = this.#state;
    const author = this.#author as Author;
    const number = numbers.append(author, this.#next - count, count);
    units.reserve(numbers.end);
    const first = this.#number + 1;
    deletions.add(author.index, number, first, count, count > 1);
    const from = first - spans.start(this.#span);
    this.#state.delete(this.#span, from, from + count);
  }
}
