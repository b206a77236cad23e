/** What a session tells its application, and what the application tells about the person. */
import type { AckInfo, SyncStatus } from '../engine/sync/replica-effects.ts';
import type { PeerPresence } from '../engine/sync/replica-presence.ts';
import type { TextChange } from '../engine/text/text-change.ts';
import type { SyncError, SyncErrorCode } from './sync-error.ts';

/** Changes of the text, in order: each in the coordinates that the one before left. */
export interface ChangeEvent {
  readonly changes: readonly TextChange[];
  /** `local`: this session's own edits. */
  readonly origin: 'local' | 'remote';
}

/** Own operations are in the log. */
export interface AckEvent extends AckInfo {
  /** Since the oldest edit that this ack covers; null: the connection broke in between. */
  readonly latencyMs: number | null;
}

/** Text typed here that could not be merged and is no longer in the document. */
export interface RescuedEvent {
  readonly code: SyncErrorCode;
  readonly texts: readonly string[];
  readonly advice: string;
}

export interface SessionEvents {
  readonly change: ChangeEvent;
  readonly status: SyncStatus;
  /** Everybody else, as `peers`. */
  readonly presence: readonly PeerPresence[];
  readonly ack: AckEvent;
  readonly rescued: RescuedEvent;
  /** The text of a large document that is still being loaded: to be shown, not to be edited. */
  readonly preview: string;
  /** The server refused for good: the status is `failed`. */
  readonly error: SyncError;
}
