/**
 * Goal: newcomers share one encoding while it is near enough, and nobody is served a state that
 * lacks what he was told of. Method: a fold that grows row by row, and what it serves.
 */
import { beforeEach, expect, it } from 'vitest';
import { defaultLimits } from '../limits.ts';
import { rowFromLog } from './durability.ts';
import { Fold } from './fold.ts';
import { ServedSnapshots } from './served-snapshots.ts';
import { logRow, Typist } from './testing/gateway-script.ts';

const newcomer = { lsn: 0, replica: 1 };
const typist = { lsn: 0, replica: 99 };
let author: Typist;
let fold: Fold;
let served: ServedSnapshots;

function type(text: string): void {
  const row = logRow(fold.lsn + 1, author.type(author.sequence.length, text));
  fold.apply(rowFromLog(77, row));
  served.rowFolded(row.body.length);
}

beforeEach(() => {
  author = new Typist(99);
  fold = new Fold(77);
  served = new ServedSnapshots(fold, { ...defaultLimits, servedSnapshotMs: 1_000 });
  type('a long text '.repeat(100));
});

it('is the same one for the next newcomer, though a row has come since', () => {
  const first = served.serve(newcomer, 0);
  type('x');
  expect(served.serve(newcomer, 0)).toBe(first);
});

it('is a new one for whoever wrote the row, or was told of it', () => {
  const first = served.serve(newcomer, 0);
  type('x');
  expect(served.serve(typist, 0)).not.toBe(first);
  const second = served.serve(newcomer, 0);
  type('y');
  expect(served.serve({ ...newcomer, lsn: fold.lsn }, 0)).not.toBe(second);
});

it('is a new one when the rows since are no small part of it', () => {
  const first = served.serve(newcomer, 0);
  type('as much again '.repeat(100));
  expect(served.serve(newcomer, 0)).not.toBe(first);
});

it('leaves memory when nobody asked for a while', () => {
  served.serve(newcomer, 0);
  served.serve(newcomer, 500);
  served.drop(1_000);
  expect(served.bytes).toBeGreaterThan(0);
  served.drop(1_500);
  expect([served.bytes, served.dropAtMs]).toEqual([0, null]);
});
