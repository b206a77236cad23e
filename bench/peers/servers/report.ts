/** What a comparison tells: medians with their range, and ratios of ours to a peer's by round. */
import { summaryOf } from '../../engine/statistics.ts';
import { ourName } from './dialects.ts';
import type { Entrant } from './entrants.ts';
import type { Line, Metric, Outcome } from './line.ts';

/** Metrics are columns' groups, entrants are rows: Markdown, as the docs have it. */
export function lineTable(
  line: Line,
  entrants: readonly Entrant[],
  outcomes: readonly Outcome[],
): string {
  const of = outcomes.filter((outcome) => outcome.line === line.name);
  const head = ['', ...entrants.map(({ contender }) => contender.name)];
  const rows = line.metrics.flatMap((metric) => metricRows(metric, entrants, of));
  const table = [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
  return [`${line.title}`, table, ...notesOf(line, of)].join('\n\n');
}

function metricRows(
  metric: Metric,
  entrants: readonly Entrant[],
  outcomes: readonly Outcome[],
): string[][] {
  const names = entrants.map(({ contender }) => contender.name);
  const figures = names.map((name) => valuesOf(metric, name, outcomes));
  const rows = [[metric.label, ...figures.map((values) => spread([...values.values()], digits))]];
  const ours = valuesOf(metric, ourName, outcomes);
  if (metric.better === 'told' || ours.size === 0) return rows;
  const ratios = names.map((name, index) =>
    name === ourName ? '' : spread(ratiosOf(ours, figures[index] ?? new Map()), ratioDigits),
  );
  return ratios.every((ratio) => ratio === '') ? rows : [...rows, ['ours / theirs', ...ratios]];
}

/** By round. */
function valuesOf(
  { key }: Metric,
  name: string,
  outcomes: readonly Outcome[],
): ReadonlyMap<number, number> {
  const values = new Map<number, number>();
  for (const { entrant, round, values: told } of outcomes) {
    const value = told[key];
    if (entrant === name && typeof value === 'number') values.set(round, value);
  }
  return values;
}

function ratiosOf(
  ours: ReadonlyMap<number, number>,
  theirs: ReadonlyMap<number, number>,
): number[] {
  const both = [...theirs].filter(([round, value]) => ours.has(round) && value > 0);
  return both.map(([round, value]) => (ours.get(round) ?? 0) / value);
}

/** Median [least–greatest]. */
function spread(values: readonly number[], text: (value: number) => string): string {
  if (values.length === 0) return '';
  const { median, min, max } = summaryOf(values);
  return min === max ? text(median) : `${text(median)} [${text(min)}–${text(max)}]`;
}

function digits(value: number): string {
  const places = Math.abs(value) < 100 && !Number.isInteger(value) ? 1 : 0;
  return value.toLocaleString('en', { maximumFractionDigits: places });
}

function ratioDigits(value: number): string {
  return value.toFixed(2);
}

function notesOf({ cannot = {} }: Line, outcomes: readonly Outcome[]): string[] {
  const reasons = Object.entries(cannot).map(([name, reason]) => `${name}: ${reason}.`);
  const failures = outcomes.flatMap(({ entrant, round, failure }) =>
    failure === null ? [] : [`${entrant}, round ${round}, was not measured: ${failure}.`],
  );
  return [...reasons, ...failures];
}
