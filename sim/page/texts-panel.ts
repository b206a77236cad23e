/**
 * What every replica shows at the current event, by document; characters that not all replicas of a
 * document have are marked.
 */
import { byId, element } from './element.ts';
import { eventLink, quiet } from './event-words.ts';
import type { PageState } from './page-state.ts';
import { type DocumentTexts, type ReplicaText, ReplicaTexts } from './replica-texts.ts';
import { differences, type Piece } from './text-differences.ts';

export function startTextsPanel(state: PageState): void {
  const texts = new ReplicaTexts(state.run);
  const body = byId('texts-body', HTMLElement);
  if (!state.run.events.some(({ text }) => text !== undefined)) {
    body.append(quiet('This trace carries no texts.'));
    return;
  }
  state.onSelected(() => {
    body.replaceChildren(...texts.at(state.place).map((document) => documentOf(document, state)));
  });
}

function documentOf({ document, replicas }: DocumentTexts, state: PageState): HTMLElement {
  const known = replicas.flatMap(({ text }) => (text === null ? [] : [text]));
  const pieces = differences(known);
  const isSame = known.every((text) => text === known[0]);
  const verdict = element(
    'span',
    { class: isSame ? 'same' : 'differ' },
    isSame ? 'equal' : 'differ',
  );
  const list = element('ul', { class: 'replicas' });
  let at = 0;
  for (const replica of replicas) {
    list.append(replicaOf(replica, replica.text === null ? [] : (pieces[at++] ?? []), state));
  }
  const title = element('h3', {}, document, ' ', known.length > 1 ? verdict : '');
  return element('section', { class: 'document', 'data-document': document }, title, list);
}

function replicaOf(
  { lane, text, since }: ReplicaText,
  pieces: readonly Piece[],
  state: PageState,
): HTMLElement {
  const head = element('div', { class: 'replica-head' }, element('b', {}, lane));
  if (text !== null) head.append(quiet(text.length === 1 ? '1 unit' : `${text.length} units`));
  if (since !== null) head.append(eventLink(since));
  const shown = element('p', { class: 'text' });
  if (text === null) shown.append(quiet('nothing yet'));
  else if (text === '') shown.append(quiet('empty'));
  else shown.append(...pieces.map(pieceOf));
  const item = element('li', { 'data-lane': lane }, head, shown);
  if (since !== null && since === state.n) item.classList.add('changed');
  return item;
}

function pieceOf({ text, differs, symbol }: Piece): HTMLElement {
  const inner = symbol ? element('span', { class: 'symbol' }, text) : text;
  return differs ? element('mark', {}, inner) : element('span', {}, inner);
}
