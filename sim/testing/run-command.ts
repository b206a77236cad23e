/** The simulator's command line as its users have it: a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Summary } from '../cli/summary.ts';

const main = join(import.meta.dirname, '..', 'cli', 'main.ts');
const tsx = import.meta.resolve('tsx');

export interface CommandRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `started` gets the process, to send it signals. */
export function runCommand(
  args: readonly string[],
  started: (child: ChildProcess) => void = () => undefined,
): Promise<CommandRun> {
  const child = spawn(process.execPath, ['--import', tsx, main, ...args]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  started(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}

/** The object of `--json`, which is the last line. */
export function summaryIn({ stdout, stderr }: CommandRun): Summary {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) throw new Error(`no JSON in the last line:\n${stdout}\n${stderr}`);
  return JSON.parse(line);
}
