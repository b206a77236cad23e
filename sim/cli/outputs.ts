/** What is written of a run that is looked at closely: its trace, its page, its scenario. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { FoundViolation } from '../checks/violation.ts';
import { fingerprint } from '../checks/violation.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { encodeScenarioFile } from '../scenario/scenario-file.ts';
import { encodeTraceFile, type TraceFile, traceFormat } from '../trace/trace-file.ts';
import type { Outputs } from './arguments.ts';
import { simCache } from './bundle.ts';
import { renderTracePage } from './render-page.ts';
import { storyOf } from './report.ts';
import type { Ran } from './thread-messages.ts';

/** Writes the trace and the page that are asked for. */
export async function writeTraces(
  { trace, html }: Pick<Outputs, 'trace' | 'html'>,
  ran: Ran,
  reproduce: string,
): Promise<void> {
  if (trace === null && html === null) return;
  const file = traceFileOf(ran);
  if (trace !== null) write(trace, encodeTraceFile(file));
  if (html !== null) write(html, await renderTracePage(file, { reproduce }));
}

export interface ShrunkScenario {
  readonly scenario: Scenario;
  readonly violation: FoundViolation;
  readonly events: Ran['result']['trace'];
  readonly planted: string | null;
  /** The seed from which it comes. */
  readonly seed: number;
}

/** Writes a scenario with what it shows to `path`, null: a path of its own; returns it. */
export function writeScenario(shrunk: ShrunkScenario, path: string | null): string {
  const { scenario, violation, events, planted, seed } = shrunk;
  const { property } = violation;
  const parts = planted === null ? [] : [planted];
  const own = join(simCache, `${[...parts, property, seed].join('-')}.json`);
  const text = encodeScenarioFile({
    story: storyOf(events, violation),
    property,
    fingerprint: fingerprint(violation),
    planted,
    found: { seed, commit: commitOfSources() },
    scenario,
  });
  write(path ?? own, text);
  return relative(process.cwd(), path ?? own);
}

function traceFileOf({ scenario, lanes, result }: Ran): TraceFile {
  const { seed, violation, traceHash, checkpoints, events, sometimes } = result;
  return {
    header: { format: traceFormat, seed, commit: commitOfSources(), lanes, scenario },
    events: result.trace,
    footer: {
      verdict: violation === null ? 'passed' : 'failed',
      violation,
      traceHash,
      checkpoints,
      events,
      sometimes: Object.fromEntries(sometimes),
    },
  };
}

/** null: these sources are no git repository, or there is no git. */
function commitOfSources(): string | null {
  const git = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname });
  const commit = git.error === undefined ? git.stdout.toString().trim() : '';
  return git.status === 0 && commit !== '' ? commit : null;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
