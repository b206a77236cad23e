/** Deletions: which character each hit, gathered into runs or not, and which a version has. */
import { expect, test } from 'vitest';
import type { DeleteOp } from '../../proto/batch.ts';
import { OpLog } from './op-log.ts';
import { VersionVector } from './version-vector.ts';

function deletion(timestamp: number, target: number, count = 1, reversed = false): DeleteOp {
  return { type: 'delete', timestamp, target: { timestamp: target, replica: 1 }, count, reversed };
}

function logOf(...ops: readonly DeleteOp[]): OpLog {
  const log = new OpLog();
  for (const op of ops) log.addDeletion(2, op);
  return log;
}

function targets(log: OpLog, from: number, to: number): (number | undefined)[] {
  return Array.from(
    { length: to - from },
    (_, k) => log.targetOf({ timestamp: from + k, replica: 2 })?.timestamp,
  );
}

test('forward and backward deletions are gathered, and each still tells its target', () => {
  const log = logOf(deletion(10, 3), deletion(11, 4, 2), deletion(13, 9), deletion(14, 8));
  expect([...log.deletionsIn(log.versionVector)]).toEqual([
    { ...deletion(10, 3, 3), replica: 2 },
    { ...deletion(13, 8, 2, true), replica: 2 },
  ]);
  expect(targets(log, 9, 16)).toEqual([undefined, 3, 4, 5, 9, 8, undefined]);
  expect(log.clock).toBe(14);
});

test('a hole in the timestamps, another direction or another replica ends a run', () => {
  const log = logOf(deletion(10, 3), deletion(12, 4), deletion(13, 3), deletion(14, 4));
  log.addDeletion(2, { ...deletion(15, 5), target: { timestamp: 5, replica: 3 } });
  expect([...log.deletionsIn(log.versionVector)].map(({ timestamp }) => timestamp)).toEqual([
    10, 12, 14, 15,
  ]);
});

test('a version has the part of a run up to its timestamp', () => {
  const log = logOf(deletion(10, 3, 4, true));
  const version = VersionVector.from([[2, 11]]);
  expect([...log.deletionsIn(version)]).toEqual([{ ...deletion(10, 5, 2, true), replica: 2 }]);
  expect([...log.deletionsIn(VersionVector.from([[2, 9]]))]).toEqual([]);
});
