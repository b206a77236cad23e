/**
 * A batch: operations that one replica made in a row, the unit of the log, the wire and the outbox.
 *
 * Every inserted UTF-16 code unit and every deleted one consumes one timestamp of the replica, in the
 * order of `ops`: the k-th unit of a batch has timestamp `first + k`. An operation therefore needs no
 * id of its own, and a batch can be sliced at any timestamp that does not cut a surrogate pair.
 *
 * These are plain data. The replica numbers inside are *names*: in an `Update` decoded by
 * `update-codec.ts` they are full 53-bit replica ids; in a frame decoded by `frame-codec.ts` they are
 * indexes into the fold's replica table (0 = the sender itself) until the receiver renames them.
 */

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
  /** Left origin of the first unit (the units after it have the one before); null = document start. */
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
}
