/**
 * Span: neighbouring characters with running timestamps of one replica and one state.
 *
 * Each character after the first is the right child of the one before it and has the same right
 * origin, so ids, origins and places in the tree of a whole run take the room of one. Two spans
 * that stand side by side and fit are always joined: equal states have equal spans, however they
 * came about.
 */
import { type OpId, sameId } from '../../proto/batch.ts';

export interface Span {
  readonly replica: number;
  /** Of the first character; the k-th has `timestamp + k`. */
  readonly timestamp: number;
  /** UTF-16 units, at least one; tombstones keep theirs. */
  text: string;
  /** Origins of the first character; null = start, or end, of the document. */
  readonly left: OpId | null;
  readonly right: OpId | null;
  /** The first character is a left child of `right`; else it is a right child of `left`. */
  readonly leftChild: boolean;
  deleted: boolean;
  /** The last character has a right child; every other has one: the character after it. */
  branched: boolean;
  /** Line feeds in `text`. */
  lineFeeds: number;
  /** The block that holds this span. */
  block: Block;
}

/** Neighbouring spans of a SpanList, with sums. */
export interface Block {
  readonly spans: Span[];
  /** Position among the blocks. */
  order: number;
  /** UTF-16 units that are not deleted. */
  visible: number;
  /** Line feeds that are not deleted. */
  lineFeeds: number;
}

/** One character: unit `offset` of a span. */
export interface Place {
  readonly span: Span;
  readonly offset: number;
}

/** A character's identity and content before it has a place in the list. */
export interface NewRun {
  readonly replica: number;
  readonly timestamp: number;
  readonly text: string;
  readonly left: OpId | null;
  readonly right: OpId | null;
  readonly leftChild: boolean;
}

/** Total order of ids: by timestamp, then replica. Negative: a first. */
export function compareIds(a: OpId, b: OpId): number {
  return a.timestamp - b.timestamp || a.replica - b.replica;
}

export function idOf({ span, offset }: Place): OpId {
  return { timestamp: span.timestamp + offset, replica: span.replica };
}

export function leftOriginOf({ span, offset }: Place): OpId | null {
  return offset === 0
    ? span.left
    : { timestamp: span.timestamp + offset - 1, replica: span.replica };
}

/** Whether the character has a right child in the tree. */
export function isBranched({ span, offset }: Place): boolean {
  return offset < span.text.length - 1 || span.branched;
}

/**
 * Whether `run` could be the continuation of `span`, standing right after it. It is a right child
 * then: its right origin was there before the span and cannot be below one of its characters.
 */
export function continues(span: Span, run: NewRun): boolean {
  return (
    run.replica === span.replica &&
    run.timestamp === span.timestamp + span.text.length &&
    run.left?.replica === span.replica &&
    run.left.timestamp === run.timestamp - 1 &&
    sameId(run.right, span.right)
  );
}

export function countLineFeeds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
