/**
 * `dist`, built when a source is newer: the compiler takes longer than a short measurement.
 */
import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
/** Folders that end up in it. */
const sources = ['proto', 'engine', 'client', 'server', 'web'];
/** Written last. */
const mark = 'dist/web/main.js';

/** Resolves when `dist` is what the sources say. */
export async function ensureBuilt(): Promise<void> {
  if (sources.every((folder) => newestMs(join(root, folder)) < timeOf(join(root, mark)))) return;
  process.stderr.write('building dist\n');
  const command = ['--import', 'tsx', 'tools/build.ts'];
  await promisify(execFile)(process.execPath, command, { cwd: root });
}

/** When a file below the folder was last changed. */
function newestMs(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Math.max(...files.map((file) => timeOf(join(folder, file))));
}

/** 0: it is not there. */
function timeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
