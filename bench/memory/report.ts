/** The figures as tables, and which bars they miss. */
import { must } from '../../engine/assert.ts';
import type { machine } from '../engine/session.ts';
import type { CycleFigures } from './cycles.ts';
import type { LongFigures, WrittenFigures } from './long-document.ts';
import type { ProcessMemory } from './node-process.ts';

export interface MemoryReport {
  readonly machine: ReturnType<typeof machine>;
  /** Asked for, in every cycle. */
  readonly documents: number;
  /** At least two. */
  readonly cycles: readonly CycleFigures[];
  readonly long: LongFigures;
}

/**
 * The last cycle against the second: the first one fills caches and compiles code, which goes on
 * for some ten thousand documents. Allocators keep some of the pages that were in use while all
 * documents were open, now more, now fewer.
 */
const usedGrowthMax = 1.05;
const residentGrowthMax = 1.15;

/** What is not as it must be, a line each; none: all is well. */
export function failuresOf({ documents, cycles, long }: MemoryReport): readonly string[] {
  const failures: string[] = [];
  cycles.forEach(({ open, left }, index) => {
    const cycle = `cycle ${index + 1}`;
    if (open.documents !== documents) {
      failures.push(`${cycle}: ${open.documents} of ${documents} documents were open at once`);
    }
    if (left.documents > 0 || left.connections > 0) {
      const what = `${left.documents} documents and ${left.connections} sockets`;
      failures.push(`${cycle}: ${what} stay in memory`);
    }
  });
  const second = must(cycles[1], 'a second cycle').left;
  const last = must(cycles.at(-1), 'a last cycle').left;
  const compare = (what: string, growth: number, growthMax: number): void => {
    if (growth <= growthMax) return;
    const factor = `${growth.toFixed(3)} times that of cycle 2`;
    failures.push(
      `${what} of cycle ${cycles.length} is ${factor}; at most ${growthMax} is allowed`,
    );
  };
  compare('heap and external memory', used(last) / used(second), usedGrowthMax);
  compare('resident memory', last.rss / second.rss, residentGrowthMax);
  for (const [name, { recentAfter, snapshotLsn, rows }] of Object.entries(long)) {
    if (snapshotLsn !== rows) {
      failures.push(`${name}: the newest snapshot covers ${snapshotLsn} of ${rows} rows`);
    }
    if (recentAfter > 0) failures.push(`${name}: ${recentAfter} bytes of rows stay in memory`);
  }
  return failures;
}

/** For people. */
export function memoryTables(report: MemoryReport): string {
  const { documents, cycles, long } = report;
  const { worn, plain } = long;
  const open = must(cycles.at(-1), 'a last cycle').open;
  return [
    Object.values(report.machine).join(', '),
    '',
    `${documents} documents opened, edited, left: heap, external memory, both, and RSS;`,
    'bytes after garbage collection',
    '',
    '| cycle | s     | open: both  | open: RSS   | left: heap  | external    | RSS         |',
    '| ----- | ----- | ----------- | ----------- | ----------- | ----------- | ----------- |',
    ...cycles.map(cycleLine),
    '',
    `Texts of the open documents in the last cycle: ${bytes(open.texts)} bytes`,
    '',
    `One document of ${worn.length} characters and ${worn.tombstones} tombstones, and one of as`,
    'many characters without any; bytes',
    '',
    '|                             | with tombstones | without       |',
    '| --------------------------- | --------------- | ------------- |',
    row('rows in the log', long, ({ rows }) => rows),
    row('the same, bytes', long, ({ rowBytes }) => rowBytes),
    row('rows kept, at most', long, ({ recentMax }) => recentMax),
    row('the same before a snapshot', long, ({ recentBefore }) => recentBefore),
    row('the same after it', long, ({ recentAfter }) => recentAfter),
    row('snapshot', long, ({ snapshotBytes }) => snapshotBytes),
    row('text, as typed', long, ({ typedTexts }) => typedTexts),
    row('text, as opened', long, ({ openedTexts }) => openedTexts),
    row('heap', long, ({ process }) => process.heapUsed),
    row('external', long, ({ process }) => process.external),
    row('RSS', long, ({ process }) => process.rss),
    '',
    `Per character without tombstones: ${share(plain.typedTexts, plain.length)} as typed, ` +
      `${share(plain.openedTexts, plain.length)} as opened, ` +
      `${share(plain.snapshotBytes, plain.length)} in the snapshot`,
    `Per tombstone: ${perTombstone(long, ({ typedTexts }) => typedTexts)} as typed, ` +
      `${perTombstone(long, ({ openedTexts }) => openedTexts)} as opened, ` +
      `${perTombstone(long, ({ snapshotBytes }) => snapshotBytes)} in the snapshot`,
  ].join('\n');
}

function used({ heapUsed, external }: ProcessMemory): number {
  return heapUsed + external;
}

function cycleLine({ seconds, open, left }: CycleFigures, index: number): string {
  const cells = [open.heapUsed + open.external, open.rss, left.heapUsed, left.external, left.rss];
  const [cycle, time] = [String(index + 1).padEnd(5), String(seconds).padEnd(5)];
  return `| ${[cycle, time, ...cells.map((cell) => bytes(cell).padEnd(11))].join(' | ')} |`;
}

function row(
  name: string,
  { worn, plain }: LongFigures,
  figure: (of: WrittenFigures) => number,
): string {
  const cells = [bytes(figure(worn)).padEnd(15), bytes(figure(plain)).padEnd(13)];
  return `| ${[name.padEnd(27), ...cells].join(' | ')} |`;
}

function perTombstone({ worn, plain }: LongFigures, of: (each: WrittenFigures) => number): string {
  return share(of(worn) - of(plain), worn.tombstones);
}

function share(total: number, parts: number): string {
  return (total / parts).toFixed(1);
}

function bytes(count: number): string {
  return count.toLocaleString('en');
}
