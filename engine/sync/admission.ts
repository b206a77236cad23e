/**
 * The verdict before the append: what would the fold say about this batch after everything of its
 * replica that is on its way to the log? An honest client passes here and so never has a void batch
 * in the log; a hostile one that slips through is judged again by the fold, which rules.
 *
 * Keeps, per replica, the batches that were taken and are not folded yet. References to those
 * cannot be checked against the sequence; they must name a character that one of them inserts.
 */
import { type Batch, batchLast, canCut, type OpId, sliceBatch } from '../../proto/batch.ts';
import type { Limits } from '../limits.ts';
import { fullness } from './document-size.ts';
import type { Fold, VoidCode } from './fold.ts';
import { operationAt, sameOperations } from './same-operations.ts';

type RefusalCode = VoidCode | 'document-full';

export type Admission =
  /** Append `batch` (without what is on its way already). */
  | { readonly type: 'append'; readonly batch: Batch }
  /** All of it is committed or on its way. */
  | { readonly type: 'known' }
  | { readonly type: 'refused'; readonly code: RefusalCode; readonly reason: string };

export class AdmissionControl {
  readonly #fold: Fold;
  readonly #limits: Limits;
  readonly #pending = new Map<number, Batch[]>();

  constructor(fold: Fold, limits: Limits) {
    this.#fold = fold;
    this.#limits = limits;
  }

  /** Replicas with operations on their way. */
  get replicas(): number {
    return this.#pending.size;
  }

  /** Judges the next batch of a replica, and notes it if it is to be appended. */
  admit(batch: Batch): Admission {
    const pending = this.#pending.get(batch.replica);
    const last = pending?.at(-1);
    const through = last === undefined ? 0 : batchLast(last);
    const verdict =
      last === undefined ? this.#fold.judge(batch) : this.#afterPending(batch, through);
    if (verdict.type === 'covered') return { type: 'known' };
    if (verdict.type === 'void') {
      return { type: 'refused', code: verdict.code, reason: verdict.reason };
    }
    const reason = fullness(this.#fold.sequence, verdict.batch, this.#limits);
    if (reason !== null) return { type: 'refused', code: 'document-full', reason };
    this.#note(verdict.batch);
    return { type: 'append', batch: verdict.batch };
  }

  /** Forgets what the fold has by now; call after each row for each of its replicas. */
  settle(replica: number): void {
    const pending = this.#pending.get(replica);
    if (pending === undefined) return;
    const known = this.#fold.committed.get(replica);
    pending.splice(0, firstThrough(pending, known + 1));
    if (pending.length === 0) this.#pending.delete(replica);
  }

  /** Forgets everything of a replica that has ended. */
  drop(replica: number): void {
    this.#pending.delete(replica);
  }

  #note(batch: Batch): void {
    const pending = this.#pending.get(batch.replica) ?? [];
    pending.push(batch);
    this.#pending.set(batch.replica, pending);
  }

  #afterPending(batch: Batch, through: number): ReturnType<Fold['judge']> {
    if (batch.first <= through) return this.#overlapping(batch, through);
    const invalid = (reason: string): ReturnType<Fold['judge']> => {
      return { type: 'void', code: 'invalid-edit', reason };
    };
    if (batch.first - batch.gap - 1 !== through) {
      return invalid(`a batch after ${batch.first - batch.gap - 1}, but ${through} is the last`);
    }
    const clock = Math.max(this.#fold.clock, through);
    if (batch.first > clock + 1) {
      return invalid(`timestamp ${batch.first} is ahead of ${clock} + 1`);
    }
    const unknown = this.#unknownReference(batch);
    if (unknown !== null) {
      return invalid(`no character (${unknown.timestamp}, ${unknown.replica}) to refer to`);
    }
    return { type: 'applied', batch };
  }

  /**
   * A resend: what it repeats must be what is here or on its way, and the rest goes on from there.
   */
  #overlapping(batch: Batch, through: number): ReturnType<Fold['judge']> {
    const agrees = this.#agrees(batch, Math.min(through, batchLast(batch)));
    if (agrees && batchLast(batch) <= through) return { type: 'covered' };
    if (agrees && canCut(batch, through + 1)) {
      return this.#afterPending(sliceBatch(batch, through + 1), through);
    }
    const reason = `other content is on its way under timestamps from ${batch.first}`;
    return { type: 'void', code: 'replica-forked', reason };
  }

  #agrees(batch: Batch, to: number): boolean {
    const known = Math.min(this.#fold.committed.get(batch.replica), batchLast(batch));
    if (batch.first <= known) {
      if (known < batchLast(batch) && !canCut(batch, known + 1)) return false;
      if (!this.#fold.sequence.holds(sliceBatch(batch, batch.first, known + 1))) return false;
    }
    const pending = this.#pending.get(batch.replica) ?? [];
    for (let i = firstThrough(pending, batch.first); i < pending.length; i++) {
      const noted = pending[i];
      if (noted === undefined || noted.first > to) break;
      const from = Math.max(batch.first, noted.first, known + 1);
      if (!sameOperations(batch, noted, from, Math.min(to, batchLast(noted)))) return false;
    }
    return true;
  }

  #unknownReference(batch: Batch): OpId | null {
    for (const op of batch.ops) {
      if (op.type === 'delete') {
        const last = { ...op.target, timestamp: op.target.timestamp + op.count - 1 };
        if (!this.#exists(batch, op.target)) return op.target;
        if (!this.#exists(batch, last)) return last;
        continue;
      }
      if (op.left !== null && !this.#exists(batch, op.left)) return op.left;
      if (op.right !== null && op.right !== 'same' && !this.#exists(batch, op.right)) {
        return op.right;
      }
    }
    return null;
  }

  #exists(batch: Batch, id: OpId): boolean {
    if (id.replica !== batch.replica) return this.#fold.sequence.has(id);
    if (insertsAt(batch, id.timestamp)) return true;
    const pending = this.#pending.get(batch.replica) ?? [];
    const earlier = pending[firstThrough(pending, id.timestamp)];
    if (earlier !== undefined && earlier.first <= id.timestamp) {
      return insertsAt(earlier, id.timestamp);
    }
    return this.#fold.sequence.has(id);
  }
}

/** Position of the first batch that goes through `timestamp` or beyond. */
function firstThrough(batches: readonly Batch[], timestamp: number): number {
  let low = 0;
  let high = batches.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const batch = batches[middle];
    if (batch !== undefined && batchLast(batch) < timestamp) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insertsAt(batch: Batch, timestamp: number): boolean {
  return operationAt(batch, timestamp)?.type === 'insert';
}
