/**
 * One run as the page asks for it: an event by its number, what led to it, what it led to, and
 * which events are messages.
 *
 * Two numbers stand for an event. Its *number* `n` is the trace's and goes into links; its *place*
 * is where it lies in the list, from 0: n - 1. A cause comes before its effect, so a chain ends.
 */
import { causalSlice, withFaults } from '../trace/causal-slice.ts';
import type { TraceEvent } from '../trace/trace.ts';
import type { TraceFile } from '../trace/trace-file.ts';

/** An event that was planned on another lane: drawn as an arrow. Places, `from` < `to`. */
export interface Message {
  readonly from: number;
  readonly to: number;
}

/** The lane of what goes wrong. */
export const nemesisLane = 'nemesis';

export class Run {
  readonly trace: TraceFile;
  readonly events: readonly TraceEvent[];
  /** In the order in which they are drawn: the header's, then the others as they first occur. */
  readonly lanes: readonly string[];
  /** How many events each lane and each kind has; lanes in order, kinds as they first occur. */
  readonly laneCounts: ReadonlyMap<string, number>;
  readonly kindCounts: ReadonlyMap<string, number>;
  /** In the order of their arrivals. */
  readonly messages: readonly Message[];
  readonly #effects = new Map<number, TraceEvent[]>();

  constructor(trace: TraceFile) {
    this.trace = trace;
    this.events = trace.events;
    const lanes = new Map(trace.header.lanes.map((lane) => [lane, 0]));
    const kinds = new Map<string, number>();
    const messages: Message[] = [];
    for (const [place, event] of this.events.entries()) {
      lanes.set(event.lane, (lanes.get(event.lane) ?? 0) + 1);
      kinds.set(event.kind, (kinds.get(event.kind) ?? 0) + 1);
      const from = event.cause - 1;
      const cause = from < place ? this.events[from] : undefined;
      if (cause === undefined) continue;
      if (cause.lane !== event.lane) messages.push({ from, to: place });
      const effects = this.#effects.get(cause.n) ?? [];
      effects.push(event);
      this.#effects.set(cause.n, effects);
    }
    this.lanes = [...lanes.keys()];
    this.laneCounts = lanes;
    this.kindCounts = kinds;
    this.messages = messages;
  }

  /** Where the event with this number lies; null if there is none. */
  placeOf(n: number): number | null {
    return this.events[n - 1] === undefined ? null : n - 1;
  }

  /** The event with this number; null if there is none. */
  event(n: number): TraceEvent | null {
    return this.events[n - 1] ?? null;
  }

  /** The event and what led to it, back to the scenario; empty if there is no such event. */
  chainOf(n: number): TraceEvent[] {
    return causalSlice(this.events, n).reverse();
  }

  /** The chain, and the faults that met its lanes while it ran; oldest first. */
  storyOf(n: number): TraceEvent[] {
    return withFaults(this.events, causalSlice(this.events, n));
  }

  /** What the event led to directly, oldest first. */
  effectsOf(n: number): readonly TraceEvent[] {
    return this.#effects.get(n) ?? [];
  }

  /** Number of the event during which the violation was found; null if the run passed. */
  get violationN(): number | null {
    const violation = this.trace.footer.violation;
    if (violation === null) return null;
    return this.event(violation.event)?.n ?? this.events.at(-1)?.n ?? null;
  }
}
