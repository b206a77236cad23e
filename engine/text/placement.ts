/**
 * Where a character belongs: FugueMax, the tree form of Weidner and Kleppmann, "The Art of the
 * Fugue".
 *
 * The document is a tree of characters read in order: left children, the character, right children.
 * A character with origins (l, r) becomes a left child of r if r is a descendant of l (then in l's
 * right subtree), else a right child of l; the start of the document is the root, its end is no
 * node. Left siblings stand by id, lower first. Right siblings stand in reverse order of their
 * right origins (further right, the end of the document furthest, stands first), ties by id, lower
 * first. This is defined for any l before r, whoever chose them, and gives the same list in any
 * causal order.
 *
 * The tree is not stored: a span knows its own origins and side, and a subtree is always a stretch
 * of the list. In the common case l and r are neighbours and nothing is searched. Else the spans of
 * the siblings that were inserted concurrently are walked once.
 *
 * l is always an ancestor of the character. Where all authors took their neighbours as origins,
 * more holds (`isRegular`): a left child has the l of its parent r. Then l alone tells whose
 * descendant a character is, without climbing, and every step of a walk is O(log n).
 *
 * Costs with n spans: O(log n) if l and r are neighbours. A walk passes the spans of the siblings
 * that stand before, at most `stepsMax`; after that the siblings get a directory (once, O(spans
 * below the parent)), and every later one at this place costs O(log² n). Whether r is below l is
 * found by climbing from r: one step where they were neighbours for their author, as many as spans
 * hang between them where a forged client says so; with irregular origins, which only such a one
 * makes, a step of a walk may climb too.
 *
 * Numbers of characters that are not here or an l that is not before r are the caller's error.
 */
import { positionAmong, precedes, type Sibling, type Side } from './sibling-directories.ts';
import { foreBranchedFlag, leftChildFlag } from './span-table.ts';
import type { TextState } from './text-state.ts';

/** Steps of a walk before the siblings get a directory. */
const stepsMax = 64;

export class Placement {
  readonly #state: TextState;
  #steps = 0;
  /** The character to insert after, and its span; -1 = at the start of the list. */
  after = -1;
  span = -1;
  /** On which side of its parent. */
  side: Side = 'right';

  constructor(state: TextState) {
    this.#state = state;
  }

  /**
   * Finds where the character with this number (its id is known, it is in no span yet) and these
   * origins (-1 = start, or end, of the document) stands.
   */
  find(number: number, left: number, right: number): void {
    const { spans } = this.#state;
    this.after = left;
    this.span = left < 0 ? -1 : spans.find(left);
    const isInside = left >= 0 && left + 1 < spans.end(this.span);
    const next = isInside ? left + 1 : this.#nextOf(this.span);
    // Neighbours, the common case: wherever the character belongs, it is between them.
    if (next === right) {
      const isBelow = right >= 0 && (left < 0 || isInside || spans.isBranched(this.span));
      this.side = isBelow ? 'left' : 'right';
      return;
    }
    this.#steps = 0;
    this.side = right >= 0 && this.isDescendant(right, left) ? 'left' : 'right';
    this.after =
      this.side === 'left'
        ? this.#afterLeftSiblings(number, left, right)
        : this.#afterRightSiblings(number, left, right);
    this.span = this.after < 0 ? -1 : spans.find(this.after);
  }

