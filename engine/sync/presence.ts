/**
 * Who is here, and where: the presence of one room, of this node's sessions and of others'. Never
 * in the log; the latest state of a session replaces the one before; changes are gathered for a
 * while and encoded once for everybody. A caret that sticks to a character which no row has carried
 * yet waits until one does.
 */
import type { Anchor, PresenceState } from '../../proto/frame-messages.ts';
import { presencePeersMax } from '../../proto/limits.ts';
import { encodePresencePart, type Peer, type PresenceUpdate } from '../../proto/server-frame.ts';
import { anchorIndex } from '../text/anchor.ts';
import type { Fold } from './fold.ts';

interface Entry {
  readonly replica: number;
  state: PresenceState;
  changed: boolean;
  /** As everybody here was told of it; null = never. */
  told: Peer | null;
}

export class RoomPresence {
  readonly #fold: Fold;
  readonly #entries = new Map<number, Entry>();
  /** Sessions by replica. */
  readonly #holders = new Map<number, number>();
  readonly #left: number[] = [];
  #dirty = false;
  /** `all`, encoded; null = something was told since. */
  #all: readonly Uint8Array[] | null = null;

  constructor(fold: Fold) {
    this.#fold = fold;
  }

  /** Whether `flush` may have something to tell. */
  get dirty(): boolean {
    return this.#dirty;
  }

  /** The session that shows the replica; null = none. */
  holderOf(replica: number): number | null {
    return this.#holders.get(replica) ?? null;
  }

  /** No other session shows the replica. What is repeated is no news. */
  set(session: number, replica: number, state: PresenceState): void {
    const known = this.#entries.get(session);
    if (known?.replica === replica && isSameState(known.state, state)) return;
    this.#entries.set(session, { replica, state, changed: true, told: known?.told ?? null });
    this.#holders.set(replica, session);
    this.#dirty = true;
  }

  leave(session: number): void {
    const entry = this.#entries.get(session);
    if (entry === undefined) return;
    this.#entries.delete(session);
    this.#holders.delete(entry.replica);
    this.#left.push(session);
    this.#dirty = true;
  }

  /** Encoded parts with everything new since the last flush; none if nothing can be told yet. */
  flush(): Uint8Array[] {
    const peers: Peer[] = [];
    for (const [session, entry] of this.#entries) {
      if (!entry.changed) continue;
      const peer = this.#resolve(session, entry);
      if (peer === null) continue;
      entry.changed = false;
      peers.push(sinceTold(peer, entry.told));
      entry.told = peer;
    }
    this.#dirty = false;
    if (peers.length === 0 && this.#left.length === 0) return [];
    this.#all = null;
    return encodeParts({ peers, left: this.#left.splice(0), full: false });
  }

  /** After a row: carets that waited for it can be told now. */
  rowFolded(): void {
    for (const entry of this.#entries.values()) {
      if (entry.changed) this.#dirty = true;
    }
  }

  /**
   * Everybody as the others were told, for a session that has just come or could not be told for a
   * while; what is newer comes with the next flush. Encoded once for all who come between two.
   */
  all(): readonly Uint8Array[] {
    this.#all ??= encodeParts({
      peers: [...this.#entries.values()].flatMap(({ told }) => told ?? []),
      ...{ left: [], full: true },
    });
    return this.#all;
  }

  #resolve(session: number, { replica, state }: Entry): Peer | null {
    const head = this.#name(replica, state.head);
    const anchor = this.#name(replica, state.anchor);
    if (head === 'unknown' || anchor === 'unknown') return null;
    const resolved = { name: state.name, color: state.color, head, anchor };
    const whole = { session, state: resolved, moved: false };
    if (head === null) return { ...whole, line: 0, column: 0 };
    const { sequence, table } = this.#fold;
    const index = anchorIndex(sequence, { ...head, replica: table.replicaAt(head.replica) });
    if (index === null) return null;
    return { ...whole, ...sequence.lineColumnAt(index) };
  }

  /**
   * From the sender's names (0 = itself) to the table's; 'unknown': nobody else can resolve it yet.
   */
  #name(sender: number, anchor: Anchor | null): Anchor | null | 'unknown' {
    if (anchor === null || anchor.timestamp === 0) return anchor;
    const { table, committed, sequence } = this.#fold;
    const index = anchor.replica === 0 ? table.indexOf(sender) : anchor.replica;
    const replica = table.replicaAt(index);
    if (replica === 0 || anchor.timestamp > committed.get(replica)) return 'unknown';
    return sequence.has({ timestamp: anchor.timestamp, replica })
      ? { ...anchor, replica: index }
      : 'unknown';
  }
}

function isSameState(a: PresenceState, b: PresenceState): boolean {
  const isNamedSo = a.name === b.name && a.color === b.color;
  return isNamedSo && isSameAnchor(a.head, b.head) && isSameAnchor(a.anchor, b.anchor);
}

function isSameAnchor(a: Anchor | null, b: Anchor | null): boolean {
  if (a === null || b === null) return a === b;
  return a.timestamp === b.timestamp && a.replica === b.replica && a.side === b.side;
}

/** Name and colour seldom change, and are most of the bytes. */
function sinceTold(peer: Peer, told: Peer | null): Peer {
  const { state } = peer;
  const isSame = state?.name === told?.state?.name && state?.color === told?.state?.color;
  if (told === null || state === null || !isSame) return peer;
  return { ...peer, state: { ...state, name: '', color: '' }, moved: true };
}

/** One update in as many parts as the limit on the names in one asks for. */
function encodeParts({ peers, left, full }: PresenceUpdate): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let told = 0;
  do {
    const some = peers.slice(told, told + presencePeersMax);
    const from = Math.max(0, told - peers.length);
    const gone = left.slice(from, from + presencePeersMax - some.length);
    parts.push(encodePresencePart({ peers: some, left: gone, full: full && told === 0 }));
    told += some.length + gone.length;
  } while (told < peers.length + left.length);
  return parts;
}
