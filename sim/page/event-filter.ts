/**
 * Which events are shown: lanes and kinds that are on, a text that must occur, and perhaps only
 * what led to one event.
 */
import type { TraceEvent } from '../trace/trace.ts';

export interface EventFilter {
  readonly lanesOff: ReadonlySet<string>;
  readonly kindsOff: ReadonlySet<string>;
  /** Every word of it occurs somewhere in the event, whatever the case. */
  readonly search: string;
  /** Numbers of the only events to show; null = no such choice. */
  readonly only: ReadonlySet<number> | null;
}

/** The test of one event. */
export function passes(filter: EventFilter): (event: TraceEvent) => boolean {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  return (event) => {
    if (filter.lanesOff.has(event.lane) || filter.kindsOff.has(event.kind)) return false;
    if (filter.only !== null && !filter.only.has(event.n)) return false;
    if (words.length === 0) return true;
    const { n, lane, kind, what, detail = '', text = '' } = event;
    const all = `#${n} ${lane} ${kind} ${what} ${detail} ${text}`.toLowerCase();
    return words.every((word) => all.includes(word));
  };
}
