/**
 * The page of one run: reads the trace that the page carries, and starts its parts. The current
 * event stands in the address, so that a link leads to it; without one, the page opens at the
 * violation, or at the start.
 */
import { Diagram } from './diagram.ts';
import { byId } from './element.ts';
import { startEventPanel } from './event-panel.ts';
import { eventAddress, eventInAddress } from './event-words.ts';
import { faultSpans } from './fault-spans.ts';
import { startFilterBar } from './filter-bar.ts';
import { startKeyboard } from './keyboard.ts';
import { showKnobs } from './knobs-panel.ts';
import { startOverview } from './overview.ts';
import type { PageData } from './page-data.ts';
import { PageState } from './page-state.ts';
import { Run } from './run.ts';
import { startTextsPanel } from './texts-panel.ts';
import { showVerdict } from './verdict-banner.ts';

/** Browsers refuse to change the address much more often. */
const addressAfterMs = 250;

const data: PageData = JSON.parse(byId('run', HTMLScriptElement).textContent ?? '');
const run = new Run(data.trace);
const spans = faultSpans(run);
const state = new PageState(run);

state.select(eventInAddress(location.hash) ?? run.violationN ?? state.n);
showVerdict(state, data.reproduce);
showKnobs(run);
startFilterBar(state);
startEventPanel(state, spans);
startTextsPanel(state);
const { showFrame } = startOverview(state, spans);
new Diagram({ state, spans, showFrame });
startKeyboard(state);

let addressTimer: number | undefined;
state.onSelected(() => {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => {
    const address = eventAddress(state.n);
    if (location.hash !== address) history.replaceState(null, '', address);
  }, addressAfterMs);
});
// A link to the address that is there already changes nothing in it, though the page went on.
addEventListener('click', ({ target }) => {
  const link = target instanceof Element ? target.closest('a') : null;
  const n = link === null ? null : eventInAddress(link.hash);
  if (n !== null) state.select(n);
});
addEventListener('hashchange', () => {
  const n = eventInAddress(location.hash);
  if (n !== null) state.select(n);
});
