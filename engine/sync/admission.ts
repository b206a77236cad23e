/**
 * The verdict before the append: what would the fold say about this batch after everything of its
 * replica that is on its way to the log? An honest client passes here and so never has a void batch
 * in the log; a hostile one that slips through is judged again by the fold, which rules.
 *
 * Keeps, per replica, the batches that were taken and are not folded yet. References to those
 * cannot be checked against the sequence; they must name a character that one of them inserts.
 */
import { type Batch, batchLast, canCut, type OpId, sliceBatch } from '../../proto/batch.ts';
import type { Fold, VoidCode } from './fold.ts';
import { operationUnits } from './operation-units.ts';

export type Admission =
  /** Append `batch` (without what is on its way already). */
  | { readonly type: 'append'; readonly batch: Batch }
  /** All of it is committed or on its way. */
  | { readonly type: 'known' }
  | { readonly type: 'refused'; readonly code: VoidCode; readonly reason: string };

export class AdmissionControl {
  readonly #fold: Fold;
  readonly #pending = new Map<number, Batch[]>();

  constructor(fold: Fold) {
    this.#fold = fold;
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
    this.#note(verdict.batch);
    return { type: 'append', batch: verdict.batch };
  }

  /** Forgets what the fold has by now; call after each row for each of its replicas. */
  settle(replica: number): void {
    const pending = this.#pending.get(replica);
    if (pending === undefined) return;
    const known = this.#fold.committed.get(replica);
    while ((pending[0] === undefined ? Infinity : batchLast(pending[0])) <= known) pending.shift();
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
    const said = operationUnits(batch);
    return (this.#pending.get(batch.replica) ?? []).every((pending) => {
      const noted = operationUnits(pending);
      const from = Math.max(batch.first, pending.first, known + 1);
      for (let at = from; at <= Math.min(to, batchLast(pending)); at++) {
        if (said.get(at) !== noted.get(at)) return false;
      }
      return true;
    });
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
    const batches = this.#pending.get(batch.replica) ?? [];
    for (let i = batches.length - 1; i >= 0; i--) {
      const earlier = batches[i];
      if (earlier !== undefined && earlier.first <= id.timestamp) {
        if (batchLast(earlier) >= id.timestamp) return insertsAt(earlier, id.timestamp);
        break;
      }
    }
    return this.#fold.sequence.has(id);
  }
}

function insertsAt(batch: Batch, timestamp: number): boolean {
  return batch.ops.some(
    (op) =>
      op.type === 'insert' &&
      op.timestamp <= timestamp &&
      timestamp < op.timestamp + op.text.length,
  );
}
