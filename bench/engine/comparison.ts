/**
 * Measures workloads with one library or several, in turn: a repetition runs each library once, in
 * a process of its own, before the next repetition begins, so that whatever else the machine does
 * meets all of them.
 *
 * All texts of a workload must be equal, whichever library and line they came from.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChild } from './child-process.ts';
import type { Job, JobResult } from './job.ts';
import type { Library, Line } from './library.ts';
import { type Summary, summaryOf } from './statistics.ts';
import type { Workload } from './workload.ts';

/** A library and the bundled script that measures it. */
export interface Contender {
  readonly library: Library;
  readonly script: string;
}

export interface Measurement extends Summary {
  readonly workload: string;
  readonly library: string;
  /** What was measured; ends with its unit: ms, bytes or objects. */
  readonly figure: string;
  /** Name of the save format that it is about; '' if about none. */
  readonly format: string;
}

/** A line that gave no figure. */
export interface Failure {
  readonly workload: string;
  readonly library: string;
  readonly line: string;
  readonly reason: string;
}

export interface ComparisonOptions {
  /** Repetitions, each a fresh process. */
  readonly repeat: number;
  /** A library slower than this at a line is run twice only, and cold. */
  readonly slowMs: number;
  /** Of a process. */
  readonly limitMs: number;
  readonly say: (message: string) => void;
}

export interface Comparison {
  readonly measurements: readonly Measurement[];
  readonly failures: readonly Failure[];
}

const slowRepeat = 2;
const coldOf = (line: Job['line']) => `${line} cold ms`;

/** Lines that give the same figure every time. */
const onceOnly = new Set<Line>(['objects']);

export async function compare(
  workload: Workload,
  contenders: readonly Contender[],
  options: ComparisonOptions,
): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-engine-'));
  try {
    const file = join(folder, 'workload.json');
    writeFileSync(file, JSON.stringify(workload));
    const run = new Run(workload.name, { file, folder }, options);
    const prepared: Contender[] = [];
    for (const contender of contenders) {
      mkdirSync(join(folder, contender.library.name));
      if (await run.once(contender, 'prepare', '')) prepared.push(contender);
    }
    for (const { line, save } of linesOf(prepared)) {
      const able = prepared.filter(({ library }) => {
        const format = save === '' || library.saves.some(({ name }) => name === save);
        return library.lines.includes(line) && format;
      });
      const repeat = onceOnly.has(line) ? 1 : options.repeat;
      for (let repetition = 0; repetition < repeat; repetition++) {
        for (const contender of able) {
          if (repetition < run.repeats(contender, line, save)) {
            await run.once(contender, line, save);
          }
        }
      }
    }
    return run.comparison();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function linesOf(contenders: readonly Contender[]): readonly { line: Line; save: string }[] {
  const saves = new Set(contenders.flatMap(({ library }) => library.saves.map(({ name }) => name)));
  const plain: readonly Line[] = ['local', 'remote', 'merge', 'combined'];
  const perSave: readonly Line[] = ['load', 'memory', 'objects'];
  return [
    ...plain.map((line) => ({ line, save: '' })),
    ...perSave.flatMap((line) => [...saves].map((save) => ({ line, save }))),
  ];
}

interface Series {
  readonly library: string;
  readonly figure: string;
  readonly format: string;
  readonly values: number[];
}

/** The figures of one workload, as they come. */
class Run {
  readonly #workload: string;
  readonly #paths: { readonly file: string; readonly folder: string };
  readonly #options: ComparisonOptions;
  /** By library, format and figure. */
  readonly #figures = new Map<string, Series>();
  readonly #failures: Failure[] = [];
  /** Library, line and format that are not run again, or only a few times. */
  readonly #repeats = new Map<string, number>();
  #text: string | null = null;

  constructor(
    workload: string,
    paths: { readonly file: string; readonly folder: string },
    options: ComparisonOptions,
  ) {
    this.#workload = workload;
    this.#paths = paths;
    this.#options = options;
  }

  /** How many times a line is run in all. */
  repeats({ library }: Contender, line: Line, save: string): number {
    return this.#repeats.get(`${library.name} ${line} ${save}`) ?? this.#options.repeat;
  }

  /** Whether it went well. */
  async once({ library, script }: Contender, line: Job['line'], save: string): Promise<boolean> {
    const { slowMs, limitMs, say } = this.#options;
    const job = {
      library: library.name,
      line,
      save,
      workload: this.#paths.file,
      folder: join(this.#paths.folder, library.name),
      slowMs,
    };
    const key = `${library.name} ${line} ${save}`;
    try {
      const startMs = performance.now();
      const result = await runChild<JobResult>(script, job, limitMs);
      this.#record(library.name, result);
      const ms = performance.now() - startMs;
      const slow = result.figures.some(
        ({ name, value }) => name === coldOf(line) && value > slowMs,
      );
      if (slow) this.#repeats.set(key, slowRepeat);
      say(`${this.#workload} ${key} ${Math.round(ms)} ms`);
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#failures.push({ workload: this.#workload, library: library.name, line, reason });
      this.#repeats.set(key, 0);
      say(`${this.#workload} ${key} FAILED: ${reason}`);
      return false;
    }
  }

  comparison(): Comparison {
    const measurements = [...this.#figures.values()].map(({ values, ...series }) => {
      return { workload: this.#workload, ...series, ...summaryOf(values) };
    });
    return { measurements, failures: this.#failures };
  }

  #record(library: string, { figures, text }: JobResult): void {
    this.#text ??= text;
    if (text !== this.#text) throw new Error('the text differs from that of the first run');
    for (const { name, format, value } of figures) {
      const key = `${library} ${format} ${name}`;
      const known = this.#figures.get(key);
      if (known === undefined) {
        this.#figures.set(key, { library, figure: name, format, values: [value] });
      } else known.values.push(value);
    }
  }
}
