/**
 * The current event beside the diagram: its fields, the faults in force, what led to it and what it
 * led to.
 */
import type { TraceEvent } from '../trace/trace.ts';
import { byId, element } from './element.ts';
import { eventItem, eventLink, eventSentence, glyphOf, milliseconds } from './event-words.ts';
import { type FaultSpan, faultsAt } from './fault-spans.ts';
import type { PageState } from './page-state.ts';

/** Links of a chain that are shown at first; timers can make one as long as the run. */
const chainShownMax = 25;
const effectsShownMax = 50;

export function startEventPanel(state: PageState, spans: readonly FaultSpan[]): void {
  const { run } = state;
  const body = byId('event-body', HTMLElement);
  const more = byId('chain-more', HTMLButtonElement);
  let chain: TraceEvent[] = [];
  const showChain = (count: number): void => {
    byId('chain', HTMLOListElement).replaceChildren(...chainItems(chain).slice(0, count));
    more.hidden = chain.length <= count + 1;
    more.textContent = `Show ${chain.length - 1 - count} more, back to the start`;
  };
  more.addEventListener('click', () => showChain(chain.length));
  state.onSelected(() => {
    const event = run.event(state.n);
    if (event === null) return;
    chain = run.chainOf(event.n);
    body.replaceChildren(...fieldsOf(event, { isViolation: run.violationN === event.n }));
    showChain(chainShownMax);
    const effects = run.effectsOf(event.n).slice(0, effectsShownMax);
    byId('effects', HTMLElement).replaceChildren(...effects.map((effect) => eventItem(effect)));
    byId('faults-body', HTMLElement).replaceChildren(...faultItems(spans, event));
    byId('announcement', HTMLElement).textContent = eventSentence(event);
  });
}

/** Causes, nearest first; one whose effect was on another lane is where a message left. */
function chainItems(chain: readonly TraceEvent[]): HTMLElement[] {
  return chain.slice(1).map((cause, index) => {
    const effect = chain[index];
    const isHop = effect !== undefined && effect.lane !== cause.lane;
    return eventItem(cause, isHop ? effect.lane : null);
  });
}

function fieldsOf(
  event: TraceEvent,
  { isViolation }: { readonly isViolation: boolean },
): HTMLElement[] {
  const { n, t, lane, kind, cause, what, detail, text, until, lanes } = event;
  const title = element('p', { class: 'title' }, glyphOf(kind), element('b', {}, kind), ` ${what}`);
  const fields = element(
    'dl',
    { class: 'fields' },
    ...field('event', `#${n}`),
    ...field('time', milliseconds(t)),
    ...field('lane', lane),
    ...field('cause', cause === 0 ? 'the scenario' : eventLink(cause)),
  );
  if (until !== undefined) fields.append(...field('until', milliseconds(until)));
  if (lanes !== undefined) fields.append(...field('touches', lanes.join(', ')));
  if (detail !== undefined) fields.append(...field('detail', detail));
  if (text !== undefined) fields.append(...field('text', JSON.stringify(text)));
  const alarm = element('p', { class: 'alarm' }, 'The violation was found during this event.');
  return isViolation ? [title, alarm, fields] : [title, fields];
}

function field(name: string, value: string | Node): HTMLElement[] {
  const isLong = name === 'detail' || name === 'text' || name === 'touches';
  const attributes = isLong ? { class: 'long' } : {};
  return [element('div', attributes, element('dt', {}, name), element('dd', {}, value))];
}

function faultItems(spans: readonly FaultSpan[], event: TraceEvent): HTMLElement[] {
  const items = faultsAt(spans, event.t).filter(({ event: { n } }) => n <= event.n);
  if (items.length === 0) return [element('li', { class: 'quiet' }, 'none')];
  return items.map(({ event: fault, family, untilMs }) => {
    const swatch = element('span', { class: `swatch band ${family}` });
    const end = element('span', { class: 'quiet' }, `until ${milliseconds(untilMs)}`);
    return element('li', {}, swatch, eventLink(fault.n, fault.what), ' ', end);
  });
}
