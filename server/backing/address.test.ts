/** What people are told of an address must not hold a password. */
import { expect, it } from 'vitest';
import { withoutPassword } from './address.ts';

it.each([
  ['postgres://u:hunter2@db:1/x?sslmode=require', 'postgres://u:***@db:1/x?sslmode=require'],
  ['postgres://db/x?user=u&password=hunter2&y=1', 'postgres://db/x?user=u&password=***&y=1'],
  ['redis-cluster://u:hun@ter2@a,[::1]:1', 'redis-cluster://u:***@a,[::1]:1'],
  ['rediss-cluster://:hunter2@a:1', 'rediss-cluster://:***@a:1'],
  ['redis://db:1/2', 'redis://db:1/2'],
  ['u:hunter2@db', 'no address'],
])('%s', (url, shown) => {
  expect(withoutPassword(url)).toBe(shown);
});
