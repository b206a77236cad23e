/**
 * A batch: operations that one replica made in a row, the unit of the log, the wire and the outbox.
 *
 * Every inserted UTF-16 code unit and every deleted one consumes one timestamp of the replica, in
 * the order of `ops`: the k-th unit of a batch has timestamp `first + k`. An operation therefore
 * needs no id of its own, and a batch can be sliced at any timestamp that does not cut a surrogate
 * pair.
 *
 * These are plain data. The replica numbers inside are *names*: in an `Update` decoded by
 * `update-codec.ts` they are full 53-bit replica ids; in a frame (`client-frame.ts`,
 * `server-frame.ts`) they are indexes into the fold's replica table (0 = the sender itself) until
 * the receiver renames them.
 *
 * The functions below cut, join and rename batches without changing what any timestamp means. They
 * trust the batch (the decoders check): a cut outside of it is the caller's mistake, a RangeError.
 */
import { cutsPair } from './text.ts';

/** Identity of one character or one deletion. Ordered by timestamp, then replica. */
export interface OpId {
  /** Lamport timestamp, 1 … 2^53-1. */
  readonly timestamp: number;
  /** Replica id, 1 … 2^53-1 (in a frame: an index, 0 … 2^32-1). */
  readonly replica: number;
}

export interface InsertOp {
  readonly type: 'insert';
  /** Timestamp of the first unit of `text`. */
  readonly timestamp: number;
  /** Left origin of the first unit (the others have the one before); null = document start. */
  readonly left: OpId | null;
  /**
   * Right origin of every unit; null = document end. `'same'`: the right origin that `left` has,
   * allowed only where `left` is the replica's previous timestamp (typing goes on where it was).
   */
  readonly right: OpId | null | 'same';
  /** At least one UTF-16 code unit, well-formed (no lone surrogate). */
  readonly text: string;
}

export interface DeleteOp {
  readonly type: 'delete';
  /** Timestamp of the first deletion. */
  readonly timestamp: number;
  /** Lowest id of the deleted range: characters target.timestamp … target.timestamp + count - 1. */
  readonly target: OpId;
  /** Number of characters deleted = timestamps consumed, ≥ 1. */
  readonly count: number;
  /** True when the k-th deletion hits the k-th character from the end (backspacing). */
  readonly reversed: boolean;
}

export type Op = InsertOp | DeleteOp;

/** Carried by the batch with which a replica first appears in a log; the fold binds it for ever. */
export interface Binding {
  /** SHA-256 of the replica's 128-bit secret, 32 bytes. */
  readonly secretHash: Uint8Array;
  /** Who was authenticated when the replica first wrote. */
  readonly principal: string;
}

export interface Batch {
  readonly replica: number;
  /** Timestamp of the first operation, ≥ 1. */
  readonly first: number;
  /** first - 1 - (the replica's last timestamp before this batch); 0 in the common case. */
  readonly gap: number;
  /** LSN that the author had applied when typing; 0 = nothing yet. */
  readonly base: number;
  /** At least one; timestamps run without a hole from `first`. */
  readonly ops: readonly Op[];
  readonly binding?: Binding;
  /**
   * How long the author had held the first operation when it sent the batch, ms of its own clock,
   * ≥ 1; absent: not told, as when it was sent at once. A hint for people: no verdict, order or
   * comparison looks at it, and a resend may carry another one.
   */
  readonly heldMs?: number;
}

/** Number of timestamps that an operation consumes, ≥ 1. */
export function opLength(op: Op): number {
  return op.type === 'insert' ? op.text.length : op.count;
}

/** Number of timestamps that a batch consumes, ≥ 1. */
export function batchOperations(batch: Batch): number {
  return batchLast(batch) - batch.first + 1;
}

/** Timestamp of the last operation. */
export function batchLast(batch: Batch): number {
  const op = batch.ops.at(-1);
  if (op === undefined) throw new RangeError(`batch ${batch.first} has no operation`);
  return op.timestamp + opLength(op) - 1;
}

/** Whether two ids, or two origins that may be missing, are the same. */
export function sameId(a: OpId | null, b: OpId | null): boolean {
  if (a === null || b === null) return a === b;
  return a.timestamp === b.timestamp && a.replica === b.replica;
}

/**
 * Whether the batch can be cut before `timestamp` (first … last + 1): not between the halves of an
 * inserted surrogate pair. Deletions carry no text, so a cut between the deletions of two halves is
 * not seen: who cuts for size, not at what is stored already, must not part them.
 */
export function canCut(batch: Batch, timestamp: number): boolean {
  for (const op of batch.ops) {
    if (timestamp <= op.timestamp) break;
    if (op.type === 'insert' && cutsPair(op.text, timestamp - op.timestamp)) return false;
  }
  return true;
}

/**
 * The operations with timestamps [from, to) as a batch of its own; `to` is last + 1 if not given.
 * The slice that begins the batch keeps its gap and binding; a later one follows it directly. Base
 * and held time stay. RangeError if the range is empty, not inside the batch, or cuts a surrogate
 * pair.
 */
