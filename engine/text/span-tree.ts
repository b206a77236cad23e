/**
 * The order of the spans: a B+tree whose nodes know what is below them.
 *
 *   node    parent | count | height | visible | units | line feeds | low halves | next | previous
 *           | child 0 … child 30                                              40 numbers, 160 bytes
 *
 *   height      0: a leaf, its children are spans; else the children are nodes
 *   visible     UTF-16 units that are not deleted      ┐
 *   units       all of them, tombstones included       │ sums over everything below the node
 *   line feeds  not deleted                            │
 *   low halves  of surrogate pairs, not deleted        ┘
 *   next, previous   neighbour leaves, -1 at the ends; next of a free node: the next free one
 *
 *                      ┌──────────── root, height 1 ───────────┐
 *             ┌── leaf ──┐  ⇄  ┌── leaf ──┐  ⇄  ┌── leaf ──┐
 *             s7 s2 s9 s4      s1 s8             s3 s6 s5          spans keep their index for ever,
 *                                                                  and know their leaf
 *
 * With n spans: position → span goes down, span → position goes up, both O(log n); the span asked
 * for last is remembered with its position, so that a caret that stays costs O(1). A full node is
 * halved, unless the new child comes at its edge, as with typing that goes on: then it stays full.
 * Nodes that shrink to a quarter join a neighbour. A node that is halved counts its children again.
 *
 * After B+trees with counts as in ropes (Boehm, Atkinson, Plass, "Ropes", 1995) and order statistic
 * trees (Cormen et al., chapter 14).
 */
import { assert } from '../assert.ts';
import type { SpanTable } from './span-table.ts';
import type { UnitStore } from './unit-store.ts';

const stride = 40;
const parentField = 0;
const countField = 1;
const heightField = 2;
const visibleField = 3;
const unitsField = 4;
const lineFeedsField = 5;
const lowHalvesField = 6;
const nextField = 7;
const previousField = 8;
const childrenField = 9;
const childrenMax = stride - childrenField;
/** A node with fewer children joins a neighbour, if both fit into `joinedMax`. */
const childrenMin = 8;
const joinedMax = 24;

/** What can be summed over the spans before a place. */
export type SumField = 3 | 4 | 5 | 6;
export const visibleSum: SumField = visibleField;
export const unitsSum: SumField = unitsField;
export const lineFeedsSum: SumField = lineFeedsField;
export const lowHalvesSum: SumField = lowHalvesField;

export class SpanTree {
  readonly #spans: SpanTable;
  readonly #units: UnitStore;
  #nodes: Int32Array = new Int32Array(stride);
  #count = 1;
  #free = -1;
  #root = 0;
  #firstLeaf = 0;
  #lastLeaf = 0;
  /** The span asked for last and the visible units before it; -1 = none. */
  #nearSpan = -1;
  #nearIndex = 0;
  /** Where `seek` arrived: the offset in the span. */
  offset = 0;

  constructor(spans: SpanTable, units: UnitStore) {
    this.#spans = spans;
    this.#units = units;
    this.#nodes[parentField] = -1;
    this.#nodes[nextField] = -1;
    this.#nodes[previousField] = -1;
  }

  get bytes(): number {
    return this.#nodes.byteLength;
  }

  /** Sum over the whole document. */
  total(field: SumField): number {
    return this.#get(this.#root, field);
  }

  /** The first span; -1 if there is none. */
  first(): number {
    return this.#get(this.#firstLeaf, countField) === 0
      ? -1
      : this.#get(this.#firstLeaf, childrenField);
  }

