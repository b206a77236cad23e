/**
 * The client library, `sync-vector-engine/client`, for browsers and runtimes with a WebSocket of
 * their own. index-node.ts is the same list for Node.js (package.json chooses).
 */
export type { AckInfo, LocalPresence, SyncStatus } from '../engine/sync/replica-effects.ts';
export type { PeerPresence } from '../engine/sync/replica-presence.ts';
export type { TextChange } from '../engine/text/text-change.ts';
export { type ConnectOptions, connect } from './connect.ts';
export type { AckEvent, ChangeEvent, RescuedEvent, SessionEvents } from './session-events.ts';
export { SyncError, type SyncErrorCode } from './sync-error.ts';
export type { SyncSession } from './sync-session.ts';
export { bindTextarea, type TextareaBinding } from './textarea-binding.ts';
export type { TokenOption } from './token-source.ts';
export type { ClientTransport, TransportEvents, TransportFactory } from './transport.ts';
