/** Deep invariants of spans and op log. Each of them names itself; all of it is O(n log n). */
import { cutsPair } from '../../proto/text.ts';
import { assert } from '../assert.ts';
import type { OpLog } from '../causal/op-log.ts';
import { isDescendant } from './placement.ts';
import { continues, countLineFeeds, type Span } from './span.ts';
import type { SpanList } from './span-list.ts';

/** Asserts that spans, sums, tree and deletions fit together. */
export function checkState(list: SpanList, log: OpLog): void {
  checkBlocks(list);
  checkSpans(list, log);
  checkTree(list);
  checkDeletions(list, log);
}

function checkBlocks(list: SpanList): void {
  let total = 0;
  for (const [order, block] of list.blocks.entries()) {
    assert(block.order === order, `block ${order} says that it is ${block.order}`);
    assert(block.spans.length > 0 || list.blocks.length === 1, `block ${order} is empty`);
    let visible = 0;
    let lineFeeds = 0;
    for (const span of block.spans) {
      assert(span.block === block, `span ${name(span)} is in another block`);
      assert(span.lineFeeds === countLineFeeds(span.text), `line feeds of ${name(span)}`);
      if (span.deleted) continue;
      visible += span.text.length;
      lineFeeds += span.lineFeeds;
    }
    assert(visible === block.visible, `block ${order}: ${visible} visible, not ${block.visible}`);
    assert(lineFeeds === block.lineFeeds, `block ${order}: ${lineFeeds} line feeds`);
    total += visible;
  }
  assert(total === list.visible, `${total} visible units, not ${list.visible}`);
}

function checkSpans(list: SpanList, log: OpLog): void {
  let before: Span | null = null;
  for (const span of list.spans()) {
    const last = span.timestamp + span.text.length - 1;
    assert(span.text.length > 0, `span ${name(span)} is empty`);
    const found = list.locate({ timestamp: last, replica: span.replica });
    assert(found?.span === span, `span ${name(span)} is not in the index`);
    assert(last <= log.versionVector.get(span.replica), `${name(span)} is not in the version`);
    assert(last <= log.clock, `${name(span)} is above the clock`);
    if (before !== null) {
      const fits = before.deleted === span.deleted && continues(before, span);
      assert(!fits, `${name(before)} and ${name(span)} should be one`);
    }
    before = span;
  }
}

/** Origins and sides: a span stands between its origins, and each flag is what the tree says. */
function checkTree(list: SpanList): void {
  const branched = new Set<Span>();
  for (const span of list.spans()) {
    const place = { span, offset: 0 };
    const left = span.left === null ? null : list.place(span.left);
    const right = span.right === null ? null : list.place(span.right);
    if (left !== null) {
      assert(list.compare(left, place) < 0, `${name(span)} stands before its left origin`);
      assert(!cutsPair(left.span.text, left.offset + 1), `${name(span)} hangs on half a pair`);
      if (!span.leftChild && left.offset === left.span.text.length - 1) branched.add(left.span);
    }
    if (right !== null) {
      assert(list.compare(place, right) < 0, `${name(span)} stands after its right origin`);
      assert(!cutsPair(right.span.text, right.offset), `${name(span)} parts a pair`);
    }
    const leftChild = right !== null && isDescendant(list, right, left);
    assert(span.leftChild === leftChild, `${name(span)} is on the wrong side`);
  }
  for (const span of list.spans()) {
    assert(span.branched === branched.has(span), `${name(span)}: branched is ${span.branched}`);
  }
}

function checkDeletions(list: SpanList, log: OpLog): void {
  const targets = new Map<number, Set<number>>();
  for (const { target, count } of log.deletionsIn(log.versionVector)) {
    const timestamps = targets.get(target.replica) ?? new Set();
    targets.set(target.replica, timestamps);
    for (let k = 0; k < count; k++) {
      const id = { timestamp: target.timestamp + k, replica: target.replica };
      assert(list.locate(id) !== null, `a deletion hits ${id.timestamp} of ${id.replica}`);
      timestamps.add(id.timestamp);
    }
  }
  for (const span of list.spans()) {
    const timestamps = targets.get(span.replica);
    for (let k = 0; k < span.text.length; k++) {
      const deleted = timestamps?.has(span.timestamp + k) ?? false;
      assert(deleted === span.deleted, `${name(span)}: unit ${k} deleted is ${deleted}`);
    }
  }
}

function name(span: Span): string {
  return `span ${span.timestamp} of ${span.replica}`;
}
