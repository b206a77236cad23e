/**
 * A person with the real client library on a real socket, and an editor that knows what the text
 * must be (sim/actors/editor.ts).
 *
 * The tap is the transport: it chooses a node for each connection and hands every frame to the
 * observer before the session gets it. The session itself is the product's, unchanged.
 */
import { WebSocket } from 'ws';
import { randomBytes, SystemClock } from '../../client/clock.ts';
import { SocketTransport } from '../../client/socket-transport.ts';
import { syncAddress } from '../../client/sync-address.ts';
import { SyncSession } from '../../client/sync-session.ts';
import type { ClientTransport, TransportEvents } from '../../client/transport.ts';
import { must } from '../../engine/assert.ts';
import type { Random } from '../../engine/random.ts';
import type { OpId } from '../../proto/batch.ts';
import type { Splice } from '../../proto/frame-messages.ts';
import { type EditedClient, Editor } from '../../sim/actors/editor.ts';
import type { JudgedLink } from '../../sim/checks/check-durability.ts';
import type { TypedLedger } from '../../sim/checks/check-exactly-once.ts';
import type { Coverage } from '../../sim/checks/coverage.ts';
import type { Action } from '../../sim/scenario/workload.ts';
import type { Node } from './node.ts';

const socketOptions = {
  closeTimeout: 1_000,
  // A node that does not take a connection within this is given up for another one.
  handshakeTimeout: 3_000,
  perMessageDeflate: false,
};
/** Per million: how often a client comes back to the node that it had. */
const staysPerMillion = 400_000;
/** A longer text is thinned out: a document of a run is to stay of a size that people have. */
const unitsMax = 2_000;

export interface ClientObserver {
  /** A frame, before the session has it. */
  received(link: JudgedLink, bytes: Uint8Array): void;
  /** The session has finished a step. */
  stepped(client: TortureClient): void;
  edited(client: TortureClient, splices: readonly Splice[]): void;
  acknowledged(client: TortureClient, through: number): void;
  statusChanged(client: TortureClient): void;
  /** An honest client is refused, or loses text. */
  refused(client: TortureClient, what: string): void;
  /** The client library threw, or a checker did. */
  threw(client: TortureClient, error: unknown): void;
}

export interface ClientParts {
  readonly name: string;
  readonly document: string;
  /** Of its choice of nodes. */
  readonly random: Random;
  /** Where it may connect. */
  readonly nodes: readonly Node[];
  readonly ledger: TypedLedger;
  readonly coverage: Coverage;
  readonly observer: ClientObserver;
}

export class TortureClient implements EditedClient {
  readonly name: string;
  readonly document: string;
  readonly session: SyncSession;
  readonly isOpen = true;
  /** As its editor and the checkers see it. */
  readonly core: EditedClient['core'];
  isOffline = false;
  readonly #parts: ClientParts;
  readonly #editor: Editor;
  readonly #links = new Map<number, JudgedLink>();
  readonly #nodeOf = new Map<number, Node>();
  #node: Node | null = null;
  #events: TransportEvents | null = null;

  constructor(parts: ClientParts) {
    const { name, document, ledger, coverage, observer } = parts;
    this.name = name;
    this.document = document;
    this.#parts = parts;
    const client = this;
    this.session = new SyncSession(
      { url: 'ws://127.0.0.1', documentId: document },
      {
        clock: new SystemClock(),
        transport: (_url, events) => this.#transport(events),
        randomBytes,
        reportError: (error) => observer.threw(this, error),
      },
    );
    this.core = {
      loaded: true,
      get text() {
        return client.session.text;
      },
      fold: {
        sequence: {
          idAt: (index) => client.session.idAt(index),
          versionVector: {
            get: (replica) => client.session.versionVector.get(replica) ?? 0,
          },
        },
      },
    };
    this.#editor = new Editor(this, ledger, coverage);
    this.session.on('change', ({ changes, origin }) => {
      if (origin === 'remote') this.#editor.follow(changes);
    });
    this.session.on('ack', ({ through }) => observer.acknowledged(this, through));
    this.session.on('status', () => observer.statusChanged(this));
    this.session.on('rescued', ({ code }) => observer.refused(this, `rescued ${code}`));
    this.session.on('error', ({ code }) => observer.refused(this, `failed ${code}`));
  }

  get replica(): number {
    return this.session.replica;
  }

  /** The text as the person sees it. */
  get view(): string {
    return this.#editor.view;
  }

  get isWelcomed(): boolean {
    return this.session.status === 'syncing' || this.session.status === 'durable';
  }

  /** Does what the person wants; a text that is long already gets shorter. */
  perform(action: Action): void {
    const isLong = this.session.length > unitsMax && action.type !== 'move';
    this.#guard(() =>
      this.#editor.perform(isLong ? { type: 'delete', from: 300_000, units: 200 } : action),
    );
  }

  edit(splices: readonly Splice[]): void {
    this.session.edit(splices);
    this.#parts.observer.edited(this, splices);
    this.#parts.observer.stepped(this);
  }

  setPresence(head: number, anchor: number): void {
    this.session.setPresence({ name: this.name, color: '#abc', head, anchor });
  }

  goOffline(): void {
    this.isOffline = true;
    this.#guard(() => this.session.goOffline());
  }

  goOnline(): void {
    this.isOffline = false;
    this.#guard(() => this.session.goOnline());
  }

  /** The network is back: whoever waits to try again tries now. */
  networkReturned(): void {
    this.#guard(() => this.#events?.networkReturned());
  }

  close(): void {
    this.session.close();
  }

  /** Ids of the characters, to tell two states apart that show the same text. */
  *ids(): Generator<OpId> {
    const { session } = this;
    for (let index = 0; index < session.length; index++) {
      yield must(session.idAt(index), 'a character inside the text');
    }
  }

  #transport(events: TransportEvents): ClientTransport {
    this.#events = events;
    let address = '';
    const sockets = new SocketTransport({
      events: {
        opened: (connection) => this.#guard(() => events.opened(connection)),
        closed: (connection, code) => this.#guard(() => events.closed(connection, code)),
        received: (connection, bytes) => this.#received(events, connection, bytes),
        networkReturned: () => {},
      },
      openSocket: () => new WebSocket(address, socketOptions),
    });
    return {
      connect: (connection) => {
        const node = this.#chooseNode();
        this.#nodeOf.set(connection, node);
        address = syncAddress(node.syncUrl, URL);
        sockets.connect(connection);
      },
      send: (connection, bytes) => sockets.send(connection, bytes),
      close: (connection) => sockets.close(connection),
      dispose: () => sockets.dispose(),
    };
  }

  #chooseNode(): Node {
    const { random, nodes } = this.#parts;
    const stays = random.chance(staysPerMillion);
    const node = random.pick(nodes);
    this.#node = stays && this.#node !== null ? this.#node : node;
    return this.#node;
  }

  #received(events: TransportEvents, connection: number, bytes: Uint8Array): void {
    this.#guard(() => {
      const { observer } = this.#parts;
      observer.received(this.#link(connection), bytes);
      events.received(connection, bytes);
      observer.stepped(this);
    });
  }

  #link(connection: number): JudgedLink {
    const known = this.#links.get(connection);
    if (known !== undefined) return known;
    const server = must(this.#nodeOf.get(connection), 'a connection leads to a node');
    const { name, document, replica } = this;
    const link = { name: `${name}#${connection}`, replica, client: { name, document }, server };
    this.#links.set(connection, link);
    return link;
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#parts.observer.threw(this, error);
    }
  }
}
