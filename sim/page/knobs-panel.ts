/**
 * Tables that do not depend on the current event: the knobs in force and the states reached.
 */
import { byId, element } from './element.ts';
import { grouped, type Knob, knobsOf } from './knobs.ts';
import type { Run } from './run.ts';

export function showKnobs({ trace }: Run): void {
  const body = byId('knobs-body', HTMLElement);
  for (const { title, knobs } of knobsOf(trace.header.scenario)) body.append(table(title, knobs));
  const reached = Object.entries(trace.footer.sometimes).map(([name, count]) => {
    return { name, value: grouped(count), usual: null };
  });
  byId('reached', HTMLElement).hidden = reached.length === 0;
  byId('reached-body', HTMLElement).append(table('How often', reached));
}

function table(title: string, knobs: readonly Knob[]): HTMLTableElement {
  const rows = knobs.map(({ name, value, usual }) => {
    const cell = element('td', {}, value);
    if (usual !== null) cell.append(element('span', { class: 'quiet' }, ` not ${usual}`));
    return element('tr', {}, element('th', { scope: 'row' }, name), cell);
  });
  return element('table', {}, element('caption', {}, title), element('tbody', {}, ...rows));
}
