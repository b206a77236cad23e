/** Goal: the report judges and tells rightly. Method: reports written out, and the page as text. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FoundViolation } from '../../sim/checks/violation.ts';
import { Availability } from './availability.ts';
import { faultKinds } from './fault-kinds.ts';
import { exitCode, failureLines, type Report, shortcomings, tableOf } from './report.ts';

const found: FoundViolation = {
  kind: 'safety',
  property: 'S12',
  message: 'row 1 is not committed',
  about: ['c1'],
  event: 2,
  timeMs: 1_500,
};
const good: Report = {
  seed: 7,
  minutes: 10,
  operations: 1_000,
  faults: Object.fromEntries(faultKinds.map((kind) => [kind, 5])),
  violations: 0,
  lost: 0,
  doubled: 0,
  unavailableMsMax: 9,
  missing: {},
  planted: null,
  nodes: 3,
  clients: 24,
  documents: 3,
  edits: 500,
  rows: 400,
  rounds: 30,
  reconnectMsMax: 2,
  calmMsMax: 3,
  diskFullFelt: 4,
  checked: { S1: 5 },
  found: null,
  seconds: 600,
};

describe('a report', () => {
  it('counts if there was enough of everything', () => {
    expect(shortcomings(good, faultKinds)).toEqual([]);
    expect(exitCode(good, [])).toBe(0);
  });

  it('does not count with too little, and says of what', () => {
    const faults = { ...good.faults, 'redis-kill': 4 };
    const short = shortcomings({ ...good, operations: 999, faults }, faultKinds);
    expect(short).toEqual(['999 operations, not 1000', 'redis-kill 4 times, not 5']);
    expect(exitCode(good, short)).toBe(130);
  });

  it('asks a shorter run for its share, and a longer one for no more', () => {
    const faults = Object.fromEntries(faultKinds.map((kind) => [kind, 1]));
    expect(shortcomings({ ...good, minutes: 2, operations: 200, faults }, faultKinds)).toEqual([]);
    expect(shortcomings({ ...good, minutes: 4, operations: 400, faults }, faultKinds)).toHaveLength(
      faultKinds.length,
    );
    expect(shortcomings({ ...good, minutes: 60 }, faultKinds)).toEqual([]);
  });

  it('counts a kind as missing that the machine does not allow, with the reason', () => {
    const { 'postgres-disk-full': _none, ...faults } = good.faults;
    const missing = { 'postgres-disk-full': 'mount needs root' };
    const short = shortcomings({ ...good, faults, missing }, faultKinds);
    expect(short).toEqual(['postgres-disk-full 0 times, not 5: mount needs root']);
  });

  it.each([
    ['safety', 129],
    ['liveness', 128],
    ['crash', 127],
    ['harness', 130],
  ] as const)('ends with the code of what was found: %s', (kind, code) => {
    expect(exitCode({ ...good, found: { ...found, kind } }, ['too little'])).toBe(code);
  });

  it('tells what was found, who, where and how to plan it again', () => {
    const report = { ...good, found, violations: 1, planted: 'some-bug' };
    const lines = failureLines(report, found, '.cache/torture/x').join('\n');
    expect(lines).toContain('FAIL S12 (safety)  t=1.5 s, after 2 rounds');
    expect(lines).toContain('about: c1');
    expect(lines).toContain('kept: .cache/torture/x');
    expect(lines).toContain('npm run torture -- --minutes 10 --seed 7 --plant some-bug');
    expect(tableOf(report)).toContain('S12: row 1 is not committed');
  });

  it('is told field by field in docs/torture.md', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/torture.md'), 'utf8');
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    const told = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([\w-]+)`/g)]);
    const names = told.map(([, name]) => name);
    expect(names).toEqual([...faultKinds, ...Object.keys(good)]);
  });
});

describe('the time without acknowledgements', () => {
  it('runs from the first edit that waits to the next acknowledgement', () => {
    const availability = new Availability();
    availability.edited(100);
    availability.edited(300);
    availability.acknowledged(500);
    expect(availability.longestMs(500)).toBe(400);
    availability.nobodyWaits(600);
    expect(availability.longestMs(10_000)).toBe(400);
  });

  it('goes on while something waits, and counts what has no end yet', () => {
    const availability = new Availability();
    availability.edited(0);
    availability.acknowledged(10);
    expect(availability.longestMs(1_010)).toBe(1_000);
    availability.nobodyWaits(1_010);
    availability.edited(5_000);
    expect(availability.longestMs(5_001)).toBe(1_000);
  });
});
