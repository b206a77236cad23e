/**
 * When which fault was in force, and on whom: the bands of the diagram.
 *
 * A fault lasts from its event to its `until`, but no longer than the fault phase: when that ends,
 * what is broken heals. Faults that happen in a moment have no span.
 */
import type { TraceEvent } from '../trace/trace.ts';
import type { Run } from './run.ts';

/** What a fault strikes; decides the colour of its band. */
export type FaultFamily = 'network' | 'process' | 'storage' | 'bus' | 'clock';

export const faultFamilies: readonly FaultFamily[] = [
  'network',
  'process',
  'storage',
  'bus',
  'clock',
];

export interface FaultSpan {
  readonly event: TraceEvent;
  readonly family: FaultFamily;
  readonly lanes: readonly string[];
  /** Virtual time, [from, until). */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Words in a fault's description, most telling first. */
const familyWords: readonly (readonly [FaultFamily, RegExp])[] = [
  ['bus', /\bbus\b/],
  ['clock', /\bclock\b/],
  ['storage', /\b(database|failover|head|objects?|log)\b/],
  ['process', /\b(tab|crash\w*|paus\w*|drain\w*|starts?|freez\w*)\b/],
];

/** The spans of a run, in the order in which they begin. */
export function faultSpans(run: Run): FaultSpan[] {
  const endMs = healingEvent(run)?.t ?? Number.POSITIVE_INFINITY;
  return run.events.flatMap((event) => {
    if (event.until === undefined) return [];
    const untilMs = event.t < endMs ? Math.min(event.until, endMs) : event.until;
    const lanes = event.lanes ?? [event.lane];
    return [{ event, family: faultFamily(event.what), lanes, fromMs: event.t, untilMs }];
  });
}

/** The faults in force at a time. */
export function faultsAt(spans: readonly FaultSpan[], ms: number): FaultSpan[] {
  return spans.filter(({ fromMs, untilMs }) => fromMs <= ms && ms < untilMs);
}

/** What the fault of this description strikes. */
export function faultFamily(what: string): FaultFamily {
  return familyWords.find(([, words]) => words.test(what))?.[0] ?? 'network';
}

/** The event with which the healing phase begins; null if the run did not get there. */
export function healingEvent(run: Run): TraceEvent | null {
  return run.events.find(({ kind }) => kind === 'healing') ?? null;
}
