/**
 * What is wrong with operations that came from elsewhere: never a programmer's error, which is an
 * assertion, and never the network's, which is an outcome value.
 */
import type { OpId } from '../proto/batch.ts';

/** A batch breaks a rule that it can never come to keep. */
export class InvalidBatchError extends Error {
  /** The batch's replica and first timestamp. */
  readonly id: OpId;

  constructor(id: OpId, reason: string) {
    super(`batch ${id.timestamp} of replica ${id.replica}: ${reason}`);
    this.name = 'InvalidBatchError';
    this.id = id;
  }
}

/** Ids that are here arrived with other content: two copies of one replica wrote. */
export class ReplicaForkedError extends Error {
  readonly replica: number;

  constructor(id: OpId) {
    super(`replica ${id.replica} wrote something else at ${id.timestamp} as well`);
    this.name = 'ReplicaForkedError';
    this.replica = id.replica;
  }
}

/** More batches wait for operations that have not come than a document may keep. */
export class BufferFullError extends Error {
  /** Operations that are waited for. */
  readonly missing: readonly OpId[];

  constructor(missing: readonly OpId[]) {
    super(`too many batches wait for ${missing.length} operations that are not here`);
    this.name = 'BufferFullError';
    this.missing = missing;
  }
}