  /** The span after this one; -1 at the end. */
  next(span: number): number {
    const leaf = this.#spans.leaf(span);
    const at = this.#position(leaf, span) + 1;
    if (at < this.#get(leaf, countField)) return this.#get(leaf, childrenField + at);
    const next = this.#get(leaf, nextField);
    return next < 0 ? -1 : this.#get(next, childrenField);
  }

  /** The span before this one; -1 at the start. */
  previous(span: number): number {
    const leaf = this.#spans.leaf(span);
    const at = this.#position(leaf, span);
    if (at > 0) return this.#get(leaf, childrenField + at - 1);
    const previous = this.#get(leaf, previousField);
    return previous < 0
      ? -1
      : this.#get(previous, childrenField + this.#get(previous, countField) - 1);
  }

  /** All spans in document order. */
  order(): Int32Array {
    const nodes = this.#nodes;
    const order = new Int32Array(this.#spans.live);
    let count = 0;
    for (let leaf = this.#firstLeaf; leaf >= 0; leaf = nodes[leaf * stride + nextField] as number) {
      const from = leaf * stride + childrenField;
      const to = from + (nodes[leaf * stride + countField] as number);
      for (let at = from; at < to; at++) order[count++] = nodes[at] as number;
    }
    return order;
  }

  /** The span of the visible unit at `index` (0 … visible - 1); its offset is in `offset`. */
  at(index: number): number {
    if (this.#nearSpan >= 0) {
      const offset = index - this.#nearIndex;
      if (offset >= 0 && offset < this.#spans.visible(this.#nearSpan)) {
        this.offset = offset;
        return this.#nearSpan;
      }
    }
    const span = this.seek(visibleField, index);
    this.#nearSpan = span;
    this.#nearIndex = index - this.offset;
    return span;
  }

  /** Goes down to the span where the sum passes `target`; the rest of it is in `offset`. */
  seek(field: SumField, target: number): number {
    const nodes = this.#nodes;
    let node = this.#root;
    let rest = target;
    while ((nodes[node * stride + heightField] as number) > 0) {
      let at = node * stride + childrenField;
      let child = nodes[at] as number;
      let sum = nodes[child * stride + field] as number;
      while (rest >= sum) {
        rest -= sum;
        child = nodes[++at] as number;
        sum = nodes[child * stride + field] as number;
      }
      node = child;
    }
    let at = node * stride + childrenField;
    let span = nodes[at] as number;
    let sum = this.#sumOf(span, field);
    while (rest >= sum) {
      rest -= sum;
      span = nodes[++at] as number;
      sum = this.#sumOf(span, field);
    }
    this.offset = rest;
    return span;
  }

  /** As `seek`, by code points: visible units without low halves. */
  seekCodePoint(target: number): number {
    let rest = target;
    let node = this.#root;
    for (let at = childrenField; ; at++) {
      const height = this.#get(node, heightField);
      const child = this.#get(node, at);
      const units = this.#childSum(height, child, visibleField);
      const sum = units - this.#childSum(height, child, lowHalvesField);
      if (rest >= sum) rest -= sum;
      else if (height === 0) {
        this.offset = rest;
        return child;
      } else {
        node = child;
        at = childrenField - 1;
      }
    }
  }

  /** Visible units before the span. */
  indexOf(span: number): number {
    if (span !== this.#nearSpan) {
      this.#nearIndex = this.before(span, visibleField);
      this.#nearSpan = span;
    }
    return this.#nearIndex;
  }

  /** Sum over everything before the span. */
  before(span: number, field: SumField): number {
    const nodes = this.#nodes;
    let node = this.#spans.leaf(span);
    let sum = 0;
    for (let at = node * stride + childrenField; nodes[at] !== span; at++) {
      sum += this.#sumOf(nodes[at] as number, field);
    }
    for (;;) {
      const parent = nodes[node * stride + parentField] as number;
      if (parent < 0) return sum;
      for (let at = parent * stride + childrenField; nodes[at] !== node; at++) {
        sum += nodes[(nodes[at] as number) * stride + field] as number;
      }
      node = parent;
    }
  }

  /** The caller has changed what is at `span`, of which `index` visible units are before. */
  remember(span: number, index: number): void {
    this.#nearSpan = span;
    this.#nearIndex = index;
  }

  forget(): void {
    this.#nearSpan = -1;
  }

  /** Adds to the sums above a span. */
  add(span: number, visible: number, units: number, lineFeeds: number, lowHalves: number): void {
    this.#addTo(this.#spans.leaf(span), visible, units, lineFeeds, lowHalves);
  }

  /** Puts new content after a span (-1 = at the start) and counts it. */
  insert(after: number, span: number): void {
    const spans = this.#spans;
    const leaf = after < 0 ? this.#firstLeaf : spans.leaf(after);
    const length = spans.length(span);
    const start = spans.start(span);
    if (spans.isDeleted(span)) this.#addTo(leaf, 0, length, 0, 0);
    else {
      const lineFeeds = this.#units.lineFeedsIn(start, start + length);
      const lowHalves = this.#units.lowHalvesIn(start, start + length);
      this.#addTo(leaf, length, length, lineFeeds, lowHalves);
    }
    this.place(after, span);
  }

  /** Puts a span after another (-1 = at the start) whose content the leaf has counted already. */
  place(after: number, span: number): void {
    const leaf = after < 0 ? this.#firstLeaf : this.#spans.leaf(after);
    const at = after < 0 ? 0 : this.#position(leaf, after) + 1;
    this.#spans.setLeaf(span, leaf);
    this.#insertChild(leaf, at, span);
  }

  /** Takes out a span whose content is counted at `heir` from now on. */
  removeInto(span: number, heir: number): void {
    const leaf = this.#spans.leaf(span);
    if (leaf !== this.#spans.leaf(heir)) this.#move(span, leaf, this.#spans.leaf(heir));
    this.#removeChild(leaf, this.#position(leaf, span));
    if (this.#nearSpan === span) this.#nearSpan = -1;
  }

  /** Counts `units` tombstones at `to` instead of at `from`. */
  moveDeleted(from: number, to: number, units: number): void {
    const source = this.#spans.leaf(from);
    const target = this.#spans.leaf(to);
    if (source === target) return;
    this.#addTo(source, 0, -units, 0, 0);
    this.#addTo(target, 0, units, 0, 0);
  }

  /** Builds the tree of spans 0 … count - 1 in this order; it was empty. O(count). */
  build(count: number): void {
    assert(this.first() < 0, 'the tree is empty');
    if (count === 0) return;
    const perLeaf = childrenMax - 3;
    const leaves = Math.ceil(count / perLeaf);
    let nodesNeeded = leaves;
    for (let level = leaves; level > 1; level = Math.ceil(level / perLeaf)) {
      nodesNeeded += Math.ceil(level / perLeaf);
    }
    this.#nodes = new Int32Array(nodesNeeded * stride);
    this.#count = nodesNeeded;
    for (let leaf = 0; leaf < leaves; leaf++) {
      const from = Math.floor((count * leaf) / leaves);
      const to = Math.floor((count * (leaf + 1)) / leaves);
      for (let span = from; span < to; span++) {
        this.#set(leaf, childrenField + span - from, span);
        this.#spans.setLeaf(span, leaf);
      }
      this.#set(leaf, countField, to - from);
      this.#set(leaf, previousField, leaf - 1);
      this.#set(leaf, nextField, leaf + 1 < leaves ? leaf + 1 : -1);
      this.#set(leaf, parentField, -1);
      this.#recount(leaf);
    }
    this.#firstLeaf = 0;
    this.#lastLeaf = leaves - 1;
    this.#root = this.#buildAbove(0, leaves);
  }

  /** Builds the levels above `count` nodes of one height, from `first` on; returns the root. */
  #buildAbove(first: number, count: number): number {
    let from = first;
    let below = count;
    let height = 1;
    while (below > 1) {
      const level = Math.ceil(below / (childrenMax - 3));
      const start = from + below;
      for (let at = 0; at < level; at++) {
        const node = start + at;
        const begin = Math.floor((below * at) / level);
        const end = Math.floor((below * (at + 1)) / level);
        for (let child = begin; child < end; child++) {
          this.#set(node, childrenField + child - begin, from + child);
          this.#set(from + child, parentField, node);
        }
        this.#set(node, countField, end - begin);
        this.#set(node, heightField, height);
        this.#set(node, nextField, -1);
        this.#set(node, previousField, -1);
        this.#set(node, parentField, -1);
        this.#recount(node);
      }
      from = start;
      below = level;
      height++;
    }
    return from;
  }

  clone(spans: SpanTable, units: UnitStore): SpanTree {
    const copy = new SpanTree(spans, units);
    copy.#nodes = this.#nodes.slice();
    copy.#count = this.#count;
    copy.#free = this.#free;
    copy.#root = this.#root;
    copy.#firstLeaf = this.#firstLeaf;
    copy.#lastLeaf = this.#lastLeaf;
    return copy;
  }

  /** Asserts the invariants of the nodes below and including `node`; returns its spans in order. */
  check(node = this.#root): number[] {
    const height = this.#get(node, heightField);
    const count = this.#get(node, countField);
    assert(count > 0 || node === this.#root, `node ${node} is empty`);
    const found: number[] = [];
    const sums = [0, 0, 0, 0];
    for (let at = 0; at < count; at++) {
      const child = this.#get(node, childrenField + at);
      const isLeaf = height === 0;
      const parent = isLeaf ? this.#spans.leaf(child) : this.#get(child, parentField);
      assert(parent === node, `child ${child} of node ${node} says its parent is ${parent}`);
      if (isLeaf) found.push(child);
      else {
        assert(this.#get(child, heightField) === height - 1, `the height of node ${child}`);
        for (const span of this.check(child)) found.push(span);
      }
      for (const [index, field] of sumFields.entries()) {
        sums[index] = (sums[index] ?? 0) + this.#childSum(height, child, field);
      }
    }
    for (const [index, field] of sumFields.entries()) {
      assert(sums[index] === this.#get(node, field), `sum ${field} of node ${node}`);
    }
    if (node === this.#root) {
      this.#checkLeaves(found);
      const near = this.#nearSpan;
      const index = near < 0 ? 0 : this.before(near, visibleField);
      assert(near < 0 || index === this.#nearIndex, `${near} is at ${index}, not as remembered`);
    }
    return found;
  }

  /** The chain of leaves has the spans in the same order. */
  #checkLeaves(spans: readonly number[]): void {
    let at = 0;
    let previous = -1;
    for (let leaf = this.#firstLeaf; leaf >= 0; leaf = this.#get(leaf, nextField)) {
      assert(this.#get(leaf, previousField) === previous, `the leaf before ${leaf}`);
      for (let child = 0; child < this.#get(leaf, countField); child++) {
        assert(this.#get(leaf, childrenField + child) === spans[at++], `a span of leaf ${leaf}`);
      }
      previous = leaf;
    }
    assert(at === spans.length && previous === this.#lastLeaf, 'the last leaf');
  }

  #get(node: number, field: number): number {
    return this.#nodes[node * stride + field] as number;
  }

  #set(node: number, field: number, value: number): void {
    this.#nodes[node * stride + field] = value;
  }

  #sumOf(span: number, field: SumField): number {
    if (field === unitsField) return this.#spans.length(span);
    const visible = this.#spans.visible(span);
    if (field === visibleField || visible === 0) return visible;
    const start = this.#spans.start(span);
    return field === lineFeedsField
      ? this.#units.lineFeedsIn(start, start + visible)
      : this.#units.lowHalvesIn(start, start + visible);
  }

  /** Sum over a child of a node of this height. */
  #childSum(height: number, child: number, field: SumField): number {
    return height === 0 ? this.#sumOf(child, field) : this.#get(child, field);
  }

  #position(leaf: number, span: number): number {
    const nodes = this.#nodes;
    const first = leaf * stride + childrenField;
    let at = first;
    while (nodes[at] !== span) at++;
    return at - first;
  }

  #addTo(leaf: number, visible: number, units: number, lineFeeds: number, lowHalves: number): void {
    const nodes = this.#nodes;
    for (let node = leaf; node >= 0; ) {
      const at = node * stride;
      (nodes[at + visibleField] as number) += visible;
      (nodes[at + unitsField] as number) += units;
      node = nodes[at + parentField] as number;
    }
    if (lineFeeds === 0 && lowHalves === 0) return;
    for (let node = leaf; node >= 0; node = this.#get(node, parentField)) {
      const at = node * stride;
      (nodes[at + lineFeedsField] as number) += lineFeeds;
      (nodes[at + lowHalvesField] as number) += lowHalves;
    }
  }

  /** Counts a span's content at another leaf. */
  #move(span: number, from: number, to: number): void {
    const visible = this.#sumOf(span, visibleField);
    const units = this.#sumOf(span, unitsField);
    const lineFeeds = this.#sumOf(span, lineFeedsField);
    const lowHalves = this.#sumOf(span, lowHalvesField);
    this.#addTo(from, -visible, -units, -lineFeeds, -lowHalves);
    this.#addTo(to, visible, units, lineFeeds, lowHalves);
  }

  #recount(node: number): void {
    const height = this.#get(node, heightField);
    const count = this.#get(node, countField);
    for (const field of sumFields) {
      let sum = 0;
      for (let at = 0; at < count; at++) {
        sum += this.#childSum(height, this.#get(node, childrenField + at), field);
      }
      this.#set(node, field, sum);
    }
  }

  /**
   * Puts a child, whose sums the node has counted, at a position; halves the node if it is full.
   */
  #insertChild(node: number, position: number, child: number): void {
    const count = this.#get(node, countField);
    if (count < childrenMax) {
      this.#shiftIn(node, position, child, count);
      return;
    }
    const keep = this.#kept(node, position, count);
    const right = this.#splitNode(node, keep);
    if (keep === 0) {
      this.#shiftIn(node, 0, child, 0);
      this.#setParent(node, child, node);
    } else if (position <= keep && keep !== count) this.#shiftIn(node, position, child, keep);
    else {
      this.#setParent(node, child, right);
      this.#shiftIn(right, position - keep, child, count - keep);
    }
    // The whole was counted in the left node.
    this.#recount(right);
    for (const field of sumFields) {
      this.#set(node, field, this.#get(node, field) - this.#get(right, field));
    }
    this.#insertSibling(node, right);
  }

