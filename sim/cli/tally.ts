/**
 * What a number of seeds came to. Each thread keeps one and sends it now and then; the main thread
 * adds them up. Plain data, in which order does not matter, so that the sum is the same however
 * seeds were handed out.
 */
import { type FoundViolation, fingerprint } from '../checks/violation.ts';
import type { SimResult } from '../result.ts';

/** A kind of violation, and the lowest seed that showed it. */
export interface Finding {
  readonly seed: number;
  readonly violation: FoundViolation;
  /** Of that seed; null: its run did not end. */
  readonly traceHash: string | null;
  /** Seeds that showed it. */
  readonly count: number;
}

/** What single seeds did, where that is asked for. */
export interface SeedRun {
  readonly seed: number;
  readonly events: number;
  readonly traceHash: string;
}

export interface Tally {
  seeds: number;
  violations: number;
  events: number;
  committedOperations: number;
  faults: number;
  simulatedMs: number;
  readonly faultsByKind: Map<string, number>;
  readonly checked: Map<string, number>;
  readonly sometimes: Map<string, number>;
  /** By fingerprint. */
  readonly findings: Map<string, Finding>;
  /** Empty unless asked for. */
  readonly runs: SeedRun[];
}

export function newTally(): Tally {
  return {
    seeds: 0,
    violations: 0,
    events: 0,
    committedOperations: 0,
    faults: 0,
    simulatedMs: 0,
    faultsByKind: new Map(),
    checked: new Map(),
    sometimes: new Map(),
    findings: new Map(),
    runs: [],
  };
}

/** Counts a seed's run; `eachSeed`: it is listed, too. */
export function addResult(
  tally: Tally,
  result: SimResult,
  { eachSeed }: { readonly eachSeed: boolean },
): void {
  const { seed, events, traceHash, violation } = result;
  tally.seeds++;
  tally.events += events;
  tally.committedOperations += result.committedOperations;
  tally.faults += result.faults;
  tally.simulatedMs += result.simulatedMs;
  addCounts(tally.faultsByKind, result.faultsByKind);
  addCounts(tally.checked, result.checked);
  addCounts(tally.sometimes, result.sometimes);
  if (eachSeed) tally.runs.push({ seed, events, traceHash });
  if (violation !== null) addFinding(tally, { seed, violation, traceHash, count: 1 });
}

/** Counts a violation; its run is counted apart. */
export function addFinding(tally: Tally, finding: Finding): void {
  const key = fingerprint(finding.violation);
  const known = tally.findings.get(key);
  const first = known !== undefined && known.seed < finding.seed ? known : finding;
  tally.violations += finding.count;
  tally.findings.set(key, { ...first, count: finding.count + (known?.count ?? 0) });
}

export function mergeTally(tally: Tally, more: Tally): void {
  tally.seeds += more.seeds;
  tally.events += more.events;
  tally.committedOperations += more.committedOperations;
  tally.faults += more.faults;
  tally.simulatedMs += more.simulatedMs;
  addCounts(tally.faultsByKind, more.faultsByKind);
  addCounts(tally.checked, more.checked);
  addCounts(tally.sometimes, more.sometimes);
  for (const finding of more.findings.values()) addFinding(tally, finding);
  tally.runs.push(...more.runs);
}

/** The finding with the lowest seed; null: nothing was found. */
export function firstFinding(tally: Tally): Finding | null {
  let first: Finding | null = null;
  for (const finding of tally.findings.values()) {
    if (first === null || finding.seed < first.seed) first = finding;
  }
  return first;
}

function addCounts(counts: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [name, count] of more) counts.set(name, (counts.get(name) ?? 0) + count);
}
