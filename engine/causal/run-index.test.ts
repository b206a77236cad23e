/** The index against a plain search. */
import { expect, test } from 'vitest';
import { Random } from '../random.ts';
import { type Run, RunIndex } from './run-index.ts';

test.each([2, 1024])('runs are found by any timestamp, in chunks of %i', (chunkMax) => {
  const random = new Random(1);
  const index = new RunIndex<Run>(chunkMax);
  const runs: Run[] = [];
  for (let step = 0; step < 400; step++) {
    const run = { replica: 1 + random.below(3), timestamp: 1 + random.below(500) };
    const known = runs.find((r) => r.replica === run.replica && r.timestamp === run.timestamp);
    if (known === undefined) {
      index.add(run);
      runs.push(run);
    } else {
      index.remove(known);
      runs.splice(runs.indexOf(known), 1);
    }
    const replica = 1 + random.below(3);
    const timestamp = random.below(510);
    const own = runs.filter((r) => r.replica === replica).sort((a, b) => a.timestamp - b.timestamp);
    const floor = own.findLast((r) => r.timestamp <= timestamp);
    expect(index.floor(replica, timestamp)).toBe(floor);
    expect(index.last(replica)).toBe(own.at(-1));
    expect(index.from(replica, timestamp)).toEqual(own.slice(floor ? own.indexOf(floor) : 0));
  }
  expect(() => index.remove({ replica: 1, timestamp: 501 })).toThrow('not in the index');
});
