/**
 * The fold of a log: what the rows 1 … lsn of one document amount to. Server rooms, clients,
 * playback and the checkers all fold with this class, so they cannot disagree about a verdict.
 *
 * Each batch in a row gets exactly one verdict, a function of the rows before it alone:
 * - applied: it starts right after what is here of its replica, its first timestamp is at most 1 +
 *   the
 *   highest before it, and all that it refers to exists. A part that is here already is sliced off.
 * - covered: all of it is here with the same content (an append retried after an unknown outcome).
 * - void: anything else. It changes nothing, for ever.
 *
 * On a client the sequence also holds operations of its own that no row has carried yet;
 * `committed` does not. An own operation that arrives in a row is then already in the text.
 */
import {
  type Batch,
  type Binding,
  batchLast,
  batchOperations,
  canCut,
  sliceBatch,
} from '../../proto/batch.ts';
import type { SnapshotHead } from '../../proto/snapshot-state.ts';
import { assert } from '../assert.ts';
import { VersionVector } from '../causal/version-vector.ts';
import type { Cursor } from '../ids.ts';
import { Sequence } from '../text/sequence.ts';
import type { TextChange } from '../text/text-change.ts';
import { ReplicaTable } from './replica-table.ts';

export type VoidCode = 'replica-forked' | 'replica-mismatch' | 'invalid-edit';

export type Verdict =
  | { readonly type: 'applied'; readonly batch: Batch }
  | { readonly type: 'covered' }
  | { readonly type: 'void'; readonly code: VoidCode; readonly reason: string };

export interface FoldedBatch {
  /** As it stands in the row. */
  readonly batch: Batch;
  readonly verdict: Verdict;
  readonly changes: readonly TextChange[];
}

export interface FoldedRow {
  readonly lsn: number;
  readonly at: number;
  readonly batches: readonly FoldedBatch[];
  /** Replicas that first appear in this row, in the order of their indexes. */
  readonly introduced: readonly number[];
}

/** A row as the log or a frame gives it; batches name replicas by full id. */
export interface RowContent {
  readonly lsn: number;
  readonly at: number;
  readonly batches: readonly Batch[];
}

const nothing: readonly TextChange[] = [];

export class Fold {
  readonly sequence: Sequence;
  readonly table = new ReplicaTable();
  /** Last timestamp of every replica in the rows so far. */
  readonly committed = new VersionVector();
  /** Batches that were refused, by LSN: their positions in the row. Receivers never see them. */
  readonly voided = new Map<number, readonly number[]>();
  /** Random number of the history; 0 = not known yet. */
  epoch: number;
  #lsn = 0;
  #at = 0;
  #clock = 0;
  #operations = 0;

  constructor(epoch: number, sequence = new Sequence()) {
    this.epoch = epoch;
    this.sequence = sequence;
  }

  /** Continues from a snapshot, whose text and deletions are `sequence` already. */
  static resume(snapshot: SnapshotHead, sequence: Sequence): Fold {
    const fold = new Fold(snapshot.epoch, sequence);
    fold.#lsn = snapshot.lsn;
    fold.#at = snapshot.at;
    fold.#operations = snapshot.operations;
    for (const { lsn, position } of snapshot.voided) {
      fold.voided.set(lsn, [...(fold.voided.get(lsn) ?? []), position]);
    }
    for (const { id, last, since, binding } of snapshot.replicas) {
      fold.introduce(id, since, binding ?? null);
      fold.committed.observe(id, last);
      fold.#clock = Math.max(fold.#clock, last);
    }
    return fold;
  }

  get lsn(): number {
    return this.#lsn;
  }

  /** Commit time of the last row, ms since 1970. */
  get at(): number {
    return this.#at;
  }

  /** Highest timestamp in the rows so far. */
  get clock(): number {
    return this.#clock;
  }

  /** Operations that the rows so far applied. */
  get operations(): number {
    return this.#operations;
  }

