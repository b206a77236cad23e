/**
 * What a session needs of a network: sockets that it opens by number. Tools and tests bring their
 * own.
 */
import type { ClientTransportPort } from '../engine/driver/replica-driver.ts';

/**
 * Where a transport reports. Never called before the call that it answers has returned; reports
 * about a connection that was closed are ignored.
 */
export interface TransportEvents {
  opened(connection: number): void;
  /** A binary message; its bytes may be reused after the call. */
  received(connection: number, bytes: Uint8Array): void;
  /** Closed by the other side or the network, or never opened; a WebSocket close code. */
  closed(connection: number, code: number): void;
  /** The network may be back: a session that waits to try again tries now. */
  networkReturned(): void;
}

/** Opens, feeds and closes sockets as it is told; `connection` numbers are never used again. */
export interface ClientTransport extends ClientTransportPort {
  /** The session is over: let go of everything. */
  dispose(): void;
}

/** Makes the transport of one session. */
export type TransportFactory = (url: string, events: TransportEvents) => ClientTransport;
