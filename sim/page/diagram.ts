/**
 * The space-time diagram: lanes as columns, time flowing down, a line of words for each event.
 *
 * Only what is in sight, and some more above and below, is on the page; scrolling inside that costs
 * nothing. The words are a list of links, which is what a screen reader gets; the drawing beside
 * them is for the eye and lets every click through.
 */
import { type Columns, type Drawing, drawWindow } from './drawing.ts';
import { byId, element, shape } from './element.ts';
import { eventAddress, milliseconds, quiet } from './event-words.ts';
import type { FaultSpan } from './fault-spans.ts';
import { shapePaths } from './kind-look.ts';
import { grouped } from './knobs.ts';
import { type Line, lineHeightPx } from './layout.ts';
import type { PageState } from './page-state.ts';

/** Drawn beyond what is in sight, so that scrolling rarely draws. */
const overscanPx = 500;
/** The current event keeps this distance from the edges. */
const revealMarginPx = 60;
/** A wait of at least this is told in numbers. */
const waitToldMs = 50;
const laneWidthMinPx = 17;
const laneWidthMaxPx = 84;
/** Names of lanes stand aslant: what they need in height. */
const namesLeastPx = 20;
const namesLetterPx = 4.6;
/** Below this width, times give way to words. */
const narrowPx = 560;

interface Window {
  readonly top: number;
  readonly bottom: number;
}

export class Diagram {
  readonly #state: PageState;
  readonly #spans: readonly FaultSpan[];
  readonly #showFrame: (first: number, last: number) => void;
  readonly #scroller = byId('diagram', HTMLElement);
  readonly #names = byId('lane-names', HTMLElement);
  readonly #sheet = byId('sheet', HTMLElement);
  readonly #list = byId('lines', HTMLOListElement);
  readonly #svg = byId('drawing', SVGSVGElement);
  /** Lines on the page, by number; kept while nothing about them changes. */
  readonly #items = new Map<number, HTMLLIElement>();
  #columns: Columns = { laneWidthPx: laneWidthMaxPx, middles: new Map() };
  #drawn: Window = { top: 0, bottom: 0 };

  constructor(options: {
    readonly state: PageState;
    readonly spans: readonly FaultSpan[];
    /** Told the first and the last place in sight. */
    readonly showFrame: (first: number, last: number) => void;
  }) {
    this.#state = options.state;
    this.#spans = options.spans;
    this.#showFrame = options.showFrame;
    this.#state.onFiltered(() => this.#filtered());
    this.#state.onSelected(() => this.#selected());
    this.#scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#resized()).observe(this.#scroller);
  }

  /** What is in sight, in the sheet's coordinates. */
  get #sight(): Window {
    const top = this.#scroller.scrollTop;
    return { top, bottom: top + this.#scroller.clientHeight - this.#names.offsetHeight };
  }

