/**
 * Runs the simulator on a copy of the sources with a bug planted in it, in a process of its own.
 *
 * The copy lies below the repository, so that packages are found; it holds proto, engine and sim
 * without their tests.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlantedBug, Planting } from '../planted-bugs.ts';

const root = join(import.meta.dirname, '..', '..');

export interface PlantedRun {
  readonly exitCode: number;
  /** What was printed for people. */
  readonly output: string;
  /** The object of `--json`; null if the process died before it. */
  readonly summary: PlantedSummary | null;
}

export interface PlantedSummary {
  readonly seeds: number;
  /** The seed that found the bug; null: none did. */
  readonly seed: number | null;
  readonly violation: { readonly property: string; readonly message: string } | null;
}

/**
 * The file's text with the bug in it. Throws unless the text to replace stands there exactly once.
 */
export function planted(source: string, { file, text, replacement }: Planting): string {
  const places = source.split(text).length - 1;
  if (places !== 1) throw new Error(`${file} has ${places} times: ${text}`);
  return source.replace(text, () => replacement);
}

/** The present text of a file of the repository. */
export function sourceOf(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** Runs at most `seeds` seeds from `from` with the bug. */
export function runPlanted(
  bug: PlantedBug,
  options: { readonly seeds: number; readonly from?: number },
): PlantedRun {
  const folder = join(root, '.cache', 'planted', bug.id);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ['proto', 'engine', 'sim']) {
    cpSync(join(root, part), join(folder, part), {
      recursive: true,
      filter: (path) => !/\.test\.ts$|tsconfig|[\\/]testing([\\/]|$)/.test(path),
    });
  }
  for (const planting of bug.plantings) {
    const path = join(folder, planting.file);
    writeFileSync(path, planted(readFileSync(path, 'utf8'), planting));
  }
  const range = ['--seeds', String(options.seeds), '--from', String(options.from ?? 1)];
  const command = ['--import', 'tsx', join(folder, 'sim', 'run.ts'), '--json', ...range];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: root,
    encoding: 'utf8',
    // A bug can be a loop that never ends.
    timeout: 600_000,
  });
  rmSync(folder, { recursive: true, force: true });
  return { exitCode: status ?? -1, output: stderr, summary: summaryOf(stdout) };
}

function summaryOf(stdout: string): PlantedSummary | null {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  return line.startsWith('{') ? JSON.parse(line) : null;
}
