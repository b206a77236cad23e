/**
 * A trace as a file: JSON Lines, one object a line.
 *
 *   header   { format, seed, commit, lanes, scenario }
 *   events   TraceEvent, oldest first
 *   footer   { verdict, violation, traceHash, checkpoints, events, sometimes }
 *
 * The header is enough to run it again, the footer to see whether that gave the same; the page
 * (sim/page) shows the same objects.
 */
import type { FoundViolation } from '../checks/violation.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { TraceEvent } from './trace.ts';

export const traceFormat = 1;

export interface TraceHeader {
  readonly format: typeof traceFormat;
  readonly seed: number;
  /** Of the sources, if known. */
  readonly commit: string | null;
  /** Actors in the order in which they are drawn: clients, nodes, log, bus, objects, playback. */
  readonly lanes: readonly string[];
  readonly scenario: Scenario;
}

export interface TraceFooter {
  readonly verdict: 'passed' | 'failed';
  readonly violation: FoundViolation | null;
  readonly traceHash: string;
  readonly checkpoints: readonly string[];
  readonly events: number;
  /** Interesting states that were reached, and how often. */
  readonly sometimes: Readonly<Record<string, number>>;
}

export interface TraceFile {
  readonly header: TraceHeader;
  readonly events: readonly TraceEvent[];
  readonly footer: TraceFooter;
}

export function encodeTraceFile({ header, events, footer }: TraceFile): string {
  return [header, ...events, footer].map((line) => `${JSON.stringify(line)}\n`).join('');
}
