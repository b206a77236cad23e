/**
 * What the checkers know of a document's log: every committed row, and what the rows amount to,
 * told by simple means of their own. Shares nothing with the product's fold.
 *
 * An honest replica's operations reach the log in order, refer to what is there, and keep their
 * content (S4). Only a failover that lost rows and an old copy of a client's store excuse a batch
 * that does not fit; it is void then.
 */
import { type Batch, batchLast, type OpId, sliceBatch } from '../../proto/batch.ts';
import { Violation } from './violation.ts';

export interface CommittedRow {
  readonly document: string;
  /** Number of the append, and the node that made it. */
  readonly append: number;
  readonly node: string;
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

/** What the rows up to one amount to. */
interface Amount {
  /** Distinct operations. */
  readonly operations: number;
  /** Replicas that had appeared, of `replicas`. */
  readonly replicas: number;
  /** Batches, of `batches`. */
  readonly batches: number;
}

export class LogTruth {
  readonly rows: CommittedRow[] = [];
  /** For each row, what its batches brought. */
  readonly judged: (readonly JudgedBatch[])[] = [];
  /** Replicas in order of first appearance: the names that frames use. */
  readonly replicas: number[] = [];
  /** Batches in log order, each operation once. */
  readonly batches: Batch[] = [];
  /** Rows that a failover took away, ever. */
  lost = 0;
  /** Head of the longest log that there ever was. */
  everHead = 0;
  /** A client of this document came back with an old copy of its store. */
  hasOldCopies = false;
  /** Of each operation, what it does: by replica and timestamp. */
  readonly #contents = new Map<number, Map<number, string>>();
  #clock = 0;
  readonly #lostRows: CommittedRow[] = [];
  readonly #everLast = new Map<number, number>();
  /** Names of the clients that a replica is, or was. */
  readonly #owners = new Map<number, string>();
  readonly #amounts: Amount[] = [];
  readonly #last = new Map<number, number>();
  /** Of each replica, its last timestamp after each row that raised it, oldest first. */
  readonly #lastAt = new Map<number, { readonly lsn: number; readonly last: number }[]>();

  /** Distinct operations in the log. */
  get operations(): number {
    return this.operationsAt(this.head);
  }

  /** LSN of the last row. */
  get head(): number {
    return this.rows.length;
  }

  /** The next row. Throws if it does not fit what is here (S4, S5). */
  committed(row: CommittedRow): void {
    const previous = this.rows.at(-1);
    if (row.lsn !== this.rows.length + 1) {
      throw new Violation('S5', `row ${row.lsn} after ${this.rows.length}`);
    }
    if (row.at < (previous?.at ?? 0)) throw new Violation('S5', `the time of row ${row.lsn} falls`);
    this.rows.push(row);
    this.everHead = Math.max(this.everHead, row.lsn);
    const before = this.operationsAt(row.lsn - 1);
    let operations = before;
    const judged = row.batches.map((whole) => {
      const fresh = this.#take(whole, row);
      if (fresh !== null) operations += batchLast(fresh) - fresh.first + 1;
      return { whole, fresh };
    });
    this.judged.push(judged);
    const [replicas, batches] = [this.replicas.length, this.batches.length];
    this.#amounts.push({ operations, replicas, batches });
  }

  /** A failover left only the rows up to `lsn`. */
  truncate(lsn: number): void {
    this.lost += this.rows.length - lsn;
    this.#lostRows.push(...this.rows.slice(lsn));
    this.rows.length = lsn;
    this.judged.length = lsn;
    this.#amounts.length = lsn;
    const amount = this.#amounts.at(-1);
    this.replicas.length = amount?.replicas ?? 0;
    this.batches.length = amount?.batches ?? 0;
    this.#last.clear();
    this.#clock = 0;
    for (const [replica, steps] of this.#lastAt) {
      const kept = steps.filter((step) => step.lsn <= lsn);
      this.#lastAt.set(replica, kept);
      const last = kept.at(-1)?.last;
      if (last !== undefined) this.#last.set(replica, last);
      this.#clock = Math.max(this.#clock, last ?? 0);
      const contents = this.#contents.get(replica);
      for (const timestamp of contents?.keys() ?? []) {
        if (timestamp > (last ?? 0)) contents?.delete(timestamp);
      }
    }
  }

