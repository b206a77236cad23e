/**
 * What the checkers know of a document's log: every committed row, and what the rows amount to,
 * told by simple means of their own. Shares nothing with the product's fold.
 */
import { type Batch, batchLast, sliceBatch } from '../proto/batch.ts';
import { check } from './violation.ts';

export interface CommittedRow {
  readonly epoch: number;
  readonly lsn: number;
  readonly at: number;
  readonly body: Uint8Array;
  readonly batches: readonly Batch[];
}

/** A batch of a row; `fresh`: what of it was new, null if nothing was. */
export interface JudgedBatch {
  readonly whole: Batch;
  readonly fresh: Batch | null;
}

export class LogTruth {
  readonly rows: CommittedRow[] = [];
  /** For each row, what its batches brought. */
  readonly judged: (readonly JudgedBatch[])[] = [];
  /** Replicas in order of first appearance: the names that frames use. */
  readonly replicas: number[] = [];
  /** Last timestamp of each replica in the log. */
  readonly last = new Map<number, number>();
  /** Batches in log order, each operation once. */
  readonly batches: Batch[] = [];
  #operations = 0;

  /** Distinct operations in the log. */
  get operations(): number {
    return this.#operations;
  }

  /** LSN of the last row. */
  get head(): number {
    return this.rows.length;
  }

  committed(row: CommittedRow): void {
    const previous = this.rows.at(-1);
    check(row.lsn === this.rows.length + 1, 'S5', () => `row ${row.lsn} after ${this.rows.length}`);
    check(row.at >= (previous?.at ?? 0), 'S5', () => `the time of row ${row.lsn} falls`);
    this.rows.push(row);
    this.judged.push(row.batches.map((whole) => ({ whole, fresh: this.#take(whole, row.lsn) })));
  }

  /** Last committed timestamp of a replica, 0 if it has none. */
  through(replica: number): number {
    return this.last.get(replica) ?? 0;
  }

  #take(batch: Batch, lsn: number): Batch | null {
    const { replica } = batch;
    const known = this.through(replica);
    const before = batch.first - batch.gap - 1;
    // An honest replica's operations come in order: whatever goes to the log follows what is there.
    check(
      before <= known,
      'S4',
      () => `row ${lsn} has a hole: ${replica} after ${before} of ${known}`,
    );
    if (!this.last.has(replica)) this.replicas.push(replica);
    const last = batchLast(batch);
    if (last <= known) return null;
    const fresh = batch.first > known ? batch : sliceBatch(batch, known + 1);
    this.#operations += last - fresh.first + 1;
    this.batches.push(fresh);
    this.last.set(replica, last);
    return fresh;
  }
}
