/**
 * What the person at the page has chosen: the current event and the filter. Parts of the page read
 * it, change it, and are told when it changed; nothing else is shared between them.
 *
 * Always: the current number is that of an event of the run.
 */
import { type EventFilter, passes } from './event-filter.ts';
import { faultSpans } from './fault-spans.ts';
import { Layout, type Line } from './layout.ts';
import type { Run } from './run.ts';

export type Step = 'first' | 'last' | 'previous' | 'next' | 'lane-previous' | 'lane-next';

export class PageState {
  readonly run: Run;
  readonly #selected: (() => void)[] = [];
  readonly #filtered: (() => void)[] = [];
  #n: number;
  #filter: EventFilter;
  #layout: Layout;

  constructor(run: Run) {
    this.run = run;
    this.#n = run.events[0]?.n ?? 0;
    this.#filter = initialFilter(run);
    this.#layout = new Layout(run.events, passes(this.#filter));
  }

  /** Number of the current event. */
  get n(): number {
    return this.#n;
  }

  /** Its place. */
  get place(): number {
    return this.run.placeOf(this.#n) ?? 0;
  }

  get filter(): EventFilter {
    return this.#filter;
  }

  /** Of what the filter lets through. */
  get layout(): Layout {
    return this.#layout;
  }

  /** Lanes that are on, in order. */
  get lanes(): readonly string[] {
    return this.run.lanes.filter((lane) => !this.#filter.lanesOff.has(lane));
  }

  /** Calls `listener` now and whenever another event is current. */
  onSelected(listener: () => void): void {
    this.#selected.push(listener);
    listener();
  }

  /** Calls `listener` now and whenever the filter changed. */
  onFiltered(listener: () => void): void {
    this.#filtered.push(listener);
    listener();
  }

  /** Makes another event the current one; a number that no event has changes nothing. */
  select(n: number): void {
    if (n === this.#n || this.run.placeOf(n) === null) return;
    this.#n = n;
    for (const listener of this.#selected) listener();
  }

  setFilter(change: Partial<EventFilter>): void {
    this.#filter = { ...this.#filter, ...change };
    this.#layout = new Layout(this.run.events, passes(this.#filter));
    for (const listener of this.#filtered) listener();
  }

  showAll(): void {
    this.setFilter(initialFilter(this.run));
  }

  /** Goes to a neighbour among the events that are shown; at the end, nowhere. */
  step(step: Step): void {
    const to = this.#neighbour(step);
    if (to !== undefined) this.select(to);
  }

  #neighbour(step: Step): number | undefined {
    const layout = this.#layout;
    switch (step) {
      case 'first':
        return layout.lines[0]?.event.n;
      case 'last':
        return layout.lines.at(-1)?.event.n;
      case 'previous':
        return layout.before(this.place)?.event.n;
      case 'next':
        return layout.after(this.place)?.event.n;
      case 'lane-previous':
        return this.#onLane().findLast(({ place }) => place < this.place)?.event.n;
      case 'lane-next':
        return this.#onLane().find(({ place }) => place > this.place)?.event.n;
    }
  }

  #onLane(): readonly Line[] {
    const lane = this.run.event(this.#n)?.lane;
    return this.#layout.lines.filter(({ event }) => event.lane === lane);
  }
}

/** Lanes on which nothing happens are off. */
function initialFilter(run: Run): EventFilter {
  const touched = new Set(faultSpans(run).flatMap(({ lanes }) => lanes));
  const idle = [...run.laneCounts].filter(([lane, count]) => count === 0 && !touched.has(lane));
  const lanesOff = new Set(idle.map(([lane]) => lane));
  return { lanesOff, kindsOff: new Set(), search: '', only: null };
}
