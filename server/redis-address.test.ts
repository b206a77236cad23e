/** Goal: each form of REDIS_URL is read as it is meant, others are not; no password is shown. */
import { describe, expect, it } from 'vitest';
import { parseRedisAddress } from './redis-address.ts';

const cluster = (seeds: readonly [string, number][], login = {}): unknown => ({
  type: 'cluster',
  seeds: seeds.map(([host, port]) => ({ host, port })),
  login,
});

describe('parseRedisAddress', () => {
  const forms: readonly [string, unknown][] = [
    ['redis://db', { type: 'single', url: 'redis://db' }],
    ['rediss://u:p@db:1/2', { type: 'single', url: 'rediss://u:p@db:1/2' }],
    ['redis-cluster://db', cluster([['db', 6379]])],
    [
      'redis-cluster://a:7000,b:7001,[::1]:7002/',
      cluster([
        ['a', 7000],
        ['b', 7001],
        ['::1', 7002],
      ]),
    ],
    ['redis-cluster://:p@a:1', cluster([['a', 1]], { password: 'p' })],
    ['redis-cluster://u:p%40%2C@a', cluster([['a', 6379]], { username: 'u', password: 'p@,' })],
    ['rediss-cluster://u:p@a', cluster([['a', 6379]], { username: 'u', password: 'p', tls: {} })],
  ];

  for (const [text, expected] of forms) {
    it(`reads ${text}`, () => expect(parseRedisAddress(text)).toEqual(expected));
  }

  const others = [
    ...['', 'db', 'http://db', 'redis-cluster:', 'redis-cluster://', 'redis-cluster://u@'],
    ...[
      'redis-cluster://a,',
      'redis-cluster://a:x',
      'redis-cluster://a:70000',
      'redis-cluster://a b',
    ],
    ...['redis-cluster://a/1', 'redis-cluster://a?x=1', 'redis-cluster://u:%zz@a', 'cluster://a'],
  ];

  for (const text of others) {
    it(`does not read ${JSON.stringify(text)}`, () => expect(parseRedisAddress(text)).toBeNull());
  }
});
