/** Presence as a client sees it: its own, on the way out, and everybody else's. */
import type { Anchor, PresenceState } from '../../proto/frame-messages.ts';
import type { PresenceUpdate } from '../../proto/server-frame.ts';
import { anchorAt, anchorIndex, type TextAnchor } from '../text/anchor.ts';
import type { Fold } from './fold.ts';
import type { LocalPresence } from './replica-effects.ts';

/** Another session of the document. */
export interface PeerPresence {
  readonly session: number;
  readonly name: string;
  readonly color: string;
  /**
   * Caret and other end of the selection, UTF-16 units in the text as it is here now; null = no
   * caret.
   */
  readonly head: number | null;
  readonly anchor: number | null;
  /** Of the caret, 1-based, column in UTF-16 units; 0 = no caret. */
  readonly line: number;
  readonly column: number;
}

interface Peer {
  readonly name: string;
  readonly color: string;
  readonly head: TextAnchor | null;
  readonly anchor: TextAnchor | null;
}

export class ReplicaPresence {
  readonly #peers = new Map<number, Peer>();
  #own: Peer | null = null;

  /** There is something to tell others. */
  get hasOwn(): boolean {
    return this.#own !== null;
  }

  /** Notes the own caret; it sticks to its neighbour from now on. */
  set(fold: Fold, presence: LocalPresence | null): void {
    if (presence === null) {
      this.#own = null;
      return;
    }
    const place = (index: number | null): TextAnchor | null => {
      if (index === null) return null;
      return anchorAt(fold.sequence, Math.min(index, fold.sequence.length));
    };
    const { name, color } = presence;
    this.#own = { name, color, head: place(presence.head), anchor: place(presence.anchor) };
  }

  /** The own presence as the wire names it; null = none. */
  outgoing(fold: Fold, self: number): PresenceState | null {
    if (this.#own === null) return null;
    const name = (anchor: TextAnchor | null): Anchor | null => {
      if (anchor === null || anchor.timestamp === 0) return anchor;
      const replica = anchor.replica === self ? 0 : fold.table.indexOf(anchor.replica);
      // A character that a failover took, or of an earlier identity and in no row: tell no caret
      // rather than one that nobody can place.
      if (!fold.sequence.has(anchor)) return null;
      return replica === 0 && anchor.replica !== self ? null : { ...anchor, replica };
    };
    return { ...this.#own, head: name(this.#own.head), anchor: name(this.#own.anchor) };
  }

  receive(fold: Fold, update: PresenceUpdate, session: number): void {
    if (update.full) this.#peers.clear();
    for (const gone of update.left) this.#peers.delete(gone);
    for (const peer of update.peers) {
      if (peer.session === session) continue;
      if (peer.state === null && !peer.moved) {
        this.#peers.delete(peer.session);
        continue;
      }
      const full = (anchor: Anchor | null): TextAnchor | null => {
        if (anchor === null || anchor.timestamp === 0) return anchor;
        return { ...anchor, replica: fold.table.replicaAt(anchor.replica) };
      };
      const shown = peer.moved ? this.#peers.get(peer.session) : peer.state;
      // Who moved without having been told of is in the whole state that is on its way.
      if (shown === undefined || shown === null) continue;
      const { name, color } = shown;
      const { head = null, anchor = null } = peer.state ?? {};
      this.#peers.set(peer.session, { name, color, head: full(head), anchor: full(anchor) });
    }
  }

  /** Nobody is seen while there is no connection. */
  clear(): boolean {
    const had = this.#peers.size > 0;
    this.#peers.clear();
    return had;
  }

  /** Everybody else, by session; places as of now. */
  peers(fold: Fold): PeerPresence[] {
    return [...this.#peers].map(([session, { name, color, head, anchor }]) => {
      const at = head === null ? null : anchorIndex(fold.sequence, head);
      const other = anchor === null ? at : anchorIndex(fold.sequence, anchor);
      const place = at === null ? { line: 0, column: 0 } : fold.sequence.lineColumnAt(at);
      return { session, name, color, head: at, anchor: other, ...place };
    });
  }
}
