/**
 * How long a request may take to arrive, and how many connections there may be: for those that
 * never finish what they begin, which includes handshakes of WebSockets.
 */
import type { Server, ServerOptions } from 'node:http';

/** A body may be a whole history (docs/http.md). */
const requestTimeoutMs = 300_000;
/** Besides WebSockets: requests, and handshakes that are under way. */
const otherConnectionsMax = 1_000;

/** For a new server: how often it looks for who is late, and how large a head may be. */
export const httpOptions: ServerOptions = {
  connectionsCheckingInterval: 500,
  maxHeaderSize: 16_384,
};

/** `helloMs`: time for the head of a request. */
export function limitRequests(
  server: Server,
  { helloMs, connectionsMax }: { readonly helloMs: number; readonly connectionsMax: number },
): void {
  server.headersTimeout = helloMs;
  server.requestTimeout = Math.max(requestTimeoutMs, helloMs);
  // More are cut at once.
  server.maxConnections = connectionsMax + otherConnectionsMax;
}