  #filtered(): void {
    const { layout } = this.#state;
    this.#items.clear();
    this.#sheet.style.height = `${layout.heightPx}px`;
    byId('nothing', HTMLElement).hidden = layout.lines.length > 0;
    this.#placeColumns();
    this.#reveal();
    this.#draw();
  }

  #selected(): void {
    const hadFocus = this.#list.contains(document.activeElement);
    this.#reveal();
    this.#draw();
    if (hadFocus)
      this.#items.get(this.#state.n)?.querySelector('a')?.focus({ preventScroll: true });
  }

  #resized(): void {
    this.#placeColumns();
    this.#reveal();
    this.#draw();
  }

  #scrolled(): void {
    const sight = this.#sight;
    const { top, bottom } = this.#drawn;
    const heightPx = this.#state.layout.heightPx;
    if (sight.top < top || sight.bottom > Math.min(bottom, heightPx)) this.#draw();
    else this.#frame();
  }

  #placeColumns(): void {
    const { lanes } = this.#state;
    const width = this.#scroller.clientWidth;
    const isNarrow = width < narrowPx;
    const gutter = isNarrow ? 40 : 112;
    const forLanes = (width - gutter) * (isNarrow ? 0.55 : 0.58);
    const fitting = Math.floor(forLanes / Math.max(1, lanes.length));
    const laneWidthPx = Math.max(laneWidthMinPx, Math.min(laneWidthMaxPx, fitting));
    const middles = new Map(lanes.map((lane, index) => [lane, (index + 0.5) * laneWidthPx]));
    this.#columns = { laneWidthPx, middles };
    this.#scroller.classList.toggle('narrow', isNarrow);
    const longest = Math.max(...lanes.map((lane) => lane.length), 0);
    this.#names.style.height = `${namesLeastPx + Math.ceil(longest * namesLetterPx)}px`;
    this.#scroller.style.setProperty('--gutter', `${gutter}px`);
    this.#scroller.style.setProperty('--lanes', `${lanes.length * laneWidthPx}px`);
    this.#names.replaceChildren(
      ...[...middles].map(([lane, x]) => {
        const name = element('span', { style: `left: ${gutter + x}px` }, lane);
        name.dataset.lane = lane;
        return name;
      }),
    );
  }

  /** Scrolls so that the current event can be seen. */
  #reveal(): void {
    const y = this.#state.layout.yOf(this.#state.place);
    const { top, bottom } = this.#sight;
    if (y >= top + revealMarginPx && y <= bottom - revealMarginPx) return;
    this.#scroller.scrollTop = y - (bottom - top) / 2;
  }

  #draw(): void {
    const sight = this.#sight;
    this.#drawn = { top: Math.max(0, sight.top - overscanPx), bottom: sight.bottom + overscanPx };
    this.#drawLines();
    const { top, bottom } = this.#drawn;
    const drawing = drawWindow(this.#state, this.#spans, this.#columns, this.#drawn);
    const height = Math.min(bottom, this.#state.layout.heightPx) - top;
    const width = this.#columns.middles.size * this.#columns.laneWidthPx;
    this.#svg.setAttribute('viewBox', `0 ${top} ${width} ${Math.max(1, height)}`);
    this.#svg.style.top = `${top}px`;
    this.#svg.style.width = `${width}px`;
    this.#svg.style.height = `${Math.max(1, height)}px`;
    this.#svg.replaceChildren(...this.#shapes(drawing, { top, bottom: top + height }));
    this.#frame();
  }

  #drawLines(): void {
    const { layout, run, n } = this.#state;
    const chain = new Set(run.chainOf(n).map((event) => event.n));
    const lines = layout.between(this.#drawn.top, this.#drawn.bottom);
    const kept = new Set(lines.map(({ event }) => event.n));
    for (const known of this.#items.keys()) if (!kept.has(known)) this.#items.delete(known);
    const items = lines.map((line) => {
      const item = this.#items.get(line.event.n) ?? this.#makeLine(line);
      this.#items.set(line.event.n, item);
      const isCurrent = line.event.n === n;
      item.classList.toggle('current', isCurrent);
      item.classList.toggle('chained', chain.has(line.event.n));
      const link = item.querySelector('a');
      if (link !== null) {
        link.ariaCurrent = isCurrent ? 'true' : null;
        link.tabIndex = isCurrent ? 0 : -1;
      }
      return item;
    });
    // Moving an element would take the focus from it: only a changed list is put in.
    const isSame =
      items.length === this.#list.children.length &&
      items[0] === this.#list.firstElementChild &&
      items.at(-1) === this.#list.lastElementChild;
    if (!isSame) this.#list.replaceChildren(...items);
  }

  #makeLine({ event, y, waitMs, gapPx }: Line): HTMLLIElement {
    const { n, t, lane, kind, what, detail = '' } = event;
    const isViolation = n === this.#state.run.violationN;
    const top = y - lineHeightPx / 2 - gapPx;
    const wait = waitMs < waitToldMs ? '' : `+${milliseconds(waitMs)}`;
    const link = element(
      'a',
      { href: eventAddress(n), tabindex: -1 },
      element('span', { class: 'n' }, String(n)),
      element('span', { class: 't' }, grouped(t)),
      element('span', { class: 'lane-word' }, lane),
      element('span', { class: 'words' }, element('b', {}, kind), ` ${what} `, quiet(detail)),
    );
    link.title = [`${lane}: ${kind} ${what}`, detail].filter(Boolean).join('\n');
    const gap = element('span', { class: 'wait', style: `height: ${gapPx}px` }, wait);
    const item = element('li', { style: `top: ${top}px`, 'data-n': n }, gap, link);
    if (isViolation) item.classList.add('violating');
    return item;
  }

  #shapes({ bands, arrows, glyphs, healingTop }: Drawing, window: Window): SVGElement[] {
    const { middles, laneWidthPx } = this.#columns;
    const { n, run } = this.#state;
    const shapes: SVGElement[] = [];
    if (healingTop !== null) {
      const box = { x: 0, width: middles.size * laneWidthPx };
      const y = Math.max(healingTop, window.top);
      shapes.push(shape('rect', { class: 'healing', ...box, y, height: window.bottom - y }));
    }
    for (const x of middles.values()) {
      shapes.push(shape('path', { class: 'lane', d: `M${x} ${window.top}V${window.bottom}` }));
    }
    for (const { family, x, width, top, bottom, n: fault } of bands) {
      const box = { x, y: top, width, height: bottom - top, rx: 3, 'data-n': fault };
      shapes.push(shape('rect', { class: `band ${family}`, ...box }));
    }
    for (const { path, role, from, to } of arrows) {
      const ends = { 'data-from': from, 'data-to': to };
      shapes.push(shape('path', { class: `arrow ${role}`, d: path, ...ends }));
    }
    for (const { n: number, x, y, look } of glyphs) {
      const at = `translate(${x} ${y})`;
      if (number === n) shapes.push(shape('circle', { class: 'halo', cx: x, cy: y, r: 9 }));
      if (number === run.violationN) {
        shapes.push(shape('circle', { class: 'violation-ring', cx: x, cy: y, r: 8.5 }));
      }
      const classes = `glyph ${look.shape} ${look.tone}`;
      shapes.push(shape('path', { class: classes, d: shapePaths[look.shape], transform: at }));
    }
    return shapes;
  }

  #frame(): void {
    const { top, bottom } = this.#sight;
    const lines = this.#state.layout.between(top, bottom);
    const [first, last] = [lines[0], lines.at(-1)];
    if (first !== undefined && last !== undefined) this.#showFrame(first.place, last.place);
  }
}
