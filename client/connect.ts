/** Opens sessions on a platform with a WebSocket of its own, browsers above all. */
import type { ClockPort } from '../engine/driver/ports.ts';
import { randomBytes, reportError, SystemClock } from './clock.ts';
import { type SessionOptions, SyncSession } from './sync-session.ts';
import type { TransportFactory } from './transport.ts';
import { webSocketTransport } from './transport-websocket.ts';

export interface ConnectOptions extends SessionOptions {
  /** Replaces the platform's sockets. */
  readonly transport?: TransportFactory;
  /** Replaces the platform's clock. */
  readonly clock?: ClockPort;
}

/** A session that begins to connect. TypeError if `url` is no address. */
export function connect(options: ConnectOptions): SyncSession {
  const { clock = new SystemClock(), transport = webSocketTransport } = options;
  return new SyncSession(options, { clock, transport, randomBytes, reportError });
}
