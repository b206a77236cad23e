/**
 * Directories of siblings: where very many characters were inserted concurrently at one place, the
 * children of that place in document order, so that the next one is placed by binary search.
 *
 * Made by placement.ts for a parent and a side (its left or its right children) when walking over
 * them took too many steps, and kept up to date by every insertion since. An entry knows the child
 * and the leftmost character of the child's subtree, before which the next sibling may belong.
 *
 * Most documents have none; then all of this is one comparison per insertion.
 */
import { assert, must } from '../assert.ts';
import { foreBranchedFlag } from './span-table.ts';
import type { TextState } from './text-state.ts';

export interface Sibling {
  /** Number of the child. */
  readonly child: number;
  /** Number of the leftmost character of its subtree. */
  leftmost: number;
}

export type Side = 'left' | 'right';

export class SiblingDirectories {
  readonly #state: TextState;
  /** null: there are none, as in most documents. */
  #directories: Map<number, Sibling[]> | null = null;
  /** Siblings by their leftmost character. */
  readonly #leftmost: Map<number, Sibling[]> = new Map();

  constructor(state: TextState) {
    this.#state = state;
  }

  /** The children of `parent` (-1 = the root) on a side, in document order; null: not kept. */
  find(parent: number, side: Side): readonly Sibling[] | null {
    return this.#directories?.get(keyOf(parent, side)) ?? null;
  }

  /** Begins to keep a directory. */
  keep(parent: number, side: Side, siblings: Sibling[]): void {
    this.#directories ??= new Map();
    this.#directories.set(keyOf(parent, side), siblings);
    for (const sibling of siblings) this.#noteLeftmost(sibling);
  }

  /** A run of `count` characters was inserted with these origins on this side of its parent. */
  added(number: number, count: number, left: number, right: number, side: Side): void {
    if (this.#directories === null) return;
    const isLeft = side === 'left';
    if (isLeft) this.#moveLeftmost(right, number, count);
    const siblings = this.#directories.get(keyOf(isLeft ? right : left, side));
    if (siblings === undefined) return;
    const sibling = { child: number, leftmost: number };
    siblings.splice(positionAmong(this.#state, siblings, side, number, right), 0, sibling);
    this.#noteLeftmost(sibling);
  }

  /** Asserts that every directory is in document order and knows the leftmost characters. */
  check(): void {
    const state = this.#state;
    for (const [key, siblings] of this.#directories ?? []) {
      let rank = -1;
      for (const { child, leftmost } of siblings) {
        const isLeft = key % 2 === 0;
        const parent = isLeft ? state.rightOf(child) : state.leftOf(child);
        assert(parent === (key - (isLeft ? 0 : 1)) / 2, `${child} is in the directory ${key}`);
        assert(state.isLeftChild(child) === isLeft, `${child} is on a side of ${parent}`);
        assert(state.rank(leftmost) > rank, `${child} is out of order`);
        rank = state.rank(child);
        assert(state.rank(leftmost) <= rank, `${leftmost} stands behind ${child}`);
        let at = leftmost;
        while (at !== child && state.isLeftChild(at)) at = state.rightOf(at);
        assert(at === child, `${leftmost} is not at the left edge of ${child}`);
        const span = state.spans.find(leftmost);
        const isEdge = (state.spans.flags(span) & foreBranchedFlag) === 0;
        assert(isEdge || leftmost !== state.spans.start(span), `${leftmost} has left children`);
      }
    }
  }

  #noteLeftmost(sibling: Sibling): void {
    const others = this.#leftmost.get(sibling.leftmost);
    if (others === undefined) this.#leftmost.set(sibling.leftmost, [sibling]);
    else others.push(sibling);
  }

  /**
   * A run from `number` on was inserted as left child of `parent`. Where it stands before all that
   * is to the left of the parent, it is the leftmost of the subtrees that the parent is at the edge
   * of, instead of the character that follows it.
   */
  #moveLeftmost(parent: number, number: number, count: number): void {
    const state = this.#state;
    const next = state.following(number + count - 1);
    const siblings = this.#leftmost.get(next);
    if (siblings === undefined) return;
    // Subtrees of what is between the next character and the parent do not have the run.
    const below = new Set<number>();
    for (let at = next; at !== parent && state.isLeftChild(at); at = state.rightOf(at))
      below.add(at);
    const moved = siblings.filter(({ child }) => !below.has(child));
    for (const sibling of moved) sibling.leftmost = number;
    const kept = siblings.filter(({ child }) => below.has(child));
    if (kept.length > 0) this.#leftmost.set(next, kept);
    else this.#leftmost.delete(next);
    if (moved.length > 0) this.#leftmost.set(number, moved);
  }
}

/** Where among its siblings a character with this number and right origin stands. */
export function positionAmong(
  state: TextState,
  siblings: readonly Sibling[],
  side: Side,
  number: number,
  right: number,
): number {
  let low = 0;
  let high = siblings.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { child } = must(siblings[middle], 'a sibling');
    const isAfter =
      side === 'left'
        ? state.numbers.compare(child, number) < 0
        : !precedes(state, number, right, child);
    if (isAfter) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Whether a character with this number and right origin stands before its right sibling `child`:
 * the one whose right origin is further right does, of equal ones the one with the lower id.
 */
export function precedes(state: TextState, number: number, right: number, child: number): boolean {
  const other = state.rightOf(child);
  if (right === other) return state.numbers.compare(number, child) < 0;
  if (right < 0 || other < 0) return right < 0;
  return state.rank(right) > state.rank(other);
}

function keyOf(parent: number, side: Side): number {
  return parent * 2 + (side === 'left' ? 0 : 1);
}
