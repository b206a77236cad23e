/** Deep invariants of a text's state. Each of them names itself; all of it is O(n log n). */
import { assert } from '../assert.ts';
import { Placement } from './placement.ts';
import {
  branchedFlag,
  deletedFlag,
  foreBranchedFlag,
  leftChildFlag,
  spanUnitsMax,
} from './span-table.ts';
import type { TextState } from './text-state.ts';

/** Asserts that numbers, spans, sums, tree, deletions and directories fit together. */
export function checkState(state: TextState): void {
  const order = state.tree.check();
  assert(
    order.length === state.spans.live,
    `${order.length} of ${state.spans.live} spans in order`,
  );
  checkSpans(state, order);
  checkTree(state, order);
  checkDeletions(state, order);
  state.siblings.check();
}

function checkSpans(state: TextState, order: readonly number[]): void {
  const { numbers, spans } = state;
  for (const span of order) {
    const start = spans.start(span);
    const end = spans.end(span);
    assert(end > start && end - start <= spanUnitsMax, `span ${start} … ${end}`);
    assert(end <= numbers.end, `span ${start} … ${end} has no numbers`);
    for (let number = start; number < end; number++) {
      assert(spans.find(number) === span, `${number} is not found in its span`);
      const author = numbers.authorOf(number);
      const timestamp = numbers.timestampOf(author, number);
      assert(numbers.numberOf(author, timestamp) === number, `the id of ${number}`);
      assert(timestamp <= author.last && timestamp <= numbers.clock, `the time of ${number}`);
    }
  }
  for (const [at, span] of order.entries()) {
    const next = order[at + 1];
    if (next === undefined || spans.isDeleted(span) !== spans.isDeleted(next)) continue;
    const isOneAuthor = numbers.authorOf(spans.start(span)) === numbers.authorOf(spans.start(next));
    const fits =
      isOneAuthor &&
      spans.end(span) === spans.start(next) &&
      spans.left(next) === spans.start(next) - 1 &&
      spans.right(next) === spans.right(span) &&
      (spans.flags(next) & leftChildFlag) === 0 &&
      spans.isDeleted(span) &&
      spans.length(span) + spans.length(next) <= spanUnitsMax;
    assert(!fits, `${spans.start(span)} and ${spans.start(next)} should be one`);
  }
}

/** Origins and sides: a span stands between its origins, and each flag is what the tree says. */
function checkTree(state: TextState, order: readonly number[]): void {
  const { spans, units } = state;
  const placement = new Placement(state);
  const branched = new Set<number>();
  const foreBranched = new Set<number>();
  for (const span of order) {
    const start = spans.start(span);
    const left = spans.left(span);
    const right = spans.right(span);
    const isLeftChild = (spans.flags(span) & leftChildFlag) !== 0;
    if (left >= 0) {
      assert(state.rank(left) < state.rank(start), `${start} stands before its left origin`);
      const isInside = isLeftChild || left !== spans.end(spans.find(left)) - 1;
      if (!isInside) branched.add(spans.find(left));
    }
    if (right >= 0) {
      assert(state.rank(start) < state.rank(right), `${start} stands after its right origin`);
      assert(!units.cutsPair(right), `${start} parts a pair`);
    }
    if (isLeftChild) {
      foreBranched.add(spans.find(right));
      assert(right === spans.start(spans.find(right)), `${start} is a left child in a span`);
      const isRegular = state.leftOf(right) === left;
      assert(isRegular || !state.isRegular, `${start} is irregular`);
    }
    const belongsLeft = right >= 0 && placement.isDescendant(right, left);
    assert(isLeftChild === belongsLeft, `${start} is on the wrong side`);
  }
  for (const span of order) {
    const flags = spans.flags(span);
    const start = spans.start(span);
    assert(((flags & branchedFlag) !== 0) === branched.has(span), `${start}: branched`);
    assert(((flags & foreBranchedFlag) !== 0) === foreBranched.has(span), `${start}: fore`);
  }
}

function checkDeletions(state: TextState, order: readonly number[]): void {
  const { deletions, numbers, spans } = state;
  const deleted = new Uint8Array(numbers.end);
  for (let at = 0; at < state.buried.length; at += 2) {
    deleted.fill(1, state.buried[at], state.buried[at + 1]);
  }
  for (const { index } of numbers.authors) {
    for (let run = 0; run < deletions.count(index); run++) {
      const target = deletions.target(index, run);
      for (let number = target; number < target + deletions.length(index, run); number++) {
        assert(spans.find(number) >= 0, `a deletion hits ${number}`);
        deleted[number] = 1;
      }
    }
  }
  for (const span of order) {
    const isDeleted = (spans.flags(span) & deletedFlag) !== 0;
    for (let number = spans.start(span); number < spans.end(span); number++) {
      assert((deleted[number] === 1) === isDeleted, `${number}: deleted is ${isDeleted}`);
    }
  }
}
