/** What a run gives: plain data, so that it can cross from a worker. */
import type { FoundViolation } from './checks/violation.ts';
import type { TraceEvent } from './trace/trace.ts';

export interface SimOptions {
  /** Keep the trace's events; they cost more than the run. */
  readonly trace?: boolean;
}

export interface SimResult {
  readonly seed: number;
  readonly violation: FoundViolation | null;
  readonly events: number;
  /** Distinct operations in the logs. */
  readonly committedOperations: number;
  readonly faults: number;
  readonly faultsByKind: ReadonlyMap<string, number>;
  /** Virtual time. */
  readonly simulatedMs: number;
  /** 16 hexadecimal digits: equal hashes, equal runs. */
  readonly traceHash: string;
  /** The hash after every 1,000 events. */
  readonly checkpoints: readonly string[];
  /** How often each property was put to the test. */
  readonly checked: ReadonlyMap<string, number>;
  /** Interesting states that were reached (checks/coverage.ts), and how often. */
  readonly sometimes: ReadonlyMap<string, number>;
  /** Of each document, what everybody has; empty after a violation. */
  readonly finalTexts: readonly string[];
  /** Empty unless asked for. */
  readonly trace: readonly TraceEvent[];
}
