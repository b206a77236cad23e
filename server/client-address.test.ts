/**
 * Goal: no header that a client writes changes for whom it counts, and everybody behind a trusted
 * proxy counts for themselves. Method: cases with the header as it arrives; a property with a
 * hostile prefix of the list.
 */
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientAddresses, isProxyRange } from './client-address.ts';

function keyOf(trusted: readonly string[], peer: string | undefined, forwarded?: string): string {
  const request = new IncomingMessage(new Socket());
  Object.defineProperty(request.socket, 'remoteAddress', { value: peer });
  if (forwarded !== undefined) request.headers['x-forwarded-for'] = forwarded;
  const { key, isLocal } = new ClientAddresses(trusted).of(request);
  expect(isLocal).toBe(key === 'local');
  return key;
}

const proxies = ['10.0.0.0/8', '2001:db8:aaaa::/48', '192.168.7.7'];

describe('without trusted proxies', () => {
  for (const [peer, key] of [
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::ffff:cb00:7109', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['127.0.0.1', 'local'],
    ['127.9.9.9', 'local'],
    ['::1', 'local'],
    ['::ffff:127.0.0.1', 'local'],
    [undefined, 'local'],
  ] as const) {
    it(`${peer ?? 'a unix socket'} counts as ${key}, whatever it says`, () => {
      expect(keyOf([], peer)).toBe(key);
      expect(keyOf([], peer, '198.51.100.1')).toBe(key);
    });
  }
});

describe('behind trusted proxies', () => {
  for (const [what, forwarded, key] of [
    ['one hop', '203.0.113.9', '203.0.113.9'],
    ['two proxies in a row', '203.0.113.9, 10.2.2.2', '203.0.113.9'],
    ['a list in which the client lied', '1.1.1.1, 10.9.9.9, 203.0.113.9', '203.0.113.9'],
    ['IPv6', '2001:db8:5:6:7::8', '2001:db8:5:6::/64'],
    ['IPv6 in brackets, with a port', '[2001:db8:5:6:7::8]:4711', '2001:db8:5:6::/64'],
    ['IPv4 with a port', '203.0.113.9:4711', '203.0.113.9'],
    ['IPv4 in IPv6', '::ffff:203.0.113.9', '203.0.113.9'],
    ['words right of the client', '203.0.113.9, unknown', '10.1.1.1'],
    ['a number that is no address', '203.0.113.9, 127.1', '10.1.1.1'],
    ['proxies only', '10.3.3.3, 192.168.7.7', '10.3.3.3'],
    ['nothing', '', '10.1.1.1'],
  ] as const) {
    it(`${what}: ${JSON.stringify(forwarded)} counts as ${key}`, () => {
      expect(keyOf(proxies, '10.1.1.1', forwarded)).toBe(key);
      expect(keyOf(proxies, '::ffff:10.1.1.1', forwarded)).toBe(key);
    });
  }

  it('a unix socket is the proxy', () => {
    expect(keyOf(proxies, undefined, '203.0.113.9')).toBe('203.0.113.9');
  });

  it('whoever comes past them counts for itself', () => {
    expect(keyOf(proxies, '198.51.100.4', '203.0.113.9')).toBe('198.51.100.4');
    expect(keyOf(proxies, '192.168.7.8', '203.0.113.9')).toBe('192.168.7.8');
  });

  it('what a client writes into the list never changes for whom it counts', () => {
    const written = fc.oneof(
      ...[fc.ipV4(), fc.ipV6(), fc.string(), fc.constant('10.1.1.1'), fc.constant('127.0.0.1')],
    );
    fc.assert(
      fc.property(fc.array(written, { maxLength: 50 }), fc.nat(3), (lies, hops) => {
        const appended = ['203.0.113.9', ...Array.from({ length: hops }, () => '10.2.2.2')];
        const list = [...lies, ...appended].join(', ');
        expect(keyOf(proxies, '10.1.1.1', list)).toBe('203.0.113.9');
      }),
    );
  });
});

it('a connection counts for its peer before it says anything, unless that is a proxy', () => {
  const addresses = new ClientAddresses(proxies);
  expect(addresses.ofPeer('203.0.113.9')?.key).toBe('203.0.113.9');
  expect(addresses.ofPeer('10.1.1.1')).toBeNull();
  expect(addresses.ofPeer('::ffff:10.1.1.1')).toBeNull();
  expect(addresses.ofPeer(undefined)).toBeNull();
  expect(new ClientAddresses([]).ofPeer(undefined)?.isLocal).toBe(true);
});

it('addresses and ranges can be trusted, names cannot', () => {
  const are = ['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', '::ffff:10.0.0.0/104'];
  expect(are.filter((text) => !isProxyRange(text))).toEqual([]);
  const areNot = ['', 'proxy', '10.0.0.0/33', '10.0.0.0/', '/8', '*', '10.0.0.0/8/8'];
  expect(areNot.filter(isProxyRange)).toEqual([]);
  expect(keyOf(['::ffff:10.0.0.0/104'], '10.1.1.1', '203.0.113.9')).toBe('203.0.113.9');
});
