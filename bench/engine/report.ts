/**
 * The figures as tables in Markdown: per workload one of times and one of saves, a column per
 * library, medians with the least and the greatest; with peers also how far ahead the first library
 * is of the best of them (its figure by ours: above 1 is ahead).
 */
import type { Failure, Measurement } from './comparison.ts';
import type { Library } from './library.ts';
import type { Series } from './plot.ts';
import type { Summary } from './statistics.ts';

export interface Report {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly libraries: readonly Pick<Library, 'name' | 'version' | 'notes' | 'saves'>[];
  readonly measurements: readonly Measurement[];
  readonly failures: readonly Failure[];
}

export function tables(report: Report): string {
  const workloads = [...new Set(report.measurements.map(({ workload }) => workload))];
  const head = Object.values(report.machine).join(', ');
  const versions = report.libraries.map(({ name, version, notes }) =>
    [`- ${name} ${version}`, ...notes].join('; '),
  );
  const failures = report.failures.map(
    ({ workload, library, line, reason }) => `- ${workload}, ${library}, ${line}: ${reason}`,
  );
  return [
    head,
    versions.join('\n'),
    ...workloads.flatMap((workload) => {
      const rows = report.measurements.filter((row) => row.workload === workload);
      return [`## ${workload}`, timesTable(report, rows), savesTable(report, rows)];
    }),
    ...(failures.length === 0 ? [] : ['## Without a figure', failures.join('\n')]),
  ].join('\n\n');
}

/** Microseconds per operation: a row per size, a column per kind of operation. */
export function scalingTable(series: readonly Series[]): string {
  const sizes = series[0]?.points.map(({ x }) => x) ?? [];
  const lines = sizes.map((size) => [
    size.toLocaleString('en'),
    ...series.map(({ points }) => cellOf(points.find(({ x }) => x === size))),
  ]);
  return table(['characters', ...series.map(({ name }) => `${name}, µs`)], lines);
}

/** What is not about a save: a row per figure, a column per library. */
function timesTable({ libraries }: Report, rows: readonly Measurement[]): string {
  const names = libraries.map(({ name }) => name);
  const figures = new Set(rows.filter(({ format }) => format === '').map(({ figure }) => figure));
  const lines = [...figures].map((figure) => {
    const cells = names.map((name) => {
      return rows.find((row) => row.library === name && row.figure === figure);
    });
    const [ours, ...peers] = cells.map((cell) => cell?.median);
    return [figure, ...cells.map(cellOf), ...aheadCells(names, ours, peers)];
  });
  return table(['figure', ...names, ...(names.length > 1 ? ['ahead'] : [])], lines);
}

/**
 * A row per library and format, a column per figure; below, how far each of the first library's
 * formats is ahead of the best peer: at sizes of those with as much history, else of all.
 */
function savesTable({ libraries }: Report, rows: readonly Measurement[]): string {
  const saved = rows.filter(({ format }) => format !== '');
  const figures = [...new Set(saved.map(({ figure }) => figure))];
  const formats = libraries.flatMap(({ name, saves }) =>
    saves.map((save) => ({ library: name, ...save })),
  );
  const find = (library: string, format: string, figure: string) =>
    saved.find((row) => row.library === library && row.format === format && row.figure === figure);
  const lines = formats.map(({ library, name, history, compression }) => [
    `${library} ${name}`,
    history,
    compression,
    ...figures.map((figure) => cellOf(find(library, name, figure))),
  ]);
  const ours = libraries[0]?.name ?? '';
  const ahead = formats.filter(({ library }) => library === ours && libraries.length > 1);
  const ratios = ahead.map(({ name, history }) => [
    `${name} ahead`,
    '',
    '',
    ...figures.map((figure) => {
      const rivals = formats.filter((rival) => {
        return rival.library !== ours && (!figure.startsWith('save') || rival.history === history);
      });
      const medians = rivals.map((rival) => find(rival.library, rival.name, figure)?.median);
      return aheadOf(find(ours, name, figure)?.median, medians);
    }),
  ]);
  return table(['save', 'history', 'compression', ...figures], [...lines, ...ratios]);
}

function aheadCells(
  names: readonly string[],
  ours: number | undefined,
  peers: readonly (number | undefined)[],
): string[] {
  return names.length > 1 ? [aheadOf(ours, peers)] : [];
}

function aheadOf(ours: number | undefined, peers: readonly (number | undefined)[]): string {
  const best = Math.min(...peers.filter((value) => value !== undefined));
  return ours === undefined || best === Infinity ? '' : `${(best / ours).toFixed(2)} ×`;
}

function cellOf(row: Summary | undefined): string {
  if (row === undefined) return '';
  if (row.min === row.max) return numeral(row.median);
  return `${numeral(row.median)} (${numeral(row.min)}–${numeral(row.max)})`;
}

function numeral(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en');
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  const row = (line: readonly string[]) =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [row(head), rule, ...lines.map(row)].join('\n');
}
