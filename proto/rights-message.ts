/** What a session may do after a new token was taken: a message of server frames. */
import type { Reader, Writer } from './wire.ts';

/** The answer to a new token that was taken. */
export interface RightsBody {
  readonly writable: boolean;
  /** The token, and the session with it, expires in so many milliseconds; 0: it does not. */
  readonly expiresInMs: number;
}

export function writeRights(writer: Writer, rights: RightsBody): void {
  writer.bool(1, rights.writable);
  writer.uint(2, rights.expiresInMs);
}

export function readRights(reader: Reader): RightsBody {
  const rights = { writable: false, expiresInMs: 0 };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) rights.writable = reader.bool('writable');
    else if (field === 2) rights.expiresInMs = reader.uint('expires_in_ms');
    else reader.skip();
  }
  return rights;
}