export function sliceBatch(batch: Batch, from: number, to: number = batchLast(batch) + 1): Batch {
  const last = batchLast(batch);
  if (!(batch.first <= from && from < to && to <= last + 1)) {
    throw new RangeError(`[${from}, ${to}) is not inside the batch [${batch.first}, ${last}]`);
  }
  if (!canCut(batch, from) || !canCut(batch, to)) {
    throw new RangeError(`[${from}, ${to}) cuts a surrogate pair`);
  }
  if (from === batch.first && to === last + 1) return batch;
  const ops: Op[] = [];
  for (const op of batch.ops) {
    const start = Math.max(from - op.timestamp, 0);
    const end = Math.min(to - op.timestamp, opLength(op));
    if (start < end) ops.push(sliceOp(op, batch.replica, start, end));
  }
  const { replica, base, heldMs } = batch;
  if (from === batch.first) return { ...batch, ops };
  const rest = { replica, first: from, gap: 0, base, ops };
  return heldMs === undefined ? rest : { ...rest, heldMs };
}

/** Units [start, end) of an operation of `replica`. */
function sliceOp(op: Op, replica: number, start: number, end: number): Op {
  const timestamp = op.timestamp + start;
  if (op.type === 'insert') {
    const text = op.text.slice(start, end);
    if (start === 0) return { ...op, text };
    return {
      type: 'insert',
      timestamp,
      left: { timestamp: timestamp - 1, replica },
      right: 'same',
      text,
    };
  }
  return sliceDeletion(op, timestamp, op.timestamp + end);
}

/** The deletions with timestamps in [from, to), which must meet those of `run`. */
export function sliceDeletion<D extends DeleteOp>(run: D, from: number, to: number): D {
  const start = Math.max(from - run.timestamp, 0);
  const end = Math.min(to - run.timestamp, run.count);
  if (start === 0 && end === run.count) return run;
  const skipped = run.reversed ? run.count - end : start;
  return {
    ...run,
    timestamp: run.timestamp + start,
    target: { timestamp: run.target.timestamp + skipped, replica: run.target.replica },
    count: end - start,
  };
}

/** The same batch under other names, author and references alike. */
export function renameBatch(batch: Batch, rename: (name: number) => number): Batch {
  const renameId = (id: OpId): OpId => ({
    timestamp: id.timestamp,
    replica: rename(id.replica),
  });
  const ops = batch.ops.map((op): Op => {
    if (op.type === 'delete') return { ...op, target: renameId(op.target) };
    const left = op.left === null ? null : renameId(op.left);
    const right = op.right === null || op.right === 'same' ? op.right : renameId(op.right);
    return { ...op, left, right };
  });
  return { ...batch, replica: rename(batch.replica), ops };
}

/**
 * `a` and `b` as one batch, runs merged, if `b` follows `a` directly: same replica, same base, no
 * gap. Otherwise null. Of two held times the longer one stays.
 */
export function joinBatches(a: Batch, b: Batch): Batch | null {
  const follows = b.first === batchLast(a) + 1 && b.gap === 0 && b.binding === undefined;
  if (!follows || a.replica !== b.replica || a.base !== b.base) return null;
  const before = a.ops.at(-1);
  const after = b.ops[0];
  if (before === undefined || after === undefined) return null;
  const joined = joinOps(before, after, a.replica);
  const ops =
    joined === null ? [...a.ops, ...b.ops] : [...a.ops.slice(0, -1), joined, ...b.ops.slice(1)];
  const heldMs = Math.max(a.heldMs ?? 0, b.heldMs ?? 0);
  return heldMs === 0 ? { ...a, ops } : { ...a, ops, heldMs };
}

/** One operation of `replica` that means `a` and, without a hole, `b`; null: there is none. */
function joinOps(a: Op, b: Op, replica: number): Op | null {
  if (a.type === 'insert' && b.type === 'insert') {
    const goesOn = sameId(b.left, { timestamp: b.timestamp - 1, replica });
    const sameRight = b.right === 'same' || (a.right !== 'same' && sameId(a.right, b.right));
    return goesOn && sameRight ? { ...a, text: a.text + b.text } : null;
  }
  return a.type === 'delete' && b.type === 'delete' ? joinDeleteOps(a, b) : null;
}

/** As `joinDeletions`, but only to what may stand in a batch: all targets older than the first. */
export function joinDeleteOps(a: DeleteOp, b: DeleteOp): DeleteOp | null {
  const joined = joinDeletions(a, b);
  if (joined === null || joined.target.timestamp + joined.count > joined.timestamp) return null;
  return joined;
}

/** One run that means `a`, then `b` of the same author; null if there is none. */
export function joinDeletions<D extends DeleteOp>(a: D, b: D): D | null {
  if (b.timestamp !== a.timestamp + a.count || a.target.replica !== b.target.replica) return null;
  const count = a.count + b.count;
  // A single deletion has no direction and fits both.
  const mayRise = (!a.reversed || a.count === 1) && (!b.reversed || b.count === 1);
  if (mayRise && b.target.timestamp === a.target.timestamp + a.count) {
    return { ...a, count, reversed: false };
  }
  const mayFall = (a.reversed || a.count === 1) && (b.reversed || b.count === 1);
  if (mayFall && b.target.timestamp + b.count === a.target.timestamp) {
    return { ...a, target: b.target, count, reversed: true };
  }
  return null;
}
