/**
 * The whole state as columns of canonical numbers, and back, bottom-up.
 *
 * Operation numbers in a state depend on how operations came; here they are counted anew, by
 * author (in the order of `authors`), then timestamp, without holes. Spans and deletions are as
 * long as they can be. So equal states give equal columns. Building a state from columns searches
 * no place: spans come in document order, the tree is built over them. O(spans + units) both ways.
 */
import { DecodeError } from '../../proto/decode-error.ts';
import { DeletionRuns } from '../../proto/deletion-runs.ts';
import { OperationTimes } from '../../proto/operation-times.ts';
import type { DeletionColumns, SpanColumns, StretchColumns } from '../../proto/snapshot-state.ts';
import { assert, must } from '../assert.ts';
import { VersionVector } from '../causal/version-vector.ts';
import { Placement } from './placement.ts';
import { deletedFlag, leftChildFlag } from './span-table.ts';
import { TextState } from './text-state.ts';

export interface SequenceSnapshot {
  /** Replica ids. */
  readonly authors: readonly number[];
  readonly stretches: StretchColumns;
  readonly spans: SpanColumns;
  readonly deletions: DeletionColumns;
  /** The text that shows. */
  readonly visible: string;
  /** Text of the tombstones in document order; null: saved without history, deletions neither. */
  readonly hidden: string | null;
}

/** The content of a state; `isWhole` = with history. */
export function contentOf(
  state: TextState,
  authors: readonly number[],
  isWhole = true,
): SequenceSnapshot {
  const keepsHistory = isWhole && state.buried.length === 0;
  const canonical = new CanonicalNumbers(state, authors);
  const spans = new SpanCollector(canonical.authorStarts);
  for (const span of state.tree.order()) spans.add(state, canonical, span);
  return {
    authors,
    stretches: canonical.stretches(),
    spans: spans.finish(),
    deletions: deletionsOf(state, canonical, keepsHistory ? authors : []),
    visible: state.text(),
    hidden: keepsHistory ? state.hiddenText() : null,
  };
}

/** State's numbers → canonical ones. */
class CanonicalNumbers {
  /** First number of each stretch of the state, rising; its canonical number. */
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  readonly #author: number[] = [];
  readonly #first: number[] = [];
  readonly #length: number[] = [];
  #near = 0;
  /** First number of each author. */
  readonly authorStarts = new Set<number>();

  constructor(state: TextState, replicas: readonly number[]) {
    const starts: [from: number, to: number][] = [];
    let next = 0;
    for (const [position, replica] of replicas.entries()) {
      const author = state.numbers.find(replica);
      this.authorStarts.add(next);
      if (author === null) continue;
      for (let at = 0; at < author.stretchCount; at++) {
        const length = author.numbers[at * 2 + 1] as number;
        starts.push([author.numbers[at * 2] as number, next]);
        this.#addStretch(position, author.times[at] as number, length);
        next += length;
      }
    }
    starts.sort((a, b) => a[0] - b[0]);
    this.#from = Int32Array.from(starts, ([from]) => from);
    this.#to = Int32Array.from(starts, ([, to]) => to);
  }

