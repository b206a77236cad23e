/**
 * The page: a document named in the address, bound to a text field, with who else is here and how
 * safe the text is. What it shows is drawn once per frame from the session; nothing is kept twice.
 */
import { bindTextarea, connect, type SyncStatus } from '../client/index.ts';
import { drawMirror, peerColor } from './carets.ts';
import { loadPerson, randomDocumentName, savePerson } from './person.ts';

const latenciesMax = 100;

const field = byId('text', HTMLTextAreaElement);
const mirror = byId('mirror', HTMLElement);
const nameField = byId('person-name', HTMLInputElement);
const colorField = byId('person-color', HTMLInputElement);
const place = byId('person-place', HTMLElement);
const peerList = byId('peers', HTMLElement);
const statusLine = byId('status', HTMLElement);
const statusText = byId('status-text', HTMLElement);
const pendingText = byId('pending', HTMLElement);
const latencyText = byId('latency', HTMLElement);
const announcement = byId('announcement', HTMLElement);
const network = byId('network', HTMLButtonElement);
const copyLink = byId('copy-link', HTMLButtonElement);
const rescue = byId('rescue', HTMLElement);

const documentId = documentFromAddress();
document.title = documentId;
byId('document-name', HTMLElement).textContent = documentId;

const person = loadPerson();
nameField.value = person.name;
colorField.value = person.color;

const session = connect({ url: location.origin, documentId, ...person });
const latencies: number[] = [];
let refusal = '';
let framed = false;

bindTextarea(session, field);
field.focus();
const { placeholder } = field;
// Shown where nothing is typed yet, until the text is there to be edited.
session.on('preview', (text) => {
  field.placeholder = text;
});
session.on('change', () => {
  field.placeholder = placeholder;
  redrawSoon();
});
session.on('presence', redrawSoon);
session.on('status', (status) => {
  announce(status);
  redrawSoon();
});
session.on('ack', ({ latencyMs }) => {
  if (latencyMs !== null) latencies.push(latencyMs);
  if (latencies.length > latenciesMax) latencies.shift();
  redrawSoon();
});
session.on('error', ({ message }) => {
  refusal = message;
  announcement.textContent = message;
});
session.on('rescued', ({ texts, advice }) => {
  byId('rescue-text', HTMLElement).append(`${texts.join('\n')}\n`);
  byId('rescue-advice', HTMLElement).textContent = advice;
  rescue.hidden = false;
});

document.addEventListener('selectionchange', redrawSoon);
field.addEventListener('input', redrawSoon);
for (const input of [nameField, colorField]) {
  input.addEventListener('input', () => {
    const told = { name: nameField.value.trim() || 'Somebody', color: colorField.value };
    savePerson(told);
    session.setPresence(told);
  });
}
byId('person', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  field.focus();
});
network.addEventListener('click', () => {
  const online = network.ariaChecked !== 'true';
  network.ariaChecked = String(online);
  network.lastChild?.replaceWith(online ? 'Online' : 'Offline');
  if (online) session.goOnline();
  else session.goOffline();
});
copyLink.addEventListener('click', () => {
  void navigator.clipboard.writeText(location.href).then(() => {
    copyLink.textContent = 'Copied';
    setTimeout(() => {
      copyLink.textContent = 'Copy link';
    }, 2_000);
  });
});
byId('rescue-done', HTMLElement).addEventListener('click', () => {
  rescue.hidden = true;
  byId('rescue-text', HTMLElement).textContent = '';
});
addEventListener('beforeunload', (event) => {
  if (session.pending > 0) event.preventDefault();
});
redrawSoon();

function redrawSoon(): void {
  if (framed) return;
  framed = true;
  requestAnimationFrame(() => {
    framed = false;
    redraw();
  });
}

function redraw(): void {
  const { peers, pending, status } = session;
  drawMirror(mirror, session.text, peers);
  peerList.replaceChildren(
    ...peers.map((peer) => {
      const item = document.createElement('li');
      item.style.setProperty('--color', peerColor(peer));
      const name = document.createElement('b');
      name.textContent = peer.name;
      const where = document.createElement('span');
      where.textContent = peer.head === null ? 'reading' : `${peer.line}:${peer.column}`;
      where.ariaLabel = peer.head === null ? 'reading' : `line ${peer.line}, column ${peer.column}`;
      item.append(name, where);
      return item;
    }),
  );
  const before = field.value.slice(0, field.selectionEnd).split('\n');
  place.textContent = `${before.length}:${(before.at(-1) ?? '').length + 1}`;
  statusLine.dataset.status = status;
  statusText.textContent = statusWords(status);
  pendingText.textContent = pending === 0 ? '' : `${pending} not yet durable`;
  const { p50, p99 } = percentiles(latencies);
  latencyText.textContent = latencies.length === 0 ? '' : `ack p50 ${p50} ms, p99 ${p99} ms`;
}

function statusWords(status: SyncStatus): string {
  switch (status) {
    case 'offline':
      return 'Offline: what you type is kept in this window';
    case 'connecting':
      return 'Connecting';
    case 'syncing':
      return session.pending === 0 ? 'Loading' : 'Saving';
    case 'durable': {
      const at = session.durableAt;
      return at === null ? 'Connected' : `Durable at ${clockTime(at)}`;
    }
    case 'failed':
      return refusal;
    case 'closed':
      return 'Closed';
  }
}

/** Tells a screen reader about the connection, not about every keystroke. */
function announce(status: SyncStatus): void {
  if (status === 'offline') announcement.textContent = 'Offline. What you type is kept here.';
  else if (status === 'durable' && announcement.textContent !== 'Connected.') {
    announcement.textContent = 'Connected.';
  }
}

/** Hours, minutes and seconds as people here write them. */
function clockTime(ms: number): string {
  return new Date(ms).toLocaleTimeString(undefined, { timeStyle: 'medium', hourCycle: 'h23' });
}

/** Nearest rank, in whole milliseconds. */
function percentiles(values: readonly number[]): { readonly p50: number; readonly p99: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  return { p50: at(0.5), p99: at(0.99) };
}

/** Of `/d/<name>`; where there is none, a new name, put into the address. */
function documentFromAddress(): string {
  const name = /^\/d\/([^/]+)\/?$/.exec(location.pathname)?.[1];
  if (name !== undefined) return decodeURIComponent(name);
  const fresh = randomDocumentName();
  history.replaceState(null, '', `/d/${fresh}`);
  return fresh;
}

function byId<Type extends HTMLElement>(id: string, type: new () => Type): Type {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`index.html has no ${type.name} #${id}`);
}
