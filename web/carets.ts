/** Carets and selections of others, drawn into a copy of the text that lies under the field. */
import type { PeerPresence } from '../client/index.ts';
import { isColor } from './person.ts';

/** A colour that a peer tells, or grey if it is none. */
export function peerColor({ color }: PeerPresence): string {
  return isColor(color) ? color : '#868e96';
}

/** Fills the mirror with the text, and what is to be seen of the peers in it. */
export function drawMirror(
  mirror: HTMLElement,
  text: string,
  peers: readonly PeerPresence[],
): void {
  const edges = new Set([0, text.length]);
  for (const { head, anchor } of peers) {
    if (head !== null) edges.add(head).add(anchor ?? head);
  }
  const places = [...edges].sort((a, b) => a - b);
  const nodes = places.flatMap((start, i) => {
    const end = places[i + 1] ?? start;
    const piece = text.slice(start, end).replaceAll(/\r\n?/g, '\n');
    const carets = peers.filter(({ head }) => head === start).map(caret);
    const selected = peers.find(({ head, anchor }) => covers(head, anchor, start));
    return [...carets, selected === undefined ? piece : mark(selected, piece)];
  });
  // A last line that is empty has its height too.
  mirror.replaceChildren(...nodes, '\u200b');
}

function covers(head: number | null, anchor: number | null, index: number): boolean {
  if (head === null || anchor === null) return false;
  return Math.min(head, anchor) <= index && index < Math.max(head, anchor);
}

function caret(peer: PeerPresence): HTMLElement {
  const element = document.createElement('span');
  element.className = 'caret';
  element.dataset.name = peer.name;
  element.style.setProperty('--color', peerColor(peer));
  return element;
}

function mark(peer: PeerPresence, text: string): HTMLElement {
  const element = document.createElement('mark');
  element.textContent = text;
  element.style.setProperty('--color', peerColor(peer));
  return element;
}