  stretches(): StretchColumns {
    return {
      author: Int32Array.from(this.#author),
      first: Float64Array.from(this.#first),
      length: Int32Array.from(this.#length),
    };
  }

  /** The canonical number; -1 for -1. */
  of(number: number): number {
    if (number < 0) return -1;
    const at = this.#find(number);
    return (this.#to[at] as number) + number - (this.#from[at] as number);
  }

  /** How many numbers from `number` on have running canonical numbers, `count` at most. */
  running(number: number, count: number): number {
    const first = this.of(number);
    let at = this.#find(number);
    let next = this.#nextStretch(at, number + count);
    while (next < number + count) {
      const reached = this.of(next);
      if (reached !== first + next - number || this.authorStarts.has(reached)) break;
      next = this.#nextStretch(++at, number + count);
    }
    return Math.min(count, next - number);
  }

  /** How many numbers up to and with `number` surely have running canonical numbers. */
  runningTo(number: number, count: number): number {
    return Math.min(count, number - (this.#from[this.#find(number)] as number) + 1);
  }

  /** First number of the next stretch; `end` if there is none. */
  #nextStretch(at: number, end: number): number {
    return at + 1 < this.#from.length ? (this.#from[at + 1] as number) : end;
  }

  #find(number: number): number {
    const from = this.#from;
    const near = this.#near;
    if ((from[near] as number) <= number) {
      if (near + 1 === from.length || number < (from[near + 1] as number)) return near;
    }
    let low = 0;
    let high = from.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((from[middle] as number) <= number) low = middle + 1;
      else high = middle;
    }
    this.#near = low - 1;
    return low - 1;
  }

  #addStretch(author: number, first: number, length: number): void {
    const last = this.#author.length - 1;
    const end = (this.#first[last] ?? 0) + (this.#length[last] ?? 0);
    if (this.#author[last] === author && end === first) {
      this.#length[last] = (this.#length[last] ?? 0) + length;
      return;
    }
    this.#author.push(author);
    this.#first.push(first);
    this.#length.push(length);
  }
}

/** Spans in document order, neighbours that fit joined. */
class SpanCollector {
  /** No span goes on over these numbers. */
  readonly #authorStarts: ReadonlySet<number>;
  readonly #start: number[] = [];
  readonly #length: number[] = [];
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  readonly #flags: number[] = [];

  constructor(authorStarts: ReadonlySet<number>) {
    this.#authorStarts = authorStarts;
  }

  add(state: TextState, canonical: CanonicalNumbers, span: number): void {
    const { spans } = state;
    const start = spans.start(span);
    const end = spans.end(span);
    const flags = spans.flags(span) & (deletedFlag | leftChildFlag);
    const right = canonical.of(spans.right(span));
    for (let number = start; number < end; ) {
      const length = canonical.running(number, end - number);
      const isFirst = number === start;
      const left = canonical.of(isFirst ? spans.left(span) : number - 1);
      this.#add(canonical.of(number), length, left, right, isFirst ? flags : flags & deletedFlag);
      number += length;
    }
  }

  #add(start: number, length: number, left: number, right: number, flags: number): void {
    const last = this.#start.length - 1;
    const fits =
      last >= 0 &&
      (this.#start[last] ?? 0) + (this.#length[last] ?? 0) === start &&
      left === start - 1 &&
      !this.#authorStarts.has(start) &&
      this.#right[last] === right &&
      ((this.#flags[last] ?? 0) & deletedFlag) === flags;
    if (fits) {
      this.#length[last] = (this.#length[last] ?? 0) + length;
      return;
    }
    this.#start.push(start);
    this.#length.push(length);
    this.#left.push(left);
    this.#right.push(right);
    this.#flags.push(flags);
  }

  finish(): SpanColumns {
    return {
      start: Int32Array.from(this.#start),
      length: Int32Array.from(this.#length),
      left: Int32Array.from(this.#left),
      right: Int32Array.from(this.#right),
      flags: Uint8Array.from(this.#flags),
    };
  }
}

function deletionsOf(
  state: TextState,
  canonical: CanonicalNumbers,
  authors: readonly number[],
): DeletionColumns {
  const { deletions, numbers } = state;
  const times = new OperationTimes(canonical.stretches());
  const runs = new DeletionRuns(times, 64);
  for (const replica of authors) {
    const index = numbers.find(replica)?.index ?? -1;
    for (let run = 0; run < deletions.count(index); run++) {
      const start = deletions.start(index, run);
      const count = deletions.length(index, run);
      const isReversed = deletions.isReversed(index, run);
      const target = deletions.target(index, run);
      for (let passed = 0; passed < count; ) {
        const own = canonical.of(start + passed);
        const rest = Math.min(count - passed, times.stretchEnd(own) - own);
        const edge = isReversed ? target + count - passed - rest : target + passed;
        const length = isReversed
          ? canonical.runningTo(edge + rest - 1, rest)
          : canonical.running(edge, rest);
        const lowest = isReversed ? target + count - passed - length : edge;
        runs.add(own, canonical.of(lowest), length, isReversed && length > 1 ? 'down' : 'up');
        passed += length;
      }
    }
  }
  return runs.finish();
}

/** Builds the state; its numbers are the canonical ones. */
export function stateOf(snapshot: SequenceSnapshot): TextState {
  const { authors, stretches, deletions, hidden } = snapshot;
  const state = new TextState();
  const { numbers } = state;
  for (const replica of authors) numbers.author(replica);
  for (let at = 0; at < stretches.author.length; at++) {
    const author = numbers.author(must(authors[stretches.author[at] as number], 'a replica id'));
    const length = stretches.length[at] as number;
    numbers.append(author, stretches.first[at] as number, length, 'exact');
  }
  addSpans(state, snapshot);
  for (let at = 0; at < deletions.start.length; at++) {
    const start = deletions.start[at] as number;
    const { index } = numbers.authorOf(start);
    const direction = deletions.reversed[at] === 1 ? 'down' : 'up';
    const target = deletions.target[at] as number;
    state.deletions.add(index, start, target, deletions.length[at] as number, direction);
  }
  checkTree(state);
  if (!state.units.isNarrow) checkPairs(state, snapshot);
  if (hidden === null) {
    state.buried = tombstonesOf(snapshot);
    state.since = VersionVector.from(numbers.versionVector.entries());
  }
  return state;
}

function addSpans(state: TextState, { spans: columns, visible, hidden }: SequenceSnapshot): void {
  const { numbers, spans, tree, units } = state;
  const count = columns.start.length;
  // A little more than needed: the next edits must not double the tables.
  units.reserve(numbers.end + (numbers.end >>> 5) + 64, true);
  spans.reserveNumbers(numbers.end + (numbers.end >>> 5) + 64);
  spans.reserve(count + (count >>> 5) + 16);
  let shown = 0;
  let buried = 0;
  let added = 0;
  for (let at = 0; at < count; at++) {
    const start = columns.start[at] as number;
    const length = columns.length[at] as number;
    const flags = columns.flags[at] as number;
    const isDeleted = (flags & deletedFlag) !== 0;
    if (!isDeleted) units.writeText(start, visible, shown, shown + length);
    else if (hidden !== null) units.writeText(start, hidden, buried, buried + length);
    if (isDeleted) buried += length;
    else shown += length;
    let left = columns.left[at] as number;
    for (let passed = 0; passed < length; ) {
      const part = units.spanLength(start + passed, length - passed);
      const isFirst = passed === 0;
      const right = columns.right[at] as number;
      spans.add(start + passed, part, left, right, isFirst ? flags : flags & deletedFlag);
      passed += part;
      left = start + passed - 1;
      added++;
    }
  }
  assert(shown === visible.length, `${shown} visible units, got ${visible.length}`);
  for (let span = 0; span < added; span++) state.markParent(span);
  tree.build(added);
}

/** DecodeError if a span does not stand between its origins, or on the wrong side of its parent. */
function checkTree(state: TextState): void {
  const { spans } = state;
  const placement = new Placement(state);
  let rank = 0;
  for (const span of state.tree.order()) {
    const left = spans.left(span);
    const right = spans.right(span);
    const isOrdered =
      (left < 0 || state.rank(left) < rank) && (right < 0 || state.rank(right) > rank);
    const isLeftChild = (spans.flags(span) & leftChildFlag) !== 0;
    if (!isOrdered || isLeftChild !== (right >= 0 && placement.isDescendant(right, left))) {
      throw new DecodeError('spans', 0, 'expected the order of the tree, found another');
    }
    rank += spans.length(span);
  }
}

/** DecodeError if a span, an origin or a deletion parts the halves of a surrogate pair. */
function checkPairs(state: TextState, { spans, deletions }: SequenceSnapshot): void {
  const { units } = state;
  const isCut = (number: number): boolean => units.cutsPair(number);
  const isParted =
    spans.start.some((start, at) => isCut(start) || isCut(start + (spans.length[at] as number))) ||
    spans.left.some((left) => left >= 0 && isCut(left + 1)) ||
    spans.right.some((right) => right >= 0 && isCut(right)) ||
    deletions.target.some((target, at) => {
      return isCut(target) || isCut(target + (deletions.length[at] as number));
    });
  if (isParted || state.hasLoneHalf()) {
    throw new DecodeError('spans', 0, 'expected whole surrogate pairs, found half of one');
  }
}

function tombstonesOf({ spans }: SequenceSnapshot): Int32Array {
  const ranges: number[] = [];
  for (const [at, flags] of spans.flags.entries()) {
    if ((flags & deletedFlag) === 0) continue;
    const start = spans.start[at] as number;
    ranges.push(start, start + (spans.length[at] as number));
  }
  return Int32Array.from(ranges);
}
