/**
 * What the diagram shows between two heights, as shapes with coordinates: bands of faults, arrows
 * of messages, glyphs of events, the links of the chain that led to the current event.
 *
 * Pure: the same window gives the same drawing; diagram.ts puts it on the page. Events that are not
 * shown have no glyph, and a message needs both of its ends.
 */
import { type FaultFamily, type FaultSpan, healingEvent } from './fault-spans.ts';
import { type Look, lookOf } from './kind-look.ts';
import { type Line, lineHeightPx } from './layout.ts';
import type { PageState } from './page-state.ts';
import { nemesisLane } from './run.ts';

/** Where the lanes stand; px from the left of the drawing. */
export interface Columns {
  readonly laneWidthPx: number;
  readonly middles: ReadonlyMap<string, number>;
}

export interface Band {
  readonly family: FaultFamily;
  readonly n: number;
  readonly x: number;
  readonly width: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Arrow {
  /** Numbers of the events at its ends. */
  readonly from: number;
  readonly to: number;
  readonly path: string;
  /**
   * - message: of nobody in particular; passing: one with both ends out of sight;
   * - fault: something goes wrong because the nemesis wanted it;
   * - effect: follows from the current event; chain: led to it.
   */
  readonly role: 'message' | 'passing' | 'fault' | 'effect' | 'chain';
}

export interface Glyph {
  readonly n: number;
  readonly x: number;
  readonly y: number;
  readonly look: Look;
}

export interface Drawing {
  readonly bands: readonly Band[];
  /** Those of the chain last, so that they lie on top. */
  readonly arrows: readonly Arrow[];
  readonly glyphs: readonly Glyph[];
  /** Where the healing phase begins; null if it is not in sight or above. */
  readonly healingTop: number | null;
}

interface Window {
  readonly top: number;
  readonly bottom: number;
}

const headPx = 5;
/** Between the tip of an arrow and the middle of a glyph. */
const clearancePx = 7;

/** Draws [top, bottom). */
export function drawWindow(
  state: PageState,
  spans: readonly FaultSpan[],
  columns: Columns,
  window: Window,
): Drawing {
  const healing = healingEvent(state.run);
  const healingTop = healing === null ? null : state.layout.yOfTime(healing.t);
  return {
    bands: bandsOf(state, spans, columns, window),
    arrows: arrowsOf(state, columns, window),
    glyphs: state.layout.between(window.top, window.bottom).flatMap(({ event, y }) => {
      const x = columns.middles.get(event.lane);
      return x === undefined ? [] : [{ n: event.n, x, y, look: lookOf(event.kind) }];
    }),
    healingTop: healingTop !== null && healingTop < window.bottom ? healingTop : null,
  };
}

/** They let through what is behind: where two overlap, both are seen. */
function bandsOf(
  { layout, run }: PageState,
  spans: readonly FaultSpan[],
  { middles, laneWidthPx }: Columns,
  window: Window,
): Band[] {
  const bands: Band[] = [];
  const width = Math.min(laneWidthPx - 4, 26);
  for (const { event, family, lanes, fromMs, untilMs } of spans) {
    const top = layout.lineOf(run.placeOf(event.n) ?? -1)?.y ?? layout.yOfTime(fromMs);
    const bottom = Math.max(layout.yOfTime(untilMs), top + lineHeightPx / 2);
    // Nothing that is shown happened during it or later.
    if (top >= layout.heightPx) continue;
    if (bottom <= window.top || top >= window.bottom) continue;
    for (const lane of lanes) {
      const x = middles.get(lane);
      if (x !== undefined) {
        bands.push({ family, n: event.n, x: x - width / 2, width, top, bottom });
      }
    }
  }
  return bands;
}

function arrowsOf(state: PageState, columns: Columns, window: Window): Arrow[] {
  const { run, layout, n, place } = state;
  const arrows: Arrow[] = [];
  const chained = new Set(run.chainOf(n).map((event) => event.n));
  const inSight = (from: number, to: number): boolean =>
    layout.yOf(to) >= window.top && layout.yOf(from) < window.bottom;
  for (const { from, to } of run.messages) {
    if (!inSight(from, to)) continue;
    const ends = endsOf(state, from, to);
    // Those of the chain are drawn below, over all others.
    if (ends === null || chained.has(ends.to.event.n)) continue;
    const path = arrowPath(ends, columns);
    if (path === null) continue;
    const fault = ends.from.event.lane === nemesisLane;
    const passing = ends.from.y < window.top && ends.to.y >= window.bottom;
    const plain = passing ? 'passing' : fault ? 'fault' : 'message';
    const role = from === place ? 'effect' : plain;
    arrows.push({ from: ends.from.event.n, to: ends.to.event.n, path, role });
  }
  for (const event of run.chainOf(n)) {
    const from = run.placeOf(event.cause);
    const to = run.placeOf(event.n);
    if (from === null || to === null || !inSight(from, to)) continue;
    const ends = endsOf(state, from, to);
    const path = ends === null ? null : arrowPath(ends, columns);
    if (path !== null) arrows.push({ from: event.cause, to: event.n, path, role: 'chain' });
  }
  return arrows;
}

interface Ends {
  readonly from: Line;
  readonly to: Line;
}

function endsOf({ layout }: PageState, from: number, to: number): Ends | null {
  const [start, end] = [layout.lineOf(from), layout.lineOf(to)];
  return start === null || end === null ? null : { from: start, to: end };
}

/** A line with a head, or without one along a lane; null if a lane is off. */
function arrowPath({ from, to }: Ends, { middles }: Columns): string | null {
  const x1 = middles.get(from.event.lane);
  const x2 = middles.get(to.event.lane);
  if (x1 === undefined || x2 === undefined) return null;
  if (x1 === x2) return `M${x1} ${from.y}V${to.y}`;
  const [dx, dy] = [x2 - x1, to.y - from.y];
  const length = Math.sqrt(dx * dx + dy * dy);
  const [ux, uy] = [dx / length, dy / length];
  const [tipX, tipY] = [x2 - ux * clearancePx, to.y - uy * clearancePx];
  const wing = (side: number): string =>
    [tipX - headPx * ux + side * 0.6 * headPx * uy, tipY - headPx * uy - side * 0.6 * headPx * ux]
      .map((value) => value.toFixed(1))
      .join(' ');
  const tip = `${tipX.toFixed(1)} ${tipY.toFixed(1)}`;
  return `M${x1} ${from.y}L${tip}M${wing(1)}L${tip}L${wing(-1)}`;
}