  /**
   * How many children a full node keeps. At an edge the new child gets a node of its own, because
   * typing goes on there; unless the next one has few: then the edge stays and others come to it.
   */
  #kept(node: number, position: number, count: number): number {
    if (position === 0) return 0;
    if (position < count || this.#get(node, heightField) > 0) return count >>> 1;
    const next = this.#get(node, nextField);
    const isCrowded = next < 0 || this.#get(next, countField) >= childrenMin;
    return isCrowded ? count : count >>> 1;
  }

  #shiftIn(node: number, position: number, child: number, count: number): void {
    const nodes = this.#nodes;
    const first = node * stride + childrenField;
    for (let at = first + count; at > first + position; at--) nodes[at] = nodes[at - 1] as number;
    nodes[first + position] = child;
    nodes[node * stride + countField] = count + 1;
  }

  /** Moves the children from `keep` on into a new node to the right, without counting them. */
  #splitNode(node: number, keep: number): number {
    const right = this.#newNode();
    const count = this.#get(node, countField);
    const height = this.#get(node, heightField);
    this.#set(right, heightField, height);
    for (let at = keep; at < count; at++) {
      const child = this.#get(node, childrenField + at);
      this.#set(right, childrenField + at - keep, child);
      this.#setParent(node, child, right);
    }
    this.#set(right, countField, count - keep);
    this.#set(node, countField, keep);
    if (height === 0) {
      const next = this.#get(node, nextField);
      this.#set(right, nextField, next);
      this.#set(right, previousField, node);
      this.#set(node, nextField, right);
      if (next >= 0) this.#set(next, previousField, right);
      else this.#lastLeaf = right;
    }
    return right;
  }

  /** Notes the parent of a child of `node`, be it a span or a node. */
  #setParent(node: number, child: number, parent: number): void {
    if (this.#get(node, heightField) === 0) this.#spans.setLeaf(child, parent);
    else this.#set(child, parentField, parent);
  }

  /** Puts `right` after `node`, which their parent has counted together. */
  #insertSibling(node: number, right: number): void {
    let parent = this.#get(node, parentField);
    if (parent < 0) {
      parent = this.#newNode();
      this.#set(parent, heightField, this.#get(node, heightField) + 1);
      this.#set(parent, childrenField, node);
      this.#set(parent, countField, 1);
      this.#set(parent, parentField, -1);
      for (const field of sumFields) {
        this.#set(parent, field, this.#get(node, field) + this.#get(right, field));
      }
      this.#set(node, parentField, parent);
      this.#root = parent;
    }
    this.#set(right, parentField, parent);
    this.#insertChild(parent, this.#position(parent, node) + 1, right);
  }

  #newNode(): number {
    let node = this.#free;
    if (node >= 0) this.#free = this.#get(node, nextField);
    else {
      node = this.#count++;
      if (this.#count * stride > this.#nodes.length) {
        const nodes = new Int32Array((Math.ceil(node * 1.25) + 1) * stride);
        nodes.set(this.#nodes);
        this.#nodes = nodes;
      }
    }
    this.#nodes.fill(0, node * stride, (node + 1) * stride);
    this.#set(node, nextField, -1);
    this.#set(node, previousField, -1);
    this.#set(node, parentField, -1);
    return node;
  }

  #removeChild(node: number, position: number): void {
    const nodes = this.#nodes;
    const first = node * stride + childrenField;
    const count = (nodes[node * stride + countField] as number) - 1;
    for (let at = first + position; at < first + count; at++) nodes[at] = nodes[at + 1] as number;
    nodes[node * stride + countField] = count;
    if (count < childrenMin) this.#shrink(node, count);
  }

  /** Joins a node that has few children with a neighbour, or drops it if it has none. */
  #shrink(node: number, count: number): void {
    const parent = this.#get(node, parentField);
    if (parent < 0) {
      if (count === 1 && this.#get(node, heightField) > 0) this.#dropRoot(node);
      return;
    }
    const position = this.#position(parent, node);
    if (position + 1 < this.#get(parent, countField)) {
      const right = this.#get(parent, childrenField + position + 1);
      if (count + this.#get(right, countField) <= joinedMax) {
        this.#join(node, right, position + 1);
        return;
      }
    }
    if (position > 0) {
      const left = this.#get(parent, childrenField + position - 1);
      if (count + this.#get(left, countField) <= joinedMax) {
        this.#join(left, node, position);
        return;
      }
    }
    if (count === 0) this.#drop(node, position);
  }

  /** Moves the children of `right`, at a position of their parent, to `left` before it. */
  #join(left: number, right: number, position: number): void {
    const count = this.#get(left, countField);
    const moved = this.#get(right, countField);
    for (let at = 0; at < moved; at++) {
      const child = this.#get(right, childrenField + at);
      this.#set(left, childrenField + count + at, child);
      this.#setParent(left, child, left);
    }
    this.#set(left, countField, count + moved);
    for (const field of sumFields) {
      this.#set(left, field, this.#get(left, field) + this.#get(right, field));
    }
    this.#drop(right, position);
  }

  /** Takes out a node whose content is counted elsewhere below the same parent, or is none. */
  #drop(node: number, position: number): void {
    if (this.#get(node, heightField) === 0) {
      const previous = this.#get(node, previousField);
      const next = this.#get(node, nextField);
      if (previous >= 0) this.#set(previous, nextField, next);
      else this.#firstLeaf = next;
      if (next >= 0) this.#set(next, previousField, previous);
      else this.#lastLeaf = previous;
    }
    const parent = this.#get(node, parentField);
    this.#set(node, nextField, this.#free);
    this.#free = node;
    this.#removeChild(parent, position);
  }

  /** A root with one child makes way for it. */
  #dropRoot(root: number): void {
    this.#root = this.#get(root, childrenField);
    this.#set(this.#root, parentField, -1);
    this.#set(root, nextField, this.#free);
    this.#free = root;
    if (this.#get(this.#root, heightField) > 0 && this.#get(this.#root, countField) === 1) {
      this.#dropRoot(this.#root);
    }
  }
}

const sumFields: readonly SumField[] = [visibleField, unitsField, lineFeedsField, lowHalvesField];
