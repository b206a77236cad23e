/**
 * The scrubber: the whole run on one strip, a row for each lane, with a range input over it.
 *
 * Its axis is the order of events, like the range's. Marks say where a lane is busy, bands which
 * faults it suffered; the frame is the part that the diagram shows.
 */
import { byId, element, shape } from './element.ts';
import { eventSentence } from './event-words.ts';
import { type FaultSpan, healingEvent } from './fault-spans.ts';
import { grouped } from './knobs.ts';
import type { PageState } from './page-state.ts';

const widthUnits = 1000;
/** Marks closer than this run together. */
const binUnits = 2;
const rowUnits = 6;
const ticks = 4;

/** The strip; `showFrame` takes the places that the diagram shows. */
export function startOverview(
  state: PageState,
  spans: readonly FaultSpan[],
): { readonly showFrame: (first: number, last: number) => void } {
  const { run } = state;
  const range = byId('scrubber', HTMLInputElement);
  const strip = byId('overview', SVGSVGElement);
  const frame = shape('rect', { class: 'frame', y: 0 });
  range.max = String(Math.max(0, run.events.length - 1));
  byId('ticks', HTMLElement).append(...timeTicks(state));

  range.addEventListener('input', () => {
    const event = run.events[Number(range.value)];
    if (event !== undefined) state.select(event.n);
  });
  state.onFiltered(() => {
    const height = Math.max(1, state.lanes.length) * rowUnits;
    strip.setAttribute('viewBox', `0 0 ${widthUnits} ${height}`);
    frame.setAttribute('height', String(height));
    strip.replaceChildren(...background(state, spans, height), frame);
  });
  state.onSelected(() => {
    const event = run.event(state.n);
    range.value = String(state.place);
    range.ariaValueText = event === null ? 'none' : eventSentence(event);
  });
  return {
    showFrame: (first, last) => {
      const x = unitsAt(state, first);
      frame.setAttribute('x', String(x));
      frame.setAttribute('width', String(Math.max(1, unitsAt(state, last) - x)));
    },
  };
}

function background(state: PageState, spans: readonly FaultSpan[], height: number): SVGElement[] {
  const { run, lanes } = state;
  const parts: SVGElement[] = [];
  const healing = healingEvent(run);
  if (healing !== null) {
    const x = unitsAt(state, run.placeOf(healing.n) ?? 0);
    parts.push(shape('rect', { class: 'healing', x, y: 0, width: widthUnits - x, height }));
  }
  for (const [row, lane] of lanes.entries()) {
    const y = row * rowUnits;
    for (const span of spans) {
      if (!span.lanes.includes(lane)) continue;
      const x = unitsAt(state, run.placeOf(span.event.n) ?? 0);
      const end = unitsAt(state, placeAtTime(state, span.untilMs));
      const box = { x, y, width: Math.max(2, end - x), height: rowUnits };
      parts.push(shape('rect', { class: `band ${span.family}`, ...box }));
    }
    parts.push(shape('path', { class: 'marks', d: marks(state, lane, y) }));
  }
  if (run.violationN !== null) {
    const x = unitsAt(state, run.placeOf(run.violationN) ?? 0);
    parts.push(shape('path', { class: 'violation-line', d: `M${x} 0V${height}` }));
  }
  return parts;
}

/** A stroke for each stretch of the strip in which something happens on the lane. */
function marks(state: PageState, lane: string, y: number): string {
  const bins = new Set<number>();
  for (const { event, place } of state.layout.lines) {
    if (event.lane === lane) bins.add(Math.floor(unitsAt(state, place) / binUnits));
  }
  return [...bins].map((bin) => `M${bin * binUnits} ${y + 1}v${rowUnits - 2}`).join('');
}

function unitsAt({ run }: PageState, place: number): number {
  return (place / Math.max(1, run.events.length - 1)) * widthUnits;
}

function placeAtTime({ run }: PageState, ms: number): number {
  const place = run.events.findIndex(({ t }) => t >= ms);
  return place < 0 ? run.events.length : place;
}

function timeTicks({ run }: PageState): HTMLElement[] {
  return Array.from({ length: ticks + 1 }, (_, tick) => {
    const event = run.events[Math.round((tick / ticks) * (run.events.length - 1))];
    const words = event === undefined ? '' : `${grouped(event.t)} ms`;
    return element('span', { style: `left: ${(100 * tick) / ticks}%` }, words);
  });
}
