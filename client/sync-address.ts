/** The WebSocket address of a server that people write as `http://host:4800`. */

interface Address {
  protocol: string;
  pathname: string;
  hash: string;
  readonly href: string;
}

/** Path of the sync endpoint; an address that names another path keeps it (a proxy's, say). */
const syncPath = '/v1/sync';

/**
 * `url` with the protocol of a WebSocket and a path; `Parser` is the platform's URL. TypeError if
 * it is no address or of another protocol.
 */
export function syncAddress(url: string, Parser: new (url: string) => Address): string {
  const address = new Parser(url);
  if (!/^(ws|http)s?:$/.test(address.protocol)) {
    throw new TypeError(`a server's address begins with http, https, ws or wss, got ${url}`);
  }
  address.protocol = address.protocol.replace('http', 'ws');
  if (address.pathname === '/') address.pathname = syncPath;
  address.hash = '';
  return address.href;
}
