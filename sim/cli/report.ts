/**
 * What a person sees of a failure: what is broken, how it came to that, under which circumstances,
 * and what to type to see it again. Words only; nothing is run here.
 */
import { defaultLimits } from '../../engine/limits.ts';
import type { FoundViolation } from '../checks/violation.ts';
import { defaultSettings, defaultSnapshotRows, differences } from '../scenario/defaults.ts';
import { calm } from '../scenario/faults.ts';
import { documentsOf, type Scenario } from '../scenario/scenario.ts';
import { causalSlice, failingEvent, withFaults } from '../trace/causal-slice.ts';
import { elided, tellStory } from '../trace/story.ts';
import type { TraceEvent } from '../trace/trace.ts';
import { traceLine } from './trace-line.ts';

const sliceLinesMax = 25;
const messageLinesMax = 14;

export interface Failure {
  /** As it was found. */
  readonly violation: FoundViolation;
  /** As it is told: the shrunk one, if there is one. */
  readonly told: FoundViolation;
  readonly scenario: Scenario;
  /** Of the run that is told; empty if there is no trace. */
  readonly events: readonly TraceEvent[];
  readonly shrunk: ShrunkSize | null;
  /** Commands that show it again, best first. */
  readonly reproduce: readonly string[];
}

export interface ShrunkSize {
  readonly from: Scenario;
  readonly runs: number;
  readonly seconds: number;
}

/** Several lines, without a line feed at the end. */
export function describeFailure(failure: Failure): string {
  const { violation, told, scenario, events, shrunk, reproduce } = failure;
  const { property, kind, event, timeMs } = violation;
  const time = `t=${(timeMs / 1000).toFixed(3)} s`;
  const lines = [
    `FAIL ${property} (${kind})  seed ${scenario.seed}  event ${event}  ${time}`,
    ...messageLines(violation.message),
  ];
  if (shrunk !== null) lines.push(`  shrunk: ${sizes(shrunk, scenario)}`);
  if (events.length > 0) {
    lines.push(`  story: ${storyOf(events, told)}`);
    lines.push(`  causal slice${shrunk === null ? '' : ' of what was shrunk'}:`);
    lines.push(...sliceLines(events, told));
  }
  lines.push('  knobs in force:', ...knobs(scenario).map((line) => `    ${line}`));
  lines.push(...reproduce.map((line) => `  reproduce: ${line}`));
  return lines.join('\n');
}

/** One paragraph on how it came to that. */
export function storyOf(events: readonly TraceEvent[], violation: FoundViolation): string {
  const chain = causalSlice(events, failingEvent(events, violation));
  return tellStory(withFaults(events, chain), violation);
}

function messageLines(message: string): string[] {
  const lines = message.split('\n').map((line) => `  ${line}`);
  const [first, last] = elided(lines, messageLinesMax, messageLinesMax);
  return [...first, ...last];
}

/** Links of the chain; `!` marks what went wrong meanwhile, which no cause leads to. */
function sliceLines(events: readonly TraceEvent[], violation: FoundViolation): string[] {
  const chain = causalSlice(events, failingEvent(events, violation));
  const links = new Set(chain);
  const shown = withFaults(events, chain);
  const [first, last] = elided(shown, sliceLinesMax - 1, 8);
  const line = (event: TraceEvent): string => {
    return `  ${links.has(event) ? ' ' : '!'} ${traceLine(event)}`;
  };
  const left = shown.length - first.length - last.length;
  const middle = left > 0 ? [`          … ${left} more …`] : [];
  return [...first.map(line), ...middle, ...last.map(line)];
}

function sizes({ from, runs, seconds }: ShrunkSize, to: Scenario): string {
  const size = ({ intents, faults }: Scenario): string =>
    `${plural(intents.length, 'edit')}, ${plural(faults.length, 'fault')}`;
  return `${size(from)} → ${size(to)} (${plural(runs, 'run')}, ${seconds.toFixed(1)} s)`;
}

function knobs(scenario: Scenario): string[] {
  const { clients, nodes, durationMs, intents, questions, snapshotRows } = scenario;
  const cast = [
    plural(clients.length, 'client'),
    plural(nodes.length, 'node'),
    plural(documentsOf(scenario).length, 'document'),
  ].join(', ');
  const work = `${plural(intents.length, 'intent')}, ${plural(questions.length, 'question')}`;
  const rows = snapshotRows === defaultSnapshotRows ? {} : { snapshotRows };
  const parts = [
    ['faults', faultCounts(scenario)],
    ['rates', differences(scenario.rates, calm)],
    ['limits', differences(scenario.limits, defaultLimits)],
    ['settings', { ...differences(scenario.settings, defaultSettings), ...rows }],
  ] as const;
  const lines = parts.map(([name, values]) => {
    const words = Object.entries(values).map(([of, value]) => `${of} ${value}`);
    return `${name}: ${words.length === 0 ? 'as usual' : words.join(', ')}`;
  });
  return [`${cast}; ${durationMs / 1000} s; ${work}`, ...lines];
}

function faultCounts({ faults }: Scenario): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of faults) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
