/** What a log owes to those who typed. Method: rows by hand, with each kind of mistake in them. */
import { expect, it } from 'vitest';
import type { LogRow } from '../../engine/driver/ports.ts';
import type { Batch } from '../../proto/batch.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';
import { balanceOf } from './soak-accounts.ts';

const [ann, bob] = [2 ** 30, 2 ** 30 + 1];

function typed(replica: number, first: number, gap = 0): Batch {
  const left = first - gap === 1 ? null : { timestamp: first - 1 - gap, replica };
  const op = { type: 'insert', timestamp: first, left, right: null, text: 'x' } as const;
  const binding = { secretHash: new Uint8Array(32), principal: '' };
  return { replica, first, gap, base: 0, ops: [op], ...(left === null ? { binding } : {}) };
}

function log(...rows: readonly (readonly Batch[])[]): LogRow[] {
  return rows.map((batches, index) => {
    return { lsn: index + 1, at: index + 1, body: encodeUpdate({ batches }) };
  });
}

const rows = log([typed(ann, 1)], [typed(bob, 2, 1)], [typed(ann, 2)], [typed(ann, 2)]);

it('finds what was typed, and counts a resend once', () => {
  const accounts = [
    { author: ann, typed: 2, acked: 2 },
    { author: bob, typed: 1, acked: 1 },
  ];
  expect(balanceOf(rows, accounts)).toEqual({ found: 3, lost: 0, doubled: 0, unsent: 0 });
});

it('tells lost edits from those that a broken network kept back', () => {
  const accounts = [
    { author: ann, typed: 5, acked: 3 },
    { author: bob, typed: 3, acked: 0 },
  ];
  expect(balanceOf(rows, accounts)).toEqual({ found: 3, lost: 1, doubled: 0, unsent: 4 });
});

it('tells what nobody typed', () => {
  const accounts = [{ author: ann, typed: 1, acked: 1 }];
  expect(balanceOf(rows, accounts)).toEqual({ found: 3, lost: 0, doubled: 2, unsent: 0 });
});

it('has nothing to tell of a document without rows', () => {
  expect(balanceOf([], [{ author: ann, typed: 0, acked: 0 }])).toEqual({
    ...{ found: 0, lost: 0, doubled: 0, unsent: 0 },
  });
});
