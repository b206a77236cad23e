/** Goal: the report judges and tells rightly. Method: reports written out, and the page as text. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { passed, quantile, type Report, type ReportDetails, tableOf } from './report.ts';

const good: Report = {
  trace: 'some',
  clients: 2,
  edits: 4,
  equal: true,
  lost: 0,
  doubled: 0,
  kills: 0,
  recoverMsMax: 0,
  ackMsP50: 1,
  ackMsP99: 2,
  seed: 7,
  transactions: 3,
  concurrentShare: 2 / 3,
  traceConcurrentShare: 2 / 3,
  operations: 9,
  seconds: 1,
};
const details: ReportDetails = {
  stuck: null,
  differing: [],
  misplaced: 0,
  rows: 3,
  recoverMs: [],
};

test('a report passes only if nothing is wrong', () => {
  expect(passed(good, details)).toBe(true);
  expect(passed(good, { ...details, misplaced: null, rows: null })).toBe(true);
  expect(passed({ ...good, equal: false }, details)).toBe(false);
  expect(passed({ ...good, lost: 1 }, details)).toBe(false);
  expect(passed({ ...good, doubled: 1 }, details)).toBe(false);
  expect(passed({ ...good, concurrentShare: 0.5 }, details)).toBe(false);
  expect(passed(good, { ...details, misplaced: 1 })).toBe(false);
  expect(passed(good, { ...details, stuck: 'here' })).toBe(false);
});

test('the table names the texts that differ', () => {
  const table = tableOf({ ...good, equal: false }, { ...details, differing: ['client 1'] });
  expect(table).toContain('differ: client 1');
});

test('a quantile is one of the values, the highest at the end, and 0 of none', () => {
  expect(quantile([3, 1, 2], 0.5)).toBe(2);
  expect(quantile([3, 1, 2], 0.99)).toBe(3);
  expect(quantile([], 0.5)).toBe(0);
});

test('docs/replay.md tells every field', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/replay.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const told = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)]);
  expect(told.map(([, field]) => field)).toEqual(Object.keys(good));
});
