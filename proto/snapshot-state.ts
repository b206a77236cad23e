/**
 * A document at one LSN as plain columns: what a snapshot holds, and what the engine loads.
 *
 *   replicas    ann                bob            in order of first appearance
 *   stretches   1 … 9, 14 … 20     10 … 13        timestamps that run on
 *   numbers     0 … 8, 9 … 15      16 … 19        canonical: by author, then timestamp, no holes
 *
 * A canonical operation number stands for an id: small, dense, and equal where the same operations
 * are. Every number is an inserted character or a deletion. Characters are told as spans in
 * document order, tombstones included: inside a span each character after the first has the next
 * number, is the right child of the one before it, has it as left origin and has the span's right
 * origin.
 *
 * Canonical, so that equal states give equal bytes: neighbouring spans that fit are one, and so are
 * neighbouring deletions that run on (`DeletionRuns`). A span lies within one author's numbers; so
 * does a run of deletions, and within one stretch of them.
 */
import type { Binding } from './batch.ts';

/** A replica that has written to the document. */
export interface SnapshotReplica {
  readonly id: number;
  /** Its last timestamp. */
  readonly last: number;
  /** LSN of the row in which it first appeared. */
  readonly since: number;
  readonly binding?: Binding;
}

/** A batch in the log that changes nothing. */
export interface VoidedBatch {
  readonly lsn: number;
  /** Position among the batches of the row. */
  readonly position: number;
}

/** What is known before the columns are read. */
export interface SnapshotHead {
  readonly epoch: number;
  readonly lsn: number;
  /** Commit time of the row at `lsn`, ms since 1970. */
  readonly at: number;
  /** Operations that the rows up to `lsn` applied. */
  readonly operations: number;
  /** In order of first appearance. */
  readonly replicas: readonly SnapshotReplica[];
  /** Batches of rows up to `lsn` that the fold refused, in log order. */
  readonly voided: readonly VoidedBatch[];
}

/** Running timestamps of one author, by author, then timestamp. Numbers run on through all. */
export interface StretchColumns {
  /** Position in `replicas`. */
  readonly author: Int32Array;
  /** First timestamp. */
  readonly first: Float64Array;
  readonly length: Int32Array;
}

export const flagDeleted = 1;
/** The first character is the left child of its right origin, else the right child of its left. */
export const flagLeftChild = 2;

/** Spans in document order. */
export interface SpanColumns {
  /** Number of the first character. */
  readonly start: Int32Array;
  /** In UTF-16 units, ≥ 1. */
  readonly length: Int32Array;
  /** Numbers of the origins of the first character; -1 = start and end of the document. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly flags: Uint8Array;
}

/** Runs of deletions by `start`. */
export interface DeletionColumns {
  /** Number of the first deletion. */
  readonly start: Int32Array;
  /** Lowest number of the deleted characters. */
  readonly target: Int32Array;
  readonly length: Int32Array;
  /** 1: the first deletion hits the highest number. Of a run of one always 0. */
  readonly reversed: Uint8Array;
}

export interface SnapshotState extends SnapshotHead {
  readonly stretches: StretchColumns;
  readonly spans: SpanColumns;
  /** With history: exactly the numbers that are no characters. Without: empty. */
  readonly deletions: DeletionColumns;
  /** Text of the spans that are not deleted, in document order. */
  readonly visible: string;
  /** Text of the others; null: saved without the deleted text and without the deletions. */
  readonly hidden: string | null;
}
