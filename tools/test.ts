/**
 * `npm test` and `npm run check`: runs the stages in order, prints each one's name and time, stops
 * at the first that fails, and ends with one plain line `N passed, N failed, N skipped`.
 *
 * A vitest stage adds its tests to the sum, any other stage counts as one. Nothing is skipped in
 * silence: a test that lacks its service says so with a reason, and `REQUIRE_<SERVICE>=1` makes it
 * fail instead. Usage: `tsx tools/test.ts [stage …]`; no stage = all of them, in CI the slow
 * tests too.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

/** Outcomes of tests, or of stages. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Stage {
  readonly name: string;
  readonly command: readonly string[];
  /** Where vitest writes its counts; absent: the exit code is the only result. */
  readonly report?: string;
}

const root = join(import.meta.dirname, '..');
const outputFolder = join(root, '.cache', 'test');
const isInCi = process.env.CI !== undefined;

const stages: readonly Stage[] = [
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'lint', command: ['biome', 'ci'] },
  { name: 'tidy', command: ['tsx', 'tools/tidy.ts'] },
  { name: 'proto', command: ['tsx', 'tools/generate-proto.ts', '--check'] },
  vitest('unit'),
  vitest('properties'),
  // Twice as long where somebody waits for the answer anyway.
  { name: 'sim', command: ['tsx', 'sim/cli/main.ts', '--minutes', isInCi ? '1' : '0.5'] },
  { name: 'engines', command: ['tsx', 'tools/compare-engines.ts'] },
  vitest('integration'),
  vitest('slow'),
];
/** What takes long and seldom breaks is left to CI, unless it is asked for by name. */
const leftToCi: readonly string[] = isInCi ? [] : ['slow'];

const vitestReport = z.object({
  success: z.boolean(),
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
});

/**
 * Counts of a vitest JSON report; a run that failed without a failed test counts as one failure.
 */
export function readReport(text: string): Counts {
  const report = vitestReport.parse(JSON.parse(text));
  const failed = Math.max(report.numFailedTests, report.success ? 0 : 1);
  const skipped = report.numPendingTests + report.numTodoTests;
  return { passed: report.numPassedTests, failed, skipped };
}

/** The closing line. */
export function closingLine(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}

function vitest(project: string): Stage {
  const report = join(outputFolder, `${project}.json`);
  const names = isInCi ? 'verbose' : 'default';
  const reporters = [`--reporter=${names}`, '--reporter=json', `--outputFile.json=${report}`];
  return { name: project, command: ['vitest', 'run', '--project', project, ...reporters], report };
}

function run(stage: Stage): Counts {
  const [program = '', ...args] = stage.command;
  const path = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`;
  const env = { ...process.env, PATH: path };
  const { status, error } = spawnSync(program, args, { cwd: root, env, stdio: 'inherit' });
  if (error !== undefined) console.error(error.message);
  const counts = stage.report === undefined ? null : report(stage.report);
  if (status === 0) return counts ?? { passed: 1, failed: 0, skipped: 0 };
  return { passed: 0, skipped: 0, ...counts, failed: Math.max(counts?.failed ?? 0, 1) };
}

/** null: vitest ended before it wrote a report. */
function report(path: string): Counts | null {
  try {
    return readReport(readFileSync(path, 'utf8'));
  } catch (error) {
    console.error(`no report: ${String(error)}`);
    return null;
  }
}

function main(names: readonly string[]): void {
  const unknown = names.filter((name) => !stages.some((stage) => stage.name === name));
  if (unknown.length > 0) throw new Error(`no such stage: ${unknown.join(', ')}`);
  rmSync(outputFolder, { recursive: true, force: true });
  mkdirSync(outputFolder, { recursive: true });
  const chosen = stages.filter(({ name }) =>
    names.length === 0 ? !leftToCi.includes(name) : names.includes(name),
  );
  let sum: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const stage of chosen) {
    console.log(`\n== ${stage.name}: ${stage.command.join(' ')}`);
    const startedMs = performance.now();
    const counts = run(stage);
    sum = {
      passed: sum.passed + counts.passed,
      failed: sum.failed + counts.failed,
      skipped: sum.skipped + counts.skipped,
    };
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`== ${stage.name}: ${counts.failed === 0 ? 'ok' : 'FAILED'} in ${seconds} s`);
    if (counts.failed > 0) break;
  }
  writeFileSync(join(outputFolder, 'closing-line.txt'), `${closingLine(sum)}\n`);
  console.log(`\n${closingLine(sum)}`);
  process.exitCode = sum.failed === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