  /** The row at `lsn` as it is, and as it was before a failover took it. */
  versionsOf(lsn: number): readonly CommittedRow[] {
    const row = this.rows[lsn - 1];
    const current = row === undefined ? [] : [row];
    return this.lost === 0
      ? current
      : [...current, ...this.#lostRows.filter((lost) => lost.lsn === lsn)];
  }

  /** A client is this replica from now on. */
  owns(name: string, replica: number): void {
    this.#owners.set(replica, name);
  }

  isOwnedBy(replica: number, name: string): boolean {
    return this.#owners.get(replica) === name;
  }

  /** Distinct operations in the rows up to `lsn`. */
  operationsAt(lsn: number): number {
    return this.#amounts[lsn - 1]?.operations ?? 0;
  }

  /** Batches of the rows after `after` up to `lsn`, each operation once. */
  batchesBetween(after: number, lsn: number): readonly Batch[] {
    const start = this.#amounts[after - 1]?.batches ?? 0;
    return this.batches.slice(start, this.#amounts[lsn - 1]?.batches ?? 0);
  }

  /** Last committed timestamp of a replica, 0 if it has none. */
  through(replica: number): number {
    return this.#last.get(replica) ?? 0;
  }

  /** The highest that there ever was, what a failover took away included. */
  everThrough(replica: number): number {
    return this.#everLast.get(replica) ?? 0;
  }

  /** As `through`, but as of the row at `lsn`. */
  throughAt(replica: number, lsn: number): number {
    const steps = this.#lastAt.get(replica) ?? [];
    for (let i = steps.length - 1; i >= 0; i--) {
      const step = steps[i];
      if (step !== undefined && step.lsn <= lsn) return step.last;
    }
    return 0;
  }

  #take(batch: Batch, { lsn }: CommittedRow): Batch | null {
    const { replica } = batch;
    const fault = this.#faultOf(batch);
    if (fault !== null) {
      const isExcused = this.lost > 0 || this.hasOldCopies;
      if (!isExcused) throw new Violation('S4', `row ${lsn}, replica ${replica}: ${fault}`);
      return null;
    }
    const known = this.through(replica);
    const last = batchLast(batch);
    if (last <= known) return null;
    if (known === 0) this.replicas.push(replica);
    const fresh = batch.first > known ? batch : sliceBatch(batch, known + 1);
    this.batches.push(fresh);
    this.#last.set(replica, last);
    this.#everLast.set(replica, Math.max(this.everThrough(replica), last));
    this.#clock = Math.max(this.#clock, last);
    const steps = this.#lastAt.get(replica) ?? [];
    steps.push({ lsn, last });
    this.#lastAt.set(replica, steps);
    const contents = this.#contents.get(replica) ?? new Map<number, string>();
    this.#contents.set(replica, contents);
    for (const [timestamp, content] of operationsOf(fresh)) contents.set(timestamp, content);
    return fresh;
  }

  /** Why the batch does not fit what is here; null if it does. */
  #faultOf(batch: Batch): string | null {
    const { replica, first } = batch;
    const known = this.through(replica);
    const before = first - batch.gap - 1;
    if (before > known || (first > known && before < known)) {
      return `${first} follows ${before}, but ${known} is the last`;
    }
    const contents = this.#contents.get(replica);
    for (const [timestamp, content] of operationsOf(batch)) {
      const there = contents?.get(timestamp);
      if (there !== undefined && there !== content) {
        return `${timestamp} is ${content}, but was ${there}`;
      }
    }
    if (batchLast(batch) <= known) return null;
    if (first > this.#clock + 1) return `${first} is ahead of ${this.#clock} + 1`;
    const missing = referencesOf(batch).find((id) => !this.#exists(id, batch));
    if (missing !== undefined) return `no ${missing.timestamp} of ${missing.replica} to refer to`;
    return this.#partsPair(batch) ? 'it takes one half of a pair for a character' : null;
  }

  /** An old copy may know another character where the log has half of one. */
  #partsPair(batch: Batch): boolean {
    const own = new Map(operationsOf(batch));
    const is = (id: OpId | null | 'same', kind: 'high' | 'low'): boolean => {
      if (id === null || id === 'same') return false;
      const there = this.#contents.get(id.replica)?.get(id.timestamp);
      const content = there ?? (id.replica === batch.replica ? own.get(id.timestamp) : undefined);
      const code = Number(/^insert (\d+)$/.exec(content ?? '')?.[1] ?? 0);
      return code >>> 10 === (kind === 'high' ? 0x36 : 0x37);
    };
    return batch.ops.some((op) => {
      if (op.type === 'insert') return is(op.left, 'high') || is(op.right, 'low');
      const { timestamp, replica } = op.target;
      const last = { timestamp: timestamp + op.count - 1, replica };
      return is(op.target, 'low') || is(last, 'high');
    });
  }

  #exists({ timestamp, replica }: OpId, batch: Batch): boolean {
    if (replica === batch.replica && timestamp <= batchLast(batch)) return true;
    return this.#contents.get(replica)?.has(timestamp) === true;
  }
}

/** Each operation with what it does, as text. */
function* operationsOf(batch: Batch): Generator<readonly [number, string]> {
  for (const op of batch.ops) {
    if (op.type === 'insert') {
      for (let i = 0; i < op.text.length; i++) {
        yield [op.timestamp + i, `insert ${op.text.charCodeAt(i)}`];
      }
      continue;
    }
    for (let i = 0; i < op.count; i++) {
      const step = op.reversed === true ? op.count - 1 - i : i;
      yield [op.timestamp + i, `delete ${op.target.timestamp + step} of ${op.target.replica}`];
    }
  }
}

/** Every character that the batch refers to. */
function referencesOf(batch: Batch): OpId[] {
  return batch.ops.flatMap((op): OpId[] => {
    if (op.type === 'delete') {
      const { timestamp, replica } = op.target;
      return [op.target, { replica, timestamp: timestamp + op.count - 1 }];
    }
    const ids = [op.left, op.right];
    return ids.flatMap((id) => (id === null || id === 'same' ? [] : [id]));
  });
}
