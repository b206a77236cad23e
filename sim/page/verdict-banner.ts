/**
 * The top of the page: what was found, how it came to that in words, in which run, and the command
 * that shows it again.
 */
import type { FoundViolation } from '../checks/violation.ts';
import { failingEvent } from '../trace/causal-slice.ts';
import { tellStory } from '../trace/story.ts';
import { byId, element } from './element.ts';
import { eventLink, milliseconds } from './event-words.ts';
import { grouped } from './knobs.ts';
import type { PageState } from './page-state.ts';
import type { Run } from './run.ts';

const copiedForMs = 2_000;

export function showVerdict(state: PageState, reproduce: string): void {
  const { header, footer, events } = state.run.trace;
  const { violation, verdict } = footer;
  const banner = byId('verdict', HTMLElement);
  banner.dataset.verdict = verdict;
  document.title = `Seed ${header.seed}: ${verdict} ${violation?.property ?? ''}`.trim();
  const found = element('div', { class: 'found' });
  if (violation === null) {
    const badge = element('span', { class: 'badge' }, verdict === 'passed' ? 'Passed' : 'Failed');
    found.append(element('h1', {}, badge, 'No violation found'));
  } else {
    found.append(...foundOf(violation), whereOf(violation, state), inWords(violation, state.run));
  }
  banner.append(
    found,
    element(
      'dl',
      { class: 'facts' },
      fact('seed', String(header.seed)),
      fact('commit', header.commit?.slice(0, 12) ?? 'unknown'),
      fact('trace hash', footer.traceHash),
      fact('events', grouped(footer.events)),
      fact('virtual time', milliseconds(events.at(-1)?.t ?? 0)),
    ),
    reproduction(reproduce),
  );
}

function foundOf({ kind, property, message }: FoundViolation): HTMLElement[] {
  const [first = '', ...rest] = message.split('\n');
  const title = element(
    'h1',
    {},
    element('span', { class: 'badge' }, `Failed ${property}`),
    element('span', { class: 'kind' }, kind),
    ` ${first}`,
  );
  if (rest.length === 0) return [title];
  return [title, element('pre', { class: 'message' }, rest.join('\n'))];
}

/** When, and buttons that search for whom it is about. */
function whereOf({ event, timeMs, about }: FoundViolation, state: PageState): HTMLElement {
  const where = element('p', { class: 'where' }, 'Found during event ', eventLink(event));
  where.append(` at ${milliseconds(timeMs)}`);
  for (const [index, name] of about.entries()) {
    const title = `Search the events for ${name}`;
    const button = element('button', { type: 'button', title }, name);
    button.addEventListener('click', () => {
      byId('filters', HTMLDetailsElement).open = true;
      state.setFilter({ search: name });
    });
    where.append(index === 0 ? ', about ' : ' ', button);
  }
  return where;
}

/** The chain of causes as a paragraph. */
function inWords(violation: FoundViolation, run: Run): HTMLElement {
  const story = tellStory(run.storyOf(failingEvent(run.events, violation)), violation);
  const open = matchMedia('(width >= 62rem)').matches;
  const title = element('summary', {}, 'In words');
  return element('details', { class: 'story', open }, title, element('p', {}, story));
}

function fact(name: string, value: string): HTMLElement {
  return element('div', {}, element('dt', {}, name), element('dd', {}, value));
}

function reproduction(command: string): HTMLElement {
  const button = element('button', { type: 'button' }, 'Copy');
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(command).then(() => {
      button.textContent = 'Copied';
      setTimeout(() => {
        button.textContent = 'Copy';
      }, copiedForMs);
    });
  });
  const words = element('code', { id: 'reproduce' }, command);
  return element('p', { class: 'reproduce' }, element('span', {}, 'Reproduce'), words, button);
}
