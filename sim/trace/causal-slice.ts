/**
 * Why something happened: the chain of causes back from one event, and what went wrong meanwhile to
 * those who are on it.
 *
 * A run has thousands of events, a failure some ten. The chain alone is not enough, since a fault
 * works by what it prevents: the crash that lost an edit caused nothing on the way to the ack. So
 * faults that touch a lane of the chain, while the chain runs, stand beside it.
 */
import type { TraceEvent } from './trace.ts';

/** Whose fault it is to happen, not to be caused: shown though no cause leads there. */
const faultKinds: ReadonlySet<string> = new Set([
  'fault',
  'healing',
  'crashes',
  'pauses',
  'drains',
  'offline',
  'closes tab',
  'loses',
  'rejects',
]);

/** Event `n` and the causes before it, oldest first; empty if there is no such event. */
export function causalSlice(events: readonly TraceEvent[], n: number): TraceEvent[] {
  const chain: TraceEvent[] = [];
  for (let at = events[n - 1]; at !== undefined; at = events[at.cause - 1]) {
    chain.push(at);
    // Causes lie in the past; a trace that was written by hand may say otherwise.
    if (at.cause >= at.n) break;
  }
  return chain.reverse();
}

/** The chain, with the faults that met its lanes while it ran, in the order of the events. */
export function withFaults(
  events: readonly TraceEvent[],
  chain: readonly TraceEvent[],
): TraceEvent[] {
  const [first, last] = [chain[0], chain.at(-1)];
  if (first === undefined || last === undefined) return [];
  const lanes = new Set(chain.map(({ lane }) => lane));
  const links = new Set(chain.map(({ n }) => n));
  return events.filter((event) => {
    if (links.has(event.n)) return true;
    const isMeanwhile = event.n > first.n && event.n < last.n;
    return isMeanwhile && faultKinds.has(event.kind) && touches(event, lanes);
  });
}

/**
 * The event from which a failure is to be told: the one in which it was found. What did not happen
 * was found missing by nobody in particular: then the last one that happened to those it is about.
 */
export function failingEvent(
  events: readonly TraceEvent[],
  { event, about }: { readonly event: number; readonly about: readonly string[] },
): number {
  // 0: between events, at the end of a phase.
  const found = event === 0 ? events.length : Math.min(event, events.length);
  const isAbout = ({ lane }: TraceEvent): boolean => about.includes(lane);
  const at = events[found - 1];
  if (at === undefined || isAbout(at) || !events.some(isAbout)) return found;
  // A checker often finds at one lane what came from another: the chain tells.
  if (event > 0 && causalSlice(events, found).some(isAbout)) return found;
  return events.slice(0, found).findLast(isAbout)?.n ?? found;
}

function touches(event: TraceEvent, lanes: ReadonlySet<string>): boolean {
  return lanes.has(event.lane) || (event.lanes?.some((lane) => lanes.has(lane)) ?? false);
}
