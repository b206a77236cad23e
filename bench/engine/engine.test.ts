/**
 * Goal: the benchmarks measure what they say, and still run. Method: tiny workloads through the
 * real child process; no figure's size is asserted, only that it is there. What the workloads end
 * with is told by a plain text, which is compared with strings here.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../engine/random.ts';
import { library } from './adapter.ts';
import { bundle } from './child-process.ts';
import { type Contender, compare } from './comparison.ts';
import { PlainText } from './plain-text.ts';
import { scalingTable, tables } from './report.ts';
import { measureScaling } from './scaling-report.ts';
import { synthetic, syntheticNames } from './synthetic.ts';
import { traceNames, traceWorkload } from './trace-workload.ts';
import { replay, replicaIds, type Workload } from './workload.ts';

const traces = join(import.meta.dirname, '../../fixtures/traces');
const options = { repeat: 1, slowMs: 1_000, limitMs: 20_000, say: () => {} };

let folder = '';
let engine: Contender;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bench-engine-test-'));
  const entry = join(import.meta.dirname, './child.ts');
  engine = { library, script: await bundle({ entry, folder: join(folder, 'child') }) };
});

afterAll(() => rmSync(folder, { recursive: true }));

function endOf(workload: Workload): string {
  return replay(library, workload, replicaIds(workload.authors)).reader.text();
}

describe('workloads', () => {
  it.each(syntheticNames)('%s ends with the text that it tells', (name) => {
    const workload = synthetic(name, 0.004);
    const text = endOf(workload);
    expect(text.length).toBe(workload.endLength);
    expect(text).toBe(workload.endText ?? text);
    expect(workload.transactions.length).toBeGreaterThan(3);
  });

  it('is the same each time', () => {
    expect(synthetic('two-authors', 0.004)).toEqual(synthetic('two-authors', 0.004));
  });

  it('reads recorded traces, with several authors and characters of two units', async () => {
    expect(traceNames(traces)).toContain('synthetic');
    const workload = await traceWorkload(traces, 'synthetic');
    expect(workload.authors).toBeGreaterThan(1);
    expect(workload.endText).toMatch(/[\u{10000}-\u{10ffff}]/u);
    expect(endOf(workload)).toBe(workload.endText);
  });

  it('a plain text is a string', () => {
    const random = new Random(1, 'plain-text');
    const text = new PlainText();
    let string = '';
    for (let i = 0; i < 2_000; i++) {
      const index = random.between(0, string.length);
      const deleted = random.below(Math.min(30, string.length - index + 1));
      const inserted = 'abcdefgh'.repeat(5).slice(random.below(40));
      text.apply({ index, deleted, inserted });
      string = string.slice(0, index) + inserted + string.slice(index + deleted);
    }
    expect(text.toString()).toBe(string);
    expect(text.length).toBe(string.length);
  });
});

describe('measurements', () => {
  it('every line gives its figures, in fresh processes', async () => {
    const oneSave = { ...library, saves: library.saves.slice(0, 1) };
    const { measurements, failures } = await compare(
      synthetic('two-authors', 0.002),
      [{ ...engine, library: oneSave }],
      options,
    );
    expect(failures).toEqual([]);
    const figures = measurements.map(({ figure }) => figure);
    const lines = ['local', 'remote', 'merge', 'combined', 'load', 'load to first edit'];
    for (const line of lines) {
      expect(figures).toContain(`${line} cold ms`);
      expect(figures).toContain(`${line} warm ms`);
    }
    expect(figures).toContain('save bytes');
    expect(figures).toContain('memory bytes');
    expect(figures).toContain('heap objects');
    expect(figures).toContain('update of a keystroke, mean bytes');
    for (const { median, min, max } of measurements) {
      expect(median).toBeGreaterThan(0);
      expect(min).toBeLessThanOrEqual(median);
      expect(max).toBeGreaterThanOrEqual(median);
    }
    const report = { machine: {}, libraries: [library], measurements, failures };
    expect(tables(report)).toContain('| remote warm ms');
  });

  it('a wrong text is a failure and no figure', async () => {
    const workload = { ...synthetic('typing', 0.0005), endText: 'another' };
    const { measurements, failures } = await compare(workload, [engine], options);
    expect(measurements).toEqual([]);
    expect(failures).toMatchObject([{ line: 'prepare', library: 'engine' }]);
  });

  it('draws the cost of an operation against the size', async () => {
    const svg = join(folder, 'scaling.svg');
    const series = await measureScaling({
      sizes: [1_000, 10_000],
      repeat: 1,
      limitMs: 20_000,
      warmUpRounds: 1,
      folder: join(folder, 'scaling'),
      svg,
    });
    expect(series.map(({ points }) => points.map(({ x }) => x))).toEqual([
      [1_000, 10_000],
      [1_000, 10_000],
    ]);
    expect(scalingTable(series)).toContain('| 10,000 ');
    const picture = readFileSync(svg, 'utf8');
    expect(picture).toMatch(/^<svg /);
    expect(picture).not.toContain('NaN');
    for (const label of ['10 k', 'random local edit']) expect(picture).toContain(label);
  });
});
