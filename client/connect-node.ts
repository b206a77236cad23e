/** Opens sessions in Node.js. */
import { type ConnectOptions, connect as connectWith } from './connect.ts';
import type { SyncSession } from './sync-session.ts';
import { nodeTransport } from './transport-node.ts';

/** A session that begins to connect. TypeError if `url` is no address. */
export function connect(options: ConnectOptions): SyncSession {
  return connectWith({ ...options, transport: options.transport ?? nodeTransport });
}