  get cursor(): Cursor {
    return { epoch: this.epoch, lsn: this.#lsn, at: this.#at, operations: this.#operations };
  }

  /** Folds the next row; its LSN must be lsn + 1 and its time not below `at` (asserted). */
  apply(row: RowContent): FoldedRow {
    assert(row.lsn === this.#lsn + 1, `row ${row.lsn} does not follow ${this.#lsn}`);
    assert(row.at >= this.#at, `time of row ${row.lsn} falls from ${this.#at} to ${row.at}`);
    const batches = row.batches.map((batch) => this.#applyBatch(batch, row.lsn));
    const voids = batches.flatMap(({ verdict }, i) => (verdict.type === 'void' ? [i] : []));
    if (voids.length > 0) this.voided.set(row.lsn, voids);
    this.#lsn = row.lsn;
    this.#at = row.at;
    return { lsn: row.lsn, at: row.at, batches, introduced: this.table.introducedAt(row.lsn) };
  }

  /** The verdict that the batch would get as the next one. */
  judge(batch: Batch): Verdict {
    const known = this.committed.get(batch.replica);
    if (batchLast(batch) <= known) {
      return this.sequence.holds(batch) ? { type: 'covered' } : forked(batch);
    }
    const bound = this.table.entryOf(batch.replica)?.binding ?? null;
    if (bound !== null && batch.binding !== undefined && !sameBytes(bound, batch.binding)) {
      return refused('replica-mismatch', `replica ${batch.replica} is bound to another secret`);
    }
    if (batch.first <= known) {
      // What is here ends inside a pair of this batch, so it is something else.
      if (!canCut(batch, known + 1)) return forked(batch);
      if (!this.sequence.holds(sliceBatch(batch, batch.first, known + 1))) return forked(batch);
      return this.judge(sliceBatch(batch, known + 1));
    }
    if (batch.first - batch.gap - 1 !== known) {
      const after = batch.first - batch.gap - 1;
      return refused('invalid-edit', `a batch after timestamp ${after}, but ${known} is the last`);
    }
    if (batch.first > this.#clock + 1) {
      return refused('invalid-edit', `timestamp ${batch.first} is ahead of ${this.#clock} + 1`);
    }
    return this.#judgeContent(batch);
  }

  /**
   * Names a replica that first appears in the row at `since`. A client calls it with what the frame
   * introduces, before it folds the row: its own batches are left out of the rows that it gets.
   */
  introduce(replica: number, since: number, binding: Binding | null): void {
    this.table.add({ replica, since, binding });
  }

  /** Own operations up to `through` are committed (a client was told so). */
  settle(replica: number, through: number, operations: number): void {
    if (through <= this.committed.get(replica)) return;
    this.committed.observe(replica, through);
    this.#clock = Math.max(this.#clock, through);
    this.#operations += operations;
  }

  #judgeContent(batch: Batch): Verdict {
    if (batchLast(batch) <= this.sequence.versionVector.get(batch.replica)) {
      return this.sequence.holds(batch) ? { type: 'applied', batch } : forked(batch);
    }
    const obstacle = this.sequence.obstacle(batch);
    if (obstacle === null) return { type: 'applied', batch };
    if (obstacle.type === 'invalid') return refused('invalid-edit', obstacle.reason);
    if (obstacle.type === 'gap') return forked(batch);
    const { timestamp, replica } = obstacle.id;
    return refused('invalid-edit', `no character (${timestamp}, ${replica}) to refer to`);
  }

  #applyBatch(batch: Batch, lsn: number): FoldedBatch {
    const verdict = this.judge(batch);
    if (verdict.type !== 'applied') return { batch, verdict, changes: nothing };
    const { replica } = batch;
    if (this.table.indexOf(replica) === 0) this.introduce(replica, lsn, batch.binding ?? null);
    const last = batchLast(batch);
    const isNew = last > this.sequence.versionVector.get(replica);
    const changes = isNew ? this.sequence.integrate(verdict.batch) : nothing;
    this.committed.observe(replica, last);
    this.#clock = Math.max(this.#clock, last);
    this.#operations += batchOperations(verdict.batch);
    return { batch, verdict, changes };
  }
}

function forked(batch: Batch): Verdict {
  return refused(
    'replica-forked',
    `other content is here under timestamps of replica ${batch.replica} from ${batch.first}`,
  );
}

function refused(code: VoidCode, reason: string): Verdict {
  return { type: 'void', code, reason };
}

function sameBytes(a: { secretHash: Uint8Array }, b: { secretHash: Uint8Array }): boolean {
  return (
    a.secretHash.length === b.secretHash.length &&
    a.secretHash.every((byte, i) => byte === b.secretHash[i])
  );
}
