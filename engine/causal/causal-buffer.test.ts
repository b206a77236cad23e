/** What waits, what comes out, and when there is no room. */
import { expect, test } from 'vitest';
import type { Batch } from '../../proto/batch.ts';
import { CausalBuffer } from './causal-buffer.ts';

function batchOf(replica: number, first: number): Batch {
  const op = { type: 'insert', timestamp: first, left: null, right: null, text: 'x' } as const;
  return { replica, first, gap: 0, base: 0, ops: [op] };
}

test('batches come out when what they wait for is here, by first timestamp, then replica', () => {
  const buffer = new CausalBuffer(10);
  for (const batch of [batchOf(3, 9), batchOf(2, 9), batchOf(4, 5), batchOf(4, 12)]) {
    expect(buffer.add(batch, { timestamp: batch.first - 3, replica: 1 })).toBe(true);
  }
  expect(buffer.release(2, 100)).toEqual([]);
  expect(buffer.release(1, 1)).toEqual([]);
  expect(buffer.release(1, 8)).toEqual([batchOf(4, 5), batchOf(2, 9), batchOf(3, 9)]);
  expect(buffer.size).toBe(1);
  expect(buffer.release(1, 9)).toEqual([batchOf(4, 12)]);
  expect(buffer.size).toBe(0);
});

test('what is missing is told once, by replica, then timestamp', () => {
  const buffer = new CausalBuffer(10);
  buffer.add(batchOf(1, 50), { timestamp: 30, replica: 9 });
  buffer.add(batchOf(2, 50), { timestamp: 4, replica: 9 });
  buffer.add(batchOf(3, 50), { timestamp: 30, replica: 9 });
  buffer.add(batchOf(4, 50), { timestamp: 40, replica: 8 });
  expect(buffer.missing).toEqual([
    { timestamp: 40, replica: 8 },
    { timestamp: 4, replica: 9 },
    { timestamp: 30, replica: 9 },
  ]);
});

test('a full buffer refuses more, but not what it holds', () => {
  const buffer = new CausalBuffer(1);
  const missing = { timestamp: 1, replica: 2 };
  expect(buffer.add(batchOf(1, 5), missing)).toBe(true);
  expect(buffer.add(batchOf(1, 5), missing)).toBe(true);
  expect(buffer.add(batchOf(1, 6), missing)).toBe(false);
  expect(buffer.release(2, 1)).toHaveLength(1);
  expect(buffer.add(batchOf(1, 6), missing)).toBe(true);
});