  /** The first character after a span (-1: of all); -1 at the end. */
  #nextOf(span: number): number {
    const { spans, tree } = this.#state;
    const next = span < 0 ? tree.first() : tree.next(span);
    return next < 0 ? -1 : spans.start(next);
  }

  /** Whether a character, which stands after `root`, is in its right subtree; -1 = tree's root. */
  isDescendant(number: number, root: number): boolean {
    const state = this.#state;
    if (root < 0) return true;
    if (!state.isBranched(root)) return false;
    const { spans, isRegular } = state;
    const rootSpan = spans.find(root);
    const rootRank = state.rank(root);
    let at = number;
    for (;;) {
      const span = spans.find(at);
      // Inside a span each character is the right child of the one before.
      if (span === rootSpan) return at > root;
      const left = spans.left(span);
      if (left === root) return true;
      if (left >= 0 && state.rank(left) > rootRank) at = left;
      else if (isRegular || (spans.flags(span) & leftChildFlag) === 0) return false;
      else {
        at = spans.right(span);
        if (at === root) return false;
      }
    }
  }

  #afterRightSiblings(number: number, parent: number, right: number): number {
    const { siblings } = this.#state;
    if (parent >= 0 && !this.#state.isBranched(parent)) return parent;
    const kept = siblings.find(parent, 'right');
    if (kept !== null) return this.#fromRightDirectory(kept, number, parent, right);
    const found = this.#walkRight(number, parent, right);
    if (this.#steps <= stepsMax) return found;
    const all = this.#rightSiblings(parent);
    siblings.keep(parent, 'right', all);
    return this.#fromRightDirectory(all, number, parent, right);
  }

  /**
   * Goes right from `parent` (-1 = root) over the subtrees of its right children, one span at a
   * time, for `stepsMax` steps. The first character that was not passed is the leftmost one of a
   * right child's subtree: of a sibling, of a descendant of the sibling before, or of one outside,
   * where the walk ends.
   */
  #walkRight(number: number, parent: number, right: number): number {
    const state = this.#state;
    let passed = parent;
    for (let next = state.following(passed); next >= 0; next = state.following(passed)) {
      if (++this.#steps > stepsMax) break;
      const left = this.#leftAbove(next);
      if (left !== parent && this.#isOutside(left, parent)) break;
      const child = this.#rightChildAbove(next);
      if (left === parent && precedes(state, number, right, child)) break;
      passed = state.spans.end(state.spans.find(child)) - 1;
    }
    return passed;
  }

  /** The left origin of the character's `rightChildAbove`. */
  #leftAbove(number: number): number {
    const { isRegular } = this.#state;
    return this.#state.leftOf(isRegular ? number : this.#rightChildAbove(number));
  }

  /** Whether a character whose right child above has this left origin is not below `parent`. */
  #isOutside(left: number, parent: number): boolean {
    if (left < 0) return true;
    return parent >= 0 && this.#state.rank(left) < this.#state.rank(parent);
  }

  /** Where a new right child stands, given all others. */
  #fromRightDirectory(
    siblings: readonly Sibling[],
    number: number,
    parent: number,
    right: number,
  ): number {
    const state = this.#state;
    const position = positionAmong(state, siblings, 'right', number, right);
    const after = siblings[position];
    if (after !== undefined) return this.#preceding(after.leftmost);
    // Behind all of them: the end of the last one's subtree.
    let passed = siblings.at(-1)?.child ?? parent;
    for (;;) {
      if (passed >= 0) passed = state.spans.end(state.spans.find(passed)) - 1;
      const next = state.following(passed);
      if (next < 0) return passed;
      const left = this.#leftAbove(next);
      if (left !== parent && this.#isOutside(left, parent)) return passed;
      passed = next;
    }
  }

  /** All right children of `parent`, in order. */
  #rightSiblings(parent: number): Sibling[] {
    const state = this.#state;
    const siblings: Sibling[] = [];
    let passed = parent;
    for (let next = state.following(passed); next >= 0; next = state.following(passed)) {
      const left = this.#leftAbove(next);
      if (left !== parent && this.#isOutside(left, parent)) break;
      const child = this.#rightChildAbove(next);
      if (left === parent) siblings.push({ child, leftmost: next });
      passed = state.spans.end(state.spans.find(child)) - 1;
    }
    return siblings;
  }

  /**
   * The nearest right child among the character and its ancestors that has it in its left subtree.
   */
  #rightChildAbove(number: number): number {
    const state = this.#state;
    let at = number;
    while (state.isLeftChild(at)) {
      at = state.rightOf(at);
      this.#steps++;
    }
    return at;
  }

  #afterLeftSiblings(number: number, left: number, parent: number): number {
    const { siblings, spans } = this.#state;
    if ((spans.flags(spans.find(parent)) & foreBranchedFlag) === 0) return this.#preceding(parent);
    const kept = siblings.find(parent, 'left');
    if (kept !== null) return this.#fromLeftDirectory(kept, number, parent);
    const found = this.#walkLeft(number, left, parent);
    if (this.#steps <= stepsMax) return found;
    const all = this.#leftSiblings(left, parent);
    siblings.keep(parent, 'left', all);
    return this.#fromLeftDirectory(all, number, parent);
  }

  /**
   * The mirror image: goes left from `parent` over the subtrees of its left children. All of them
   * stand after `left` (-1 = root).
   */
  #walkLeft(number: number, left: number, parent: number): number {
    const state = this.#state;
    let passed = parent;
    for (let next = this.#preceding(passed); next >= 0; next = this.#preceding(passed)) {
      if (++this.#steps > stepsMax) break;
      const child = this.#leftChildAbove(next, left);
      if (child < 0) return next;
      const right = state.rightOf(child);
      if (right === parent) {
        if (state.numbers.compare(child, number) < 0) return next;
      } else if (state.rank(right) > state.rank(parent)) return next;
      passed = child;
    }
    return -1;
  }

  #fromLeftDirectory(siblings: readonly Sibling[], number: number, parent: number): number {
    const position = positionAmong(this.#state, siblings, 'left', number, parent);
    return this.#preceding(siblings[position]?.leftmost ?? parent);
  }

  /** All left children of `parent`, in order; they stand after `left`. */
  #leftSiblings(left: number, parent: number): Sibling[] {
    const state = this.#state;
    const siblings: Sibling[] = [];
    let passed = parent;
    for (let next = this.#preceding(passed); next >= 0; next = this.#preceding(passed)) {
      const child = this.#leftChildAbove(next, left);
      if (child < 0) break;
      const right = state.rightOf(child);
      const last = siblings.at(-1);
      if (right === parent) siblings.push({ child, leftmost: child });
      else if (state.rank(right) > state.rank(parent)) break;
      else if (last !== undefined && this.#isOnLeftEdge(child, last)) last.leftmost = child;
      passed = child;
    }
    return siblings.reverse();
  }

  /** Whether only left children are between the character and the sibling above it. */
  #isOnLeftEdge(number: number, { child, leftmost }: Sibling): boolean {
    const state = this.#state;
    let at = number;
    while (at !== child && state.isLeftChild(at)) {
      at = state.rightOf(at);
      if (at === leftmost) return true;
    }
    return at === child;
  }

  /**
   * The nearest left child among the character and its ancestors after `left`; -1: there is none.
   */
  #leftChildAbove(number: number, left: number): number {
    const state = this.#state;
    const { spans } = state;
    const leftRank = left < 0 ? -1 : state.rank(left);
    let at = number;
    while (at >= 0 && state.rank(at) > leftRank) {
      const span = spans.find(at);
      if (left >= 0 && spans.find(left) === span) return -1;
      if ((spans.flags(span) & leftChildFlag) !== 0) return spans.start(span);
      at = spans.left(span);
      this.#steps++;
    }
    return -1;
  }

  /** The character before this one, tombstones included; -1 at the start. */
  #preceding(number: number): number {
    const { spans, tree } = this.#state;
    const span = spans.find(number);
    if (number > spans.start(span)) return number - 1;
    const previous = tree.previous(span);
    return previous < 0 ? -1 : spans.end(previous) - 1;
  }
}
