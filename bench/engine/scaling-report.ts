/**
 * `npm run bench:engine -- --scaling`: the cost of one operation against the size of the document,
 * as a table and as a plot. How it is measured says scaling.ts; each size runs in processes of its
 * own.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, runChild } from './child-process.ts';
import { plot, type Series } from './plot.ts';
import type { ScalingJob, ScalingResult } from './scaling.ts';
import { summaryOf } from './statistics.ts';

export interface ScalingOptions {
  /** In UTF-16 units, ascending. */
  readonly sizes: readonly number[];
  /** Processes per size. */
  readonly repeat: number;
  /** Of a process. */
  readonly limitMs: number;
  /** See ScalingJob. */
  readonly warmUpRounds: number;
  /** Where the bundle is written. */
  readonly folder: string;
  /** Where the plot is written; null: none is. */
  readonly svg: string | null;
}

const operations = [
  { name: 'remote apply', key: 'remoteUs' },
  { name: 'random local edit', key: 'localUs' },
] as const;

/** Measures; resolves to the figures as series, microseconds per operation by size. */
export async function measureScaling(options: ScalingOptions): Promise<readonly Series[]> {
  const { sizes, repeat, limitMs, warmUpRounds, folder, svg } = options;
  const script = await bundle({ entry: join(import.meta.dirname, './scaling-child.ts'), folder });
  const results = sizes.map((size) => {
    const runs: ScalingResult[] = [];
    return { size, runs };
  });
  for (let repetition = 0; repetition < repeat; repetition++) {
    for (const { size, runs } of results) {
      const job: ScalingJob = { size, warmUpRounds };
      runs.push(await runChild<ScalingResult>(script, job, limitMs));
    }
  }
  const series = operations.map(({ name, key }) => ({
    name,
    points: results.map(({ size, runs }) => {
      return { x: size, ...summaryOf(runs.map((result) => result[key])) };
    }),
  }));
  if (svg !== null) {
    const title = 'Cost of one operation against the size of the document';
    const labels = { x: 'characters in the document', y: 'microseconds per operation' };
    writeFileSync(svg, plot(title, labels, series));
  }
  return series;
}
