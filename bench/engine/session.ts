/**
 * One run of the benchmarks from the command line: which workloads, how often, and where the
 * figures go. The same for our engine alone (main.ts) and beside others (bench/peers).
 */
import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import type { ParseArgsConfig } from 'node:util';
import { type Comparison, type Contender, compare } from './comparison.ts';
import { tables } from './report.ts';
import { synthetic, syntheticNames } from './synthetic.ts';
import { traceNames, traceWorkload } from './trace-workload.ts';
import type { Workload } from './workload.ts';

export const sessionOptions = {
  json: { type: 'boolean', default: false },
  out: { type: 'string' },
  trace: { type: 'string' },
  only: { type: 'string' },
  repeat: { type: 'string', default: '5' },
  scale: { type: 'string', default: '1' },
  slow: { type: 'string', default: '4' },
  limit: { type: 'string', default: '120' },
} satisfies ParseArgsConfig['options'];

export const sessionHelp = `  --trace DIR   also the recorded traces of a folder (*.json.gz)
  --only A,B    these workloads; names of traces, or of
                ${syntheticNames.slice(0, 6).join(', ')},
                ${syntheticNames.slice(6).join(', ')}
  --repeat N    fresh processes per figure (default 5); the median counts
  --scale N     size of the synthetic workloads (default 1)
  --slow S      what needs longer is run only twice, and not warm (default 4 s)
  --limit S     of one process (default 120 s)
  --json        prints JSON instead of tables
  --out FILE    writes the JSON to a file as well
`;

export interface SessionValues {
  readonly json: boolean;
  readonly out?: string | undefined;
  readonly trace?: string | undefined;
  readonly only?: string | undefined;
  readonly repeat: string;
  readonly scale: string;
  readonly slow: string;
  readonly limit: string;
}

/** Measures and prints. Resolves to whether every line of the first contender gave its figures. */
export async function runSession(
  contenders: readonly Contender[],
  values: SessionValues,
): Promise<boolean> {
  const all: Comparison[] = [];
  for await (const workload of workloadsOf(values)) {
    // Where the algorithms may end with different texts, there is nothing to compare.
    if (workload.endText === null && contenders.length > 1) continue;
    const options = {
      repeat: positive('repeat', values.repeat),
      slowMs: 1000 * positive('slow', values.slow),
      limitMs: 1000 * positive('limit', values.limit),
      say: (message: string) => process.stderr.write(`${message}\n`),
    };
    all.push(await compare(workload, contenders, options));
  }
  const report = {
    machine: machine(),
    libraries: contenders.map(({ library }) => {
      const { name, version, notes, lines, saves } = library;
      return { name, version, notes, lines, saves };
    }),
    measurements: all.flatMap(({ measurements }) => measurements),
    failures: all.flatMap(({ failures }) => failures),
  };
  const json = JSON.stringify(report, null, 2);
  if (values.out !== undefined) writeFileSync(values.out, `${json}\n`);
  process.stdout.write(`${values.json ? json : tables(report)}\n`);
  return !report.failures.some(({ library }) => library === contenders[0]?.library.name);
}

/** Where the figures come from. */
export function machine() {
  return {
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    system: `${process.platform} ${release()}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** A number above 0. RangeError if `text` is none. */
export function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new RangeError(`--${name} takes a number above 0, got ${text}`);
  return value;
}

async function* workloadsOf(values: SessionValues): AsyncGenerator<Workload> {
  const traces = values.trace === undefined ? [] : traceNames(values.trace);
  const names = values.only?.split(',') ?? [...traces, ...syntheticNames];
  for (const name of names) {
    const folder = traces.includes(name) ? values.trace : undefined;
    if (folder !== undefined) yield await traceWorkload(folder, name);
    else yield synthetic(name, positive('scale', values.scale));
  }
}
