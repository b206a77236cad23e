/** What goes into a client's core and what comes out of it. */
import type { ErrorCode } from '../../proto/codes.ts';
import type { Splice } from '../../proto/frame-messages.ts';
import type { ServerFrame } from '../../proto/server-frame.ts';
import type { TextChange } from '../text/text-change.ts';

/** A person as the local editor tells it; indexes in UTF-16 units. */
export interface LocalPresence {
  readonly name: string;
  /** A CSS colour. */
  readonly color: string;
  /** The caret; null = the editor has no focus. */
  readonly head: number | null;
  /** The other end of a selection. */
  readonly anchor: number | null;
}

/**
 * - offline: no connection; the next attempt waits.
 * - connecting: a connection is being made, or its welcome is awaited.
 * - syncing: connected; rows are missing here, or own operations are not known to be durable.
 * - durable: everything typed here is in the log, and everything in the log was shown here.
 * - failed: the server refused for good (see the `failed` effect); typing goes on locally only.
 * - closed: stopped by the application.
 */
export type SyncStatus = 'offline' | 'connecting' | 'syncing' | 'durable' | 'failed' | 'closed';

export interface AckInfo {
  /** Own operations up to this timestamp are durable. */
  readonly through: number;
  readonly lsn: number;
  /** Commit time, ms since 1970, the server's clock. */
  readonly at: number;
  /** What others committed between the edit's base and its row. */
  readonly staleOperations: number;
  readonly staleMs: number;
}

export type ReplicaInput =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'edited'; readonly splices: readonly Splice[] }
  | { readonly type: 'presenceSet'; readonly presence: LocalPresence | null }
  /** Inputs of a connection carry its number; those of an earlier one are ignored. */
  | { readonly type: 'connOpened'; readonly connection: number }
  | { readonly type: 'connReceived'; readonly connection: number; readonly frame: ServerFrame }
  | { readonly type: 'connMalformed'; readonly connection: number; readonly message: string }
  | { readonly type: 'connClosed'; readonly connection: number; readonly code: number }
  /** Answer to `tokenWanted`; null: there is none now, ask again later. */
  | { readonly type: 'tokenGiven'; readonly request: number; readonly token: string | null }
  /** The local store has everything of this replica up to this timestamp. */
  | { readonly type: 'outboxStored'; readonly replica: number; readonly last: number }
  /** The network is back, or the application wants it now, even after a refusal: no backoff. */
  | { readonly type: 'reconnectNow' }
  /** Disconnect, and stay so until `reconnectNow`. */
  | { readonly type: 'goOffline' }
  | { readonly type: 'tick' };

export type ReplicaEffect =
  | { readonly type: 'connect'; readonly connection: number }
  | { readonly type: 'disconnect'; readonly connection: number }
  /** The application's token of this moment, as `tokenGiven`. */
  | { readonly type: 'tokenWanted'; readonly request: number }
  /** An encoded ClientFrame. */
  | { readonly type: 'send'; readonly connection: number; readonly bytes: Uint8Array }
  | {
      readonly type: 'textChanged';
      readonly origin: 'local' | 'remote';
      readonly changes: readonly TextChange[];
    }
  /** The local store is to be written again (`stored` of the core), at leisure. */
  | { readonly type: 'outboxChanged' }
  | { readonly type: 'statusChanged'; readonly status: SyncStatus }
  | { readonly type: 'presenceChanged' }
  /** The text as it will be about when the document is loaded: to be shown, not to be edited. */
  | { readonly type: 'previewed'; readonly text: string }
  | { readonly type: 'acked'; readonly ack: AckInfo }
  /** Text typed here that could not be merged: it is no longer in the document. */
  | { readonly type: 'rescued'; readonly code: ErrorCode; readonly texts: readonly string[] }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };
