/** Sockets of the package `ws`: Node 20 has no WebSocket of its own. */
import { WebSocket } from 'ws';
import { SocketTransport } from './socket-transport.ts';
import { syncAddress } from './sync-address.ts';
import type { ClientTransport, TransportEvents } from './transport.ts';

/** A server that is gone must not keep a process that wants to end. */
const closeTimeout = 1_000;
const handshakeTimeout = 10_000;

export function nodeTransport(url: string, events: TransportEvents): ClientTransport {
  const address = syncAddress(url, URL);
  const options = { closeTimeout, handshakeTimeout, perMessageDeflate: false };
  return new SocketTransport({ events, openSocket: () => new WebSocket(address, options) });
}
