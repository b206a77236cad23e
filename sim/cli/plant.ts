/**
 * Plants a bug, and runs a test file of the engine on a copy of the sources that has one.
 *
 * The copy lies below the repository, so that packages are found, and holds proto, engine and
 * properties with their tests. The simulator needs no copy (bundle.ts).
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestedPlanting } from '../planted/planted-engine-bugs.ts';
import type { Planting } from '../planted/planting.ts';

const root = join(import.meta.dirname, '..', '..');

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

/** What became of the tests of one file. */
export interface TestedRun {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /** What was printed for people. */
  readonly output: string;
}

/** Runs the tests of the named file; only the one with the name, if there is one. */
export function runTested(planting: TestedPlanting): TestedRun {
  return inCopy(planting, (folder) => {
    const report = join(folder, 'report.json');
    const runner = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const names = planting.test === null ? [] : ['-t', `${planting.test.replace(/\W/g, '.')}$`];
    const reporters = ['--reporter=json', `--outputFile=${report}`];
    const command = [runner, 'run', planting.file, ...names, '--root', folder, ...reporters];
    const { stdout, stderr } = run(command, folder);
    return { ...outcomesOf(report), output: stdout + stderr };
  });
}

const copiedParts = ['proto', 'engine', 'properties', 'vitest.config.ts'];

/** Calls `use` with the folder of a copy that has the bug, and removes it. */
function inCopy<T>(bug: Pick<TestedPlanting, 'id' | 'plantings'>, use: (folder: string) => T): T {
  const folder = plantedCopy(bug, copiedParts);
  const result = use(folder);
  rmSync(folder, { recursive: true, force: true });
  return result;
}

/** The folder of a copy of these files and folders that has the bug; the caller removes it. */
export function plantedCopy(
  { id, plantings }: Pick<TestedPlanting, 'id' | 'plantings'>,
  parts: readonly string[],
): string {
  const folder = join(root, '.cache', 'planted', id);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of parts) {
    cpSync(join(root, part), join(folder, part), {
      recursive: true,
      filter: (path) => !path.includes('tsconfig'),
    });
  }
  for (const planting of plantings) {
    const path = join(folder, planting.file);
    writeFileSync(path, planted(readFileSync(path, 'utf8'), planting));
  }
  return folder;
}

function run(command: readonly string[], cwd: string): SpawnSyncReturns<string> {
  // A bug can be a loop that never ends.
  return spawnSync(process.execPath, command, { cwd, encoding: 'utf8', timeout: 600_000 });
}

/** Names of the tests that ran, by outcome; none if there is no report. */
function outcomesOf(report: string): Pick<TestedRun, 'passed' | 'failed'> {
  const passed: string[] = [];
  const failed: string[] = [];
  if (!existsSync(report)) return { passed, failed };
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  for (const { assertionResults } of testResults) {
    for (const { title, status } of assertionResults) {
      if (status === 'passed') passed.push(title);
      if (status === 'failed') failed.push(title);
    }
  }
  return { passed, failed };
}
