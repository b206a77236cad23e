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
 * of the list. In the common case l and r are neighbours and nothing is searched. Else the spans
 * between them, which were inserted concurrently, are walked once. Ids that are not here or an l
 * that is not before r are the caller's error.
 */
import { type OpId, sameId } from '../../proto/batch.ts';
import { must } from '../assert.ts';
import { compareIds, idOf, isBranched, leftOriginOf, type Place } from './span.ts';
import type { SpanList } from './span-list.ts';

export interface Placement {
  /** The character to insert after; null = at the start of the list. */
  readonly after: Place | null;
  readonly leftChild: boolean;
}

/** A character that is not in the list yet; origins null = start, or end, of the document. */
export interface NewCharacter {
  readonly id: OpId;
  readonly left: OpId | null;
  readonly right: OpId | null;
}

/** Where the new character stands, and on which side of its parent. */
export function placementOf(list: SpanList, character: NewCharacter): Placement {
  const left = character.left === null ? null : list.place(character.left);
  const right = character.right === null ? null : list.place(character.right);
  const next = list.following(left);
  // Neighbours, the common case: wherever the character belongs, it is between them.
  if (next === null || (next.span === right?.span && next.offset === right.offset)) {
    return { after: left, leftChild: right !== null && (left === null || isBranched(left)) };
  }
  if (right !== null && isDescendant(list, right, left)) {
    return { after: afterLeftSiblings(list, character.id, left, right), leftChild: true };
  }
  return { after: afterRightSiblings(list, character, left), leftChild: false };
}

/** Whether `place`, which stands after `root`, is in its right subtree; null = the tree's root. */
export function isDescendant(list: SpanList, place: Place, root: Place | null): boolean {
  if (root === null) return true;
  if (!isBranched(root)) return false;
  let at = place;
  while (list.compare(at, root) > 0) {
    // Inside a span each character is the right child of the one before.
    if (at.span === root.span) return true;
    const parent = at.span.leftChild ? at.span.right : at.span.left;
    if (parent === null) return false;
    at = list.place(parent);
  }
  return at.span === root.span && at.offset === root.offset;
}

/**
 * Goes right from `parent` (null = root) over the subtrees of its right children, one stretch at a
 * time. The first character that was not passed is the leftmost one of a right child's subtree:
 * of a sibling, of a descendant of the sibling before, or of one outside, where the walk ends.
 */
function afterRightSiblings(
  list: SpanList,
  character: NewCharacter,
  parent: Place | null,
): Place | null {
  let passed = parent;
  for (let next = list.following(passed); next !== null; next = list.following(passed)) {
    const child = rightChildAbove(list, next);
    const left = leftOriginOf(child);
    if (sameId(left, character.left)) {
      if (precedes(list, character, child)) break;
    } else if (left === null || (parent !== null && list.compare(list.place(left), parent) < 0)) {
      break;
    }
    passed = { span: child.span, offset: child.span.text.length - 1 };
  }
  return passed;
}

/** Whether `character` stands before its right sibling `child`. */
function precedes(list: SpanList, character: NewCharacter, child: Place): boolean {
  const order = list.compareRights(character.right, child.span.right);
  return order === 0 ? compareIds(character.id, idOf(child)) < 0 : order > 0;
}

/**
 * The nearest right child among the character and its ancestors that has it in its left subtree.
 */
function rightChildAbove(list: SpanList, place: Place): Place {
  let at = place;
  while (at.offset === 0 && at.span.leftChild) {
    at = list.place(must(at.span.right, 'a left child has a right origin'));
  }
  return at;
}

/**
 * The mirror image: goes left from `parent` over the subtrees of its left children. All of them
 * stand after `left` (null = root).
 */
function afterLeftSiblings(
  list: SpanList,
  id: OpId,
  left: Place | null,
  parent: Place,
): Place | null {
  let passed = parent;
  for (let next = list.preceding(passed); next !== null; next = list.preceding(passed)) {
    const child = leftChildAbove(list, next, left);
    if (child === null) return next;
    const right = list.place(must(child.span.right, 'a left child has a right origin'));
    const order = list.compare(right, parent);
    if (order > 0 || (order === 0 && compareIds(idOf(child), id) < 0)) return next;
    passed = child;
  }
  return null;
}

/**
 * The nearest left child among the character and its ancestors after `left`; null if there is none.
 */
function leftChildAbove(list: SpanList, place: Place, left: Place | null): Place | null {
  let at = place;
  while (left === null || list.compare(at, left) > 0) {
    if (at.span.leftChild) return { span: at.span, offset: 0 };
    if (at.span.left === null) return null;
    at = list.place(at.span.left);
  }
  return null;
}
