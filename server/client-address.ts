/**
 * Which address a request counts for: the peer's, or the one that trusted proxies in front of the
 * server say they had theirs from.
 *
 * `X-Forwarded-For` is a list that each proxy appends to, so that only its right end can be
 * believed: it is walked from the right, as long as whoever appended is a trusted proxy. What a
 * client wrote there itself stands left of that and is never looked at. `Forwarded` (RFC 7239) is
 * not read: a server that reads both believes whichever the proxy does not overwrite.
 *
 * IPv4 in IPv6 clothes is IPv4. Of IPv6 the first 64 bits count: the rest is the host's to choose.
 */
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

/** Of what counts together. */
export interface ClientAddress {
  /** An IPv4 address, the first 64 bits of an IPv6 one, or `local`. */
  readonly key: string;
  /** This machine: a loopback address or a unix socket. Who is behind it is not known. */
  readonly isLocal: boolean;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [Address, number];

const local: ClientAddress = { key: 'local', isLocal: true };
/** Hops of a list that are looked at: more proxies than anybody has in a row. */
const hopsMax = 32;

/** Whether it can stand in the list of trusted proxies: an address or a range. */
export function isProxyRange(text: string): boolean {
  return ipaddr.isValidCIDR(text) || (ipaddr.isValid(text) && !text.includes('/'));
}

export class ClientAddresses {
  readonly #trusted: readonly Range[];

  /** `trustedProxies`: addresses and ranges (10.0.0.0/8); `unix` is not among them. */
  constructor(trustedProxies: readonly string[]) {
    this.#trusted = trustedProxies.map(rangeOf);
  }

  /** Who sent a request. */
  of({ socket, headers }: Pick<IncomingMessage, 'headers' | 'socket'>): ClientAddress {
    const peer = parsed(socket.remoteAddress ?? '');
    // Without an address it is a unix socket: as trusted as whoever may open the file.
    if (peer !== null && !this.#isTrusted(peer)) return counted(peer);
    if (peer === null && this.#trusted.length === 0) return local;
    const listed = String(headers['x-forwarded-for'] ?? '').split(',');
    let nearest = peer;
    for (const hop of listed.slice(-hopsMax).toReversed()) {
      const address = parsed(hop);
      // What is no address was not written by a proxy that is to be trusted.
      if (address === null) break;
      nearest = address;
      if (!this.#isTrusted(address)) break;
    }
    return nearest === null ? local : counted(nearest);
  }

  /** Who opened a TCP connection, before anything was said; null: a proxy, for whom it says. */
  ofPeer(remoteAddress: string | undefined): ClientAddress | null {
    const peer = parsed(remoteAddress ?? '');
    if (peer === null) return this.#trusted.length === 0 ? local : null;
    return this.#isTrusted(peer) ? null : counted(peer);
  }

  #isTrusted(address: Address): boolean {
    return this.#trusted.some((range) => isIn(address, range));
  }
}

/** Without the zone of a link-local address and the port that some proxies add; null: none. */
function parsed(text: string): Address | null {
  const trimmed = text.trim();
  const [, bracketed] = /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed) ?? [];
  const [, dotted] = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(trimmed) ?? [];
  const bare = (bracketed ?? dotted ?? trimmed).replace(/%.*$/, '');
  // The library takes 127.1 and 0x7f.1, too: no proxy writes that.
  if (!bare.includes(':') && !/^\d+\.\d+\.\d+\.\d+$/.test(bare)) return null;
  return ipaddr.isValid(bare) ? unwrapped(ipaddr.parse(bare)) : null;
}

function unwrapped(address: Address): Address {
  return isV6(address) && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

function isV6(address: Address): address is ipaddr.IPv6 {
  return address.kind() === 'ipv6';
}

function rangeOf(text: string): Range {
  if (!text.includes('/')) {
    const address = unwrapped(ipaddr.parse(text));
    return [address, isV6(address) ? 128 : 32];
  }
  const [address, bits] = ipaddr.parseCIDR(text);
  const plain = unwrapped(address);
  return [plain, isV6(address) && !isV6(plain) ? Math.max(0, bits - 96) : bits];
}

function isIn(address: Address, [start, bits]: Range): boolean {
  return address.kind() === start.kind() && address.match(start, bits);
}

function counted(address: Address): ClientAddress {
  if (address.range() === 'loopback') return local;
  if (!isV6(address)) return { key: address.toString(), isLocal: false };
  const network = address.parts.slice(0, 4).map((part) => part.toString(16));
  return { key: `${network.join(':')}::/64`, isLocal: false };
}
