/**
 * Events in words and as links: the same everywhere on the page.
 */
import type { TraceEvent } from '../trace/trace.ts';
import { element, shape } from './element.ts';
import { lookOf, shapePaths } from './kind-look.ts';
import { grouped } from './knobs.ts';

/** Link to an event: the page's address with its number. */
export function eventAddress(n: number): string {
  return `#e=${n}`;
}

/** The number in an address; null if it has none. */
export function eventInAddress(hash: string): number | null {
  const found = /^#e=(\d+)$/.exec(hash)?.[1];
  return found === undefined ? null : Number(found);
}

/** `1 234 ms`. */
export function milliseconds(ms: number): string {
  return `${grouped(ms)}\u00a0ms`;
}

/** For the ear: one sentence. */
export function eventSentence({ n, t, lane, kind, what, detail }: TraceEvent): string {
  const more = detail === undefined ? '' : `, ${detail}`;
  return `Event ${n} at ${t} ms, ${lane}: ${kind} ${what}${more}`;
}

/** A number that leads to its event. */
export function eventLink(n: number, words = `#${n}`): HTMLAnchorElement {
  return element('a', { href: eventAddress(n), class: 'event-link' }, words);
}

/** An event on one line of a list; `toLane` names the other end if it went to another lane. */
export function eventItem(event: TraceEvent, toLane: string | null = null): HTMLLIElement {
  const { n, t, lane, kind, what, detail = '' } = event;
  const hop = toLane === null ? lane : `${lane} → ${toLane}`;
  const link = element(
    'a',
    { href: eventAddress(n) },
    element('span', { class: 'n' }, String(n)),
    element('span', { class: 't' }, milliseconds(t)),
    glyphOf(kind),
    element('span', { class: 'lane' }, hop),
    element('span', { class: 'words' }, element('b', {}, kind), ` ${what} `, quiet(detail)),
  );
  return element('li', toLane === null ? {} : { class: 'hop' }, link);
}

/** The sign of a kind, as the diagram draws it. */
export function glyphOf(kind: string): SVGSVGElement {
  const look = lookOf(kind);
  const path = shape('path', {
    class: `glyph ${look.shape} ${look.tone}`,
    d: shapePaths[look.shape],
  });
  return shape('svg', { class: 'sign', viewBox: '-8 -8 16 16', 'aria-hidden': 'true' }, path);
}

/** Words of second rank. */
export function quiet(words: string): HTMLSpanElement {
  return element('span', { class: 'quiet' }, words);
}
