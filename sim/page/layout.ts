/**
 * Where on the vertical axis each shown event lies.
 *
 * Time flows down. Each event has a line of its own, so that those of the same millisecond stay
 * apart and their words can be read; where time passes in which nothing happens, there is a gap
 * that grows with its square root. Order is exact, distance only tells long from short.
 */
import type { TraceEvent } from '../trace/trace.ts';

export const lineHeightPx = 22;
/** Above the first line and below the last one. */
const marginPx = 14;
const gapMaxPx = 34;
/** Shorter waits leave no gap. */
const gapFromMs = 10;

export interface Line {
  /** Of the event, in the run's list. */
  readonly place: number;
  readonly event: TraceEvent;
  /** Its middle. */
  readonly y: number;
  /** Virtual time since the line above. */
  readonly waitMs: number;
  /** Empty space above it. */
  readonly gapPx: number;
}

export class Layout {
  readonly lines: readonly Line[];
  readonly heightPx: number;

  /** `isShown` decides which events have a line. */
  constructor(events: readonly TraceEvent[], isShown: (event: TraceEvent) => boolean) {
    const lines: Line[] = [];
    let bottom = marginPx;
    for (const [place, event] of events.entries()) {
      if (!isShown(event)) continue;
      const waitMs = event.t - (lines.at(-1)?.event.t ?? event.t);
      const gapPx = waitMs < gapFromMs ? 0 : Math.min(gapMaxPx, Math.round(2 * Math.sqrt(waitMs)));
      lines.push({ place, event, y: bottom + gapPx + lineHeightPx / 2, waitMs, gapPx });
      bottom += gapPx + lineHeightPx;
    }
    this.lines = lines;
    this.heightPx = bottom + marginPx;
  }

  /** Number of lines that `isBefore` holds for; it must hold for a first part of them only. */
  #count(isBefore: (line: Line) => boolean): number {
    let low = 0;
    let high = this.lines.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const line = this.lines[middle];
      if (line !== undefined && isBefore(line)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The line of the event at `place`; null if it is not shown. */
  lineOf(place: number): Line | null {
    const line = this.lines[this.#count((candidate) => candidate.place < place)];
    return line?.place === place ? line : null;
  }

  /** The first line behind `place`, the last one before it; null if there is none. */
  after(place: number): Line | null {
    return this.lines[this.#count((line) => line.place <= place)] ?? null;
  }

  before(place: number): Line | null {
    return this.lines[this.#count((line) => line.place < place) - 1] ?? null;
  }

  /** Where `place` is or would be: the middle of its line, or the edge of the line above. */
  yOf(place: number): number {
    const above = this.lines[this.#count((line) => line.place <= place) - 1];
    if (above === undefined) return marginPx;
    return above.place === place ? above.y : above.y + lineHeightPx / 2;
  }

  /** Where a virtual time begins: above the first line that is not before it. */
  yOfTime(ms: number): number {
    const line = this.lines[this.#count(({ event }) => event.t < ms)];
    return line === undefined ? this.heightPx : line.y - lineHeightPx / 2;
  }

  /** The lines that touch [top, bottom). */
  between(top: number, bottom: number): readonly Line[] {
    const first = this.#count((line) => line.y + lineHeightPx / 2 <= top);
    return this.lines.slice(
      first,
      this.#count((line) => line.y - lineHeightPx / 2 < bottom),
    );
  }
}
