/**
 * The legend, which is the filter too: a switch for each lane and each kind of event, a search, and
 * what the colours of bands and arrows mean.
 */
import { byId, element, shape } from './element.ts';
import type { EventFilter } from './event-filter.ts';
import { glyphOf } from './event-words.ts';
import { faultFamilies } from './fault-spans.ts';
import { grouped } from './knobs.ts';
import type { PageState } from './page-state.ts';

export function startFilterBar(state: PageState): void {
  const { run } = state;
  const search = byId('search', HTMLInputElement);
  const count = byId('shown-count', HTMLElement);
  const lanes = chips(run.laneCounts, 'lanesOff', state);
  const kinds = chips(run.kindCounts, 'kindsOff', state);
  byId('lane-chips', HTMLElement).append(...lanes.values());
  byId('kind-chips', HTMLElement).append(...kinds.values());
  byId('legend', HTMLElement).append(...legend());
  // On a small screen the events come first.
  byId('filters', HTMLDetailsElement).open = matchMedia(
    '(width >= 48rem) and (height >= 56rem)',
  ).matches;

  search.addEventListener('input', () => state.setFilter({ search: search.value }));
  const only = byId('only-story', HTMLButtonElement);
  only.addEventListener('click', () => {
    const story = state.filter.only === null ? run.storyOf(state.n) : null;
    state.setFilter({ only: story === null ? null : new Set(story.map(({ n }) => n)) });
  });
  byId('show-all', HTMLButtonElement).addEventListener('click', () => state.showAll());
  state.onFiltered(() => {
    const { lanesOff, kindsOff } = state.filter;
    press(lanes, lanesOff);
    press(kinds, kindsOff);
    only.ariaPressed = String(state.filter.only !== null);
    if (search.value !== state.filter.search) search.value = state.filter.search;
    const [shown, all] = [state.layout.lines.length, run.events.length];
    count.textContent =
      shown === all ? `${grouped(all)} events` : `${grouped(shown)} of ${grouped(all)} events`;
  });
}

function chips(
  counts: ReadonlyMap<string, number>,
  key: 'lanesOff' | 'kindsOff',
  state: PageState,
): Map<string, HTMLButtonElement> {
  return new Map(
    [...counts].map(([name, count]) => {
      const chip = element('button', { type: 'button', class: 'chip', 'data-name': name });
      if (key === 'kindsOff') chip.append(glyphOf(name));
      chip.append(name, element('span', { class: 'count' }, grouped(count)));
      chip.addEventListener('click', () => state.setFilter(toggled(state.filter, key, name)));
      return [name, chip];
    }),
  );
}

function toggled(
  filter: EventFilter,
  key: 'lanesOff' | 'kindsOff',
  name: string,
): Partial<EventFilter> {
  const off = new Set(filter[key]);
  if (!off.delete(name)) off.add(name);
  return { [key]: off };
}

function press(chipOf: ReadonlyMap<string, HTMLButtonElement>, off: ReadonlySet<string>): void {
  for (const [name, chip] of chipOf) chip.ariaPressed = String(!off.has(name));
}

function legend(): HTMLElement[] {
  const swatches = faultFamilies.map((family) => {
    const swatch = element('span', { class: `swatch band ${family}` });
    return element('li', {}, swatch, `${family} fault`);
  });
  const arrow = (role: string, words: string): HTMLElement => {
    const path = shape('path', {
      class: `arrow ${role}`,
      d: 'M1 2L24 11M18.5 11.7L24 11L20.5 6.8',
    });
    const sign = shape(
      'svg',
      { viewBox: '0 0 26 13', class: 'sample', 'aria-hidden': 'true' },
      path,
    );
    return element('li', {}, sign, words);
  };
  return [
    ...swatches,
    arrow('message', 'message'),
    arrow('fault', 'fault strikes'),
    arrow('chain', 'led to the current event'),
    arrow('effect', 'follows from it'),
  ];
}
