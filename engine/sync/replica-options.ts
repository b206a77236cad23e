/** What a client's core is told at its start, and what it wants to be kept beyond its end. */
import type { Cursor } from '../ids.ts';
import type { Random } from '../random.ts';
import type { OutboxContent } from './outbox.ts';

/** Who a client is to the log; never shared by two live clients. */
export interface ReplicaIdentity {
  /** Random, 1 … 2^53 - 1. */
  readonly replica: number;
  /** 16 random bytes. */
  readonly secret: Uint8Array;
}

/**
 * What has to be kept so that an end without warning loses nothing that was typed. Written as a
 * whole: a store that holds half of it is worse than none.
 */
export interface StoredReplica extends OutboxContent {
  readonly identity: ReplicaIdentity;
  /** Up to where the log was known: the batches' bases are no later. null = nothing was. */
  readonly cursor: Cursor | null;
  /** Highest timestamp that the replica has given: a log with a higher one tells an old copy. */
  readonly last: number;
  /** Own timestamp that is known to be durable. */
  readonly settled: number;
}

export interface ReplicaOptions {
  readonly document: string;
  /** null: it is asked for (`tokenWanted`) before each connection, and ahead of its expiry. */
  readonly token: string | null;
  /** A fresh identity: at the start, and when the one in use has ended. */
  readonly newIdentity: () => ReplicaIdentity;
  /**
   * null: nothing outlives this core. With a store nothing is sent before it is told to be there
   * (`outboxStored`), so that no id of this replica can be given twice; and no edit is possible
   * until what the store `held` at the start (null = nothing) is loaded.
   */
  readonly localStore: { readonly held: StoredReplica | null } | null;
  /** Jitter of the backoff. */
  readonly random: Random;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** Heartbeat interval until a welcome tells the server's. */
  readonly heartbeatMs: number;
  /** Own presence is sent at most this often. */
  readonly presenceMs: number;
  /** Operations in one frame; longer edits are cut. */
  readonly frameOperationsMax: number;
}
