/** Who may connect, by address, under a clock of the test's. */
import { beforeEach, expect, it } from 'vitest';
import { AddressLimits } from './address-limits.ts';
import type { ClientAddress } from './client-address.ts';

const ada: ClientAddress = { key: '203.0.113.1', isLocal: false };
const bob: ClientAddress = { key: '203.0.113.2', isLocal: false };
const here: ClientAddress = { key: 'local', isLocal: true };
const cost = { frames: 1, bytes: 100, operations: 10 };

let now = 0;
let limits: AddressLimits;

beforeEach(() => {
  now = 0;
  const intake = {
    frames: { perSecond: 2, burst: 4 },
    bytes: { perSecond: 0, burst: 0 },
    operations: { perSecond: 100, burst: 100 },
  };
  const rates = { intake, connects: { perSecond: 1, burst: 3 }, connectionsMax: 2 };
  limits = new AddressLimits(rates, () => now);
});

it('an address may have so many sockets, others are not touched', () => {
  for (const expected of [null, null, 'address-connections']) {
    expect(limits.refusal(ada)).toBe(expected);
    if (expected === null) limits.opened(ada);
  }
  expect(limits.refusal(bob)).toBeNull();
  limits.closed(ada);
  now = 1_000;
  expect(limits.refusal(ada)).toBeNull();
});

it('an address may open so many in a time', () => {
  const open = (): unknown => {
    const refusal = limits.refusal(ada);
    if (refusal !== null) return refusal;
    limits.opened(ada);
    limits.closed(ada);
    return null;
  };
  expect([open(), open(), open(), open()]).toEqual([null, null, null, 'address-connects']);
  now = 1_000;
  expect([open(), open()]).toEqual([null, 'address-connects']);
});

it('its sockets share what they may send', () => {
  const [one, other] = [limits.opened(ada), limits.opened(ada)];
  expect([1, 2, 3, 4].map(() => one?.take(cost, now))).toEqual([0, 0, 0, 0]);
  expect(other?.take(cost, now)).toBe(500);
  expect(limits.opened(bob)?.take(cost, now)).toBe(0);
  expect(limits.opened(bob)?.take({ ...cost, operations: 290 }, now)).toBe(2_000);
});

it('a peer may hold so many TCP connections', () => {
  const connected = Array.from({ length: 110 }, () => limits.connected(ada));
  expect(connected.filter((isIn) => isIn)).toHaveLength(102);
  limits.disconnected(ada);
  expect([limits.connected(ada), limits.connected(ada)]).toEqual([true, false]);
  expect(limits.connected(bob)).toBe(true);
});

it('this machine has no limit', () => {
  for (let i = 0; i < 1_000; i++) {
    expect(limits.connected(here)).toBe(true);
    expect(limits.refusal(here)).toBeNull();
    expect(limits.opened(here)).toBeNull();
  }
  for (let i = 0; i < 1_000; i++) limits.closed(here);
  expect(limits.size).toBe(0);
});

it('an address is forgotten when it is gone and has rested', () => {
  limits.refusal(ada);
  limits.opened(ada)?.take({ ...cost, frames: 3 }, now);
  limits.closed(ada);
  expect(limits.size).toBe(1);
  now = 60_000;
  limits.refusal(bob);
  expect(limits.size).toBe(2);
  limits.opened(ada);
  limits.closed(ada);
  expect(limits.size).toBe(1);
});

it('no more addresses are remembered than fit, and none that has a socket goes', () => {
  limits.opened(ada);
  for (let i = 0; i < 100_100; i++) limits.refusal({ key: `guest ${i}`, isLocal: false });
  expect(limits.size).toBe(100_000);
  expect(limits.opened(ada)).not.toBeNull();
  expect(limits.size).toBe(100_000);
});
