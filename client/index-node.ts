/** The client library for Node.js: the names of index.ts, with a `connect` that uses `ws`. */
export type { AckInfo, LocalPresence, SyncStatus } from '../engine/sync/replica-effects.ts';
export type { PeerPresence } from '../engine/sync/replica-presence.ts';
export type { TextChange } from '../engine/text/text-change.ts';
export type { ConnectOptions } from './connect.ts';
export { connect } from './connect-node.ts';
export type { AckEvent, ChangeEvent, RescuedEvent, SessionEvents } from './session-events.ts';
export { SyncError, type SyncErrorCode } from './sync-error.ts';
export type { SyncSession } from './sync-session.ts';
export { bindTextarea, type TextareaBinding } from './textarea-binding.ts';
export type { TokenOption } from './token-source.ts';
export type { ClientTransport, TransportEvents, TransportFactory } from './transport.ts';
