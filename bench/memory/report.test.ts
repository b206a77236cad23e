/** What the bars of bench:memory let pass. Method: figures that are made up. */
import { expect, it } from 'vitest';
import { machine } from '../engine/session.ts';
import type { CycleFigures } from './cycles.ts';
import type { WrittenFigures } from './long-document.ts';
import { failuresOf, type MemoryReport, memoryTables } from './report.ts';

it('lets the second cycle grow, and the last one by a twentieth of it', () => {
  expect(failuresOf(report({}))).toEqual([]);
  expect(failuresOf(report({ heaps: [50, 100, 105] }))).toEqual([]);
  expect(failuresOf(report({ heaps: [100, 100, 106] }))).toEqual([
    'heap and external memory of cycle 3 is 1.060 times that of cycle 2; at most 1.05 is allowed',
  ]);
});

it('lets resident memory vary, but not grow', () => {
  const left = (rss: number) => ({ left: { ...memory(100), rss, documents: 0, connections: 0 } });
  expect(failuresOf(report({ last: left(1_150) }))).toEqual([]);
  expect(failuresOf(report({ last: left(1_200) }))).toEqual([
    'resident memory of cycle 3 is 1.200 times that of cycle 2; at most 1.15 is allowed',
  ]);
});

it('names documents and sockets that stay, or never were there', () => {
  const stays = { left: { ...memory(100), documents: 2, connections: 1 } };
  const missing = { open: { ...memory(100), documents: 9, texts: 0 } };
  expect(failuresOf(report({ last: stays }))).toEqual([
    'cycle 3: 2 documents and 1 sockets stay in memory',
  ]);
  expect(failuresOf(report({ last: missing }))).toEqual([
    'cycle 3: 9 of 10 documents were open at once',
  ]);
});

it('names rows that stay, and a snapshot that does not cover them', () => {
  expect(failuresOf(report({ worn: { recentAfter: 7 } }))).toEqual([
    'worn: 7 bytes of rows stay in memory',
  ]);
  expect(failuresOf(report({ worn: { snapshotLsn: 3 } }))).toEqual([
    'worn: the newest snapshot covers 3 of 4 rows',
  ]);
});

it('tells what a tombstone costs beyond a text without any', () => {
  const table = memoryTables(report({ worn: { typedTexts: 1_600, openedTexts: 1_300 } }));
  expect(table).toContain('Per tombstone: 12.0 as typed, 6.0 as opened, 0.0 in the snapshot');
});

function report({
  heaps = [100, 100, 100],
  last = {},
  worn = {},
}: {
  readonly heaps?: readonly number[];
  readonly last?: Partial<CycleFigures>;
  readonly worn?: Partial<WrittenFigures>;
}): MemoryReport {
  const cycles = heaps.map((heapUsed, index) => ({
    seconds: 1,
    open: { ...memory(heapUsed), documents: 10, texts: 1_000 },
    left: { ...memory(heapUsed), documents: 0, connections: 0 },
    ...(index === heaps.length - 1 ? last : {}),
  }));
  const written: WrittenFigures = {
    ...{ length: 100, tombstones: 50, rows: 4, rowBytes: 400, snapshotLsn: 4, snapshotBytes: 300 },
    ...{ recentMax: 200, recentBefore: 100, recentAfter: 0, typedTexts: 1_000, openedTexts: 1_000 },
    process: memory(100),
  };
  const long = { worn: { ...written, ...worn }, plain: { ...written, tombstones: 0 } };
  return { machine: machine(), documents: 10, cycles, long };
}

function memory(heapUsed: number) {
  return { heapUsed, external: 0, arrayBuffers: 0, rss: 1_000 };
}
