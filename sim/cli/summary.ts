/**
 * What a batch came to, as JSON for programs and as lines for people, and whether it did enough to
 * say anything: a batch that finds nothing because it does nothing is a failure of the simulator.
 */
import { properties, sometimes } from '../checks/coverage.ts';
import { type Finding, firstFinding, type Tally } from './tally.ts';

/** What a seed must do on average to count. */
const least = { events: 500, committedOperations: 50, faults: 1 } as const;
/** Fewer seeds have no average to speak of. */
const averageSeedsMin = 20;
/** So many seeds must come to every property and every state. */
const coverageSeedsMin = 1_000;

export interface Summary {
  readonly seeds: number;
  readonly violations: number;
  readonly seedsPerMinute: number;
  readonly eventsPerSecond: number;
  readonly simulatedHours: number;
  readonly events: number;
  readonly committedOperations: number;
  readonly faults: number;
  readonly eventsPerSeed: number;
  readonly committedOperationsPerSeed: number;
  readonly faultsPerSeed: number;
  readonly jobs: number;
  readonly faultsByKind: Readonly<Record<string, number>>;
  readonly sometimes: Readonly<Record<string, number>>;
  readonly checked: Readonly<Record<string, number>>;
  /** States that no seed came to, and properties that none put to the test. */
  readonly sometimesUnreached: readonly string[];
  readonly propertiesUnreached: readonly string[];
  /** The lowest seed that found something, and what. */
  readonly seed: number | null;
  readonly violation: Finding['violation'] | null;
  readonly fingerprints: readonly Fingerprint[];
}

interface Fingerprint extends Pick<Finding, 'seed' | 'count'> {
  readonly fingerprint: string;
}

export function summaryOf(
  tally: Tally,
  { jobs, seconds }: { readonly jobs: number; readonly seconds: number },
): Summary {
  const { seeds, violations, events, committedOperations, faults, simulatedMs } = tally;
  const found = firstFinding(tally);
  return {
    seeds,
    violations,
    seedsPerMinute: Math.round((seeds / seconds) * 60),
    eventsPerSecond: Math.round(events / seconds),
    simulatedHours: Math.round(simulatedMs / 36_000) / 100,
    events,
    committedOperations,
    faults,
    eventsPerSeed: Math.round(events / Math.max(1, seeds)),
    committedOperationsPerSeed: Math.round(committedOperations / Math.max(1, seeds)),
    faultsPerSeed: Math.round((faults / Math.max(1, seeds)) * 10) / 10,
    jobs,
    faultsByKind: ordered(tally.faultsByKind),
    sometimes: ordered(tally.sometimes),
    checked: ordered(tally.checked),
    sometimesUnreached: sometimes.filter((state) => !tally.sometimes.has(state)),
    propertiesUnreached: properties.filter((property) => !tally.checked.has(property)),
    seed: found?.seed ?? null,
    violation: found?.violation ?? null,
    fingerprints: fingerprintsOf(tally),
  };
}

/** What is missing for the batch to count, in words; empty: it does. */
export function shortcomings(summary: Summary): string[] {
  const found: string[] = [];
  const { seeds, events, committedOperations, faults } = summary;
  const sums = { events, committedOperations, faults };
  for (const name of ['events', 'committedOperations', 'faults'] as const) {
    const average = sums[name] / Math.max(1, seeds);
    if (seeds < averageSeedsMin || average >= least[name]) continue;
    found.push(`${average.toFixed(1)} ${name} per seed, at least ${least[name]} are needed`);
  }
  if (seeds < coverageSeedsMin) return found;
  for (const property of summary.propertiesUnreached) {
    found.push(`property ${property} was never checked in ${seeds} seeds`);
  }
  for (const state of summary.sometimesUnreached) {
    found.push(`never reached in ${seeds} seeds: ${state}`);
  }
  return found;
}

/** Lines for people. */
export function summaryLines(summary: Summary): string[] {
  const { seeds, violations, jobs, sometimesUnreached, propertiesUnreached } = summary;
  const perSeed = [
    `${summary.eventsPerSeed} events`,
    `${summary.committedOperationsPerSeed} committed operations`,
    `${summary.faultsPerSeed} faults`,
  ].join(', ');
  const kinds = Object.entries(summary.faultsByKind).map(([kind, count]) => `${kind} ${count}`);
  return [
    `${seeds} seeds, ${violations} violations`,
    `${summary.seedsPerMinute} seeds a minute, ${summary.eventsPerSecond} events a second, ` +
      `${summary.simulatedHours} simulated hours, ${jobs} threads`,
    `per seed: ${perSeed}`,
    `faults: ${kinds.length === 0 ? 'none' : kinds.join(', ')}`,
    coverageLine('sometimes', sometimes.length, sometimesUnreached),
    coverageLine('properties checked', properties.length, propertiesUnreached),
    ...fingerprintLines(summary),
  ];
}

function coverageLine(name: string, all: number, unreached: readonly string[]): string {
  // Of a few seeds it would be a list of what they did not happen to do.
  const isLong = unreached.length > all / 4;
  const missing = unreached.length === 0 || isLong ? '' : `; not: ${unreached.join('; ')}`;
  return `${name}: ${all - unreached.length} of ${all}${missing}`;
}

function fingerprintLines({ fingerprints }: Summary): string[] {
  return fingerprints.map(({ fingerprint, count, seed }) => {
    return `found ${count} ×, first with seed ${seed}: ${fingerprint}`;
  });
}

/** By first seed. */
function fingerprintsOf({ findings }: Tally): Fingerprint[] {
  const entries = [...findings].map(([fingerprint, { seed, count }]) => {
    return { fingerprint, seed, count };
  });
  return entries.sort((a, b) => a.seed - b.seed);
}

/** Most frequent first. */
function ordered(counts: ReadonlyMap<string, number>): Record<string, number> {
  const entries = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}
