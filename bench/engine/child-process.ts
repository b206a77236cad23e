/**
 * A fresh Node process per measurement, running plain JavaScript: the entry is bundled once by
 * esbuild, so that no TypeScript loader is in the process that is measured.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

export interface Bundle {
  /** Entry in TypeScript. */
  readonly entry: string;
  /** Folder that the bundle is written to; packages are found from there. */
  readonly folder: string;
}

/** Writes the bundle; returns its path. */
export async function bundle({ entry, folder }: Bundle): Promise<string> {
  await build({
    entryPoints: { child: entry },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  return join(folder, 'child.mjs');
}

const run = promisify(execFile);

/**
 * Runs a job in a process of its own: its JSON is the argument, the last line printed the JSON of
 * the result. Rejects if the process fails or takes longer than `limitMs`.
 */
export async function runChild<Result>(
  script: string,
  job: object,
  limitMs: number,
): Promise<Result> {
  const args = ['--expose-gc', '--max-old-space-size=6000', script, JSON.stringify(job)];
  const options = { timeout: limitMs, killSignal: 'SIGKILL' as const, maxBuffer: 2 ** 26 };
  const { stdout } = await run(process.execPath, args, options).catch((error) => {
    if (error.killed) throw new Error(`longer than ${limitMs / 1000} s`, { cause: error });
    const lines = String(error.stderr).split('\n');
    const reason = lines.find((line) => /^\w*Error|panicked/.test(line)) ?? String(error.message);
    throw new Error(reason.slice(0, 200), { cause: error });
  });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}
