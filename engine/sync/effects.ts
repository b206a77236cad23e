/**
 * What goes into a server node's core and what comes out of it. The driver performs effects in
 * order.
 */
import type { ClientFrame } from '../../proto/client-frame.ts';
import type { ErrorCode } from '../../proto/codes.ts';
import type { AppendResult, AuthDecision, AuthRequest, LogHead, LogPage } from '../driver/ports.ts';
import type { AppendId, ConnId, Instant } from '../ids.ts';
import type { DurableFrame, DurableMessage } from './durability.ts';
import type { Fold } from './fold.ts';

/** Why bytes from a socket were no frame. */
export type MalformedCode = 'bad-frame' | 'bad-document' | 'too-large';

export type Input =
  | { readonly type: 'connOpened'; readonly conn: ConnId }
  | {
      readonly type: 'connReceived';
      readonly conn: ConnId;
      readonly frame: ClientFrame;
      /** Size of the encoded frame. */
      readonly bytes: number;
    }
  | {
      readonly type: 'connMalformed';
      readonly conn: ConnId;
      readonly code: MalformedCode;
      readonly message: string;
    }
  /** What was sent so far has left the process (answer to `notifyDrained`). */
  | { readonly type: 'connDrained'; readonly conn: ConnId }
  | { readonly type: 'connClosed'; readonly conn: ConnId }
  | { readonly type: 'authDecided'; readonly sessionId: number; readonly decision: AuthDecision }
  | { readonly type: 'appendSettled'; readonly appendId: AppendId; readonly result: AppendResult }
  | { readonly type: 'logRead'; readonly readId: number; readonly page: LogPage | null }
  /** Answer to `loadSnapshot`. */
  | {
      readonly type: 'snapshotLoaded';
      readonly readId: number;
      readonly fold: Fold | null | 'failed';
    }
  /** Answer to `makeSnapshot`: LSN of the newest; null = it failed. */
  | {
      readonly type: 'snapshotMade';
      readonly document: string;
      readonly lsn: number | null;
    }
  /** Answer to `readHeads`; null = it failed. */
  | { readonly type: 'headsRead'; readonly heads: ReadonlyMap<string, LogHead> | null }
  /** The log is reachable again: it may be another one (restored, failed over). */
  | { readonly type: 'logReconnected' }
  | { readonly type: 'busReceived'; readonly document: string; readonly bytes: Uint8Array }
  /** Other nodes can be heard from now on, or cannot. Until the first word they can. */
  | { readonly type: 'busConnected'; readonly isUp: boolean }
  /** Messages may have been missed: of one document, or (null) of all. */
  | { readonly type: 'busGap'; readonly document: string | null }
  /** Stop: refuse new sessions, settle what is in flight, close. */
  | { readonly type: 'drain' }
  /** The deadline asked for has come. */
  | { readonly type: 'tick' };

/** An encoded frame that shows no committed operation: presence, error, heartbeat, window. */
export interface ControlFrame {
  readonly bytes: Uint8Array;
}

export type Effect =
  | { readonly type: 'send'; readonly conns: readonly ConnId[]; readonly frame: DurableFrame }
  | {
      readonly type: 'sendControl';
      readonly conns: readonly ConnId[];
      readonly frame: ControlFrame;
    }
  | { readonly type: 'notifyDrained'; readonly conn: ConnId }
  | {
      readonly type: 'close';
      readonly conn: ConnId;
      readonly code: number;
      readonly reason: string;
    }
  | { readonly type: 'decideAuth'; readonly sessionId: number; readonly request: AuthRequest }
  | {
      readonly type: 'append';
      readonly appendId: AppendId;
      readonly document: string;
      readonly epoch: number;
      readonly body: Uint8Array;
    }
  | {
      readonly type: 'readLog';
      readonly readId: number;
      readonly document: string;
      readonly afterLsn: number;
      readonly bytesMax: number;
    }
  /** The newest snapshot of the document. */
  | { readonly type: 'loadSnapshot'; readonly readId: number; readonly document: string }
  /** The log has grown by enough: a new snapshot, in the background. */
  | { readonly type: 'makeSnapshot'; readonly document: string }
  /** One at a time. */
  | { readonly type: 'readHeads'; readonly documents: readonly string[] }
  | { readonly type: 'publish'; readonly document: string; readonly message: DurableMessage }
  /** Presence for the other nodes: an encoded BusMessage. */
  | {
      readonly type: 'publishPresence';
      readonly document: string;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'subscribe'; readonly document: string }
  | { readonly type: 'unsubscribe'; readonly document: string }
  /** Something an operator wants to know; never text or tokens. */
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly event: string;
      readonly code?: ErrorCode;
      readonly detail?: string;
      readonly document?: string;
    }
  /** The drain is over: every connection is closed. */
  | { readonly type: 'drained' };

export interface Ready<E> {
  /** Perform in this order. */
  readonly effects: readonly E[];
  /** One absolute monotonic deadline; replaces the previous one. */
  readonly wakeAtMs: number | null;
}

/** A deterministic state machine: no I/O, no clock, no chance of its own. */
export interface Core<I, E> {
  step(now: Instant, input: I): Ready<E>;
}
