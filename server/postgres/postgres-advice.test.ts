/** Advice on real messages of PostgreSQL 15 and 18. */
import { expect, it } from 'vitest';
import { adviceOn, mayPass } from './postgres-advice.ts';

it.each([
  [
    'selecting dynamic shared memory implementation ... posix\nFATAL:  could not extend file ' +
      '"base/1/2691": wrote only 4096 of 8192 bytes at block 10\nHINT:  Check free disk space.',
    'The disk is full',
    false,
  ],
  [
    'initdb: error: could not create directory "/d/pg_wal": No space left on device',
    'The disk is full',
    false,
  ],
  [
    'LOG:  could not bind IPv4 address "127.0.0.1": Address already in use\n' +
      'FATAL:  could not create any TCP/IP sockets',
    'Another program took the port',
    true,
  ],
  [
    'FATAL:  lock file "postmaster.pid" already exists\nHINT:  Is another postmaster (PID 1) running',
    'Another PostgreSQL uses the data folder',
    true,
  ],
  [
    'FATAL:  pre-existing shared memory block (key 1795364907, ID 4) is still in use\n' +
      'HINT:  Terminate any old server processes associated with data directory "/d".',
    'Another PostgreSQL uses the data folder',
    true,
  ],
  ['FATAL:  data directory "/d" has wrong ownership', 'check owner and mode', false],
  [
    'FATAL:  could not resize shared memory segment "/PostgreSQL.1" to 1 bytes: out of memory',
    'Shared memory is short',
    false,
  ],
  ['FATAL:  invalid value for parameter "shared_buffers": "lots"', 'It said:', false],
])('reads %j', (printed, advice, again) => {
  expect(adviceOn(printed)).toContain(advice);
  expect(mayPass(printed)).toBe(again);
});
