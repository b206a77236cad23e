/**
 * How large a WebSocket message may be: small until its sender is known, so that sockets on which
 * nobody has been authenticated hold next to nothing. `ws` takes one limit for all sockets and
 * reads it from its receiver at each message; what is over it is refused when its header comes,
 * before any of it is kept.
 */
import type { WebSocket } from 'ws';

const tooBig = 1009;

/** Takes messages of up to so many bytes from now on. */
export function allowMessages(socket: WebSocket, bytesMax: number): void {
  const receiver: unknown = Reflect.get(socket, '_receiver');
  if (receiver instanceof Object) Reflect.set(receiver, '_maxPayload', bytesMax);
}

/**
 * Of a message over the limit, ws reads the header and closes with 1009. The client shall hear
 * why, and with a code of ours; after a close frame that would be too late.
 */
export function explainTooBig(socket: WebSocket, explain: () => void): void {
  const close = socket.close.bind(socket);
  socket.close = (code, reason) => {
    if (code !== tooBig) close(code, reason);
    else explain();
  };
}
