/**
 * A client: the product's replica session and driver on simulated ports, in a tab that can be
 * closed without a word and opened again with what its local store kept.
 */
import { ReplicaDriver, type ReplicaEvent } from '../../engine/driver/replica-driver.ts';
import { ReplicaSession } from '../../engine/sync/replica-session.ts';
import type { Splice } from '../../proto/frame-messages.ts';
import type { Observer } from '../checks/observer.ts';
import type { FaultCount } from '../scenario/faults.ts';
import type { ClientSettings } from '../scenario/scenario.ts';
import { LocalStore, type StoreFate } from '../world/local-store.ts';
import { SimClock } from '../world/sim-clock.ts';
import type { ClientEnd, Link } from '../world/sim-network.ts';
import { WallClock } from '../world/wall-clock.ts';
import type { Site, World } from '../world/world.ts';

/** One opening of the tab. */
interface Life {
  readonly number: number;
  readonly driver: ReplicaDriver;
  readonly clock: SimClock;
  /** It has a caret to show. */
  shows: boolean;
}

export interface ClientParts {
  readonly world: World;
  readonly faults: FaultCount;
  readonly name: string;
  readonly document: string;
  readonly settings: ClientSettings;
  readonly observer: Observer;
  /** Begins a connection to some node. */
  readonly connect: (client: SimClient, connection: number) => Link;
}

export class SimClient implements ClientEnd {
  readonly name: string;
  readonly document: string;
  readonly wall: WallClock;
  readonly #parts: ClientParts;
  readonly #world: World;
  readonly #offline: Site;
  readonly #store: LocalStore;
  #life: Life;
  #open = true;
  #link: Link | null = null;
  /** All of this opening of the tab: what comes late on an old one still reaches it. */
  readonly #links: Link[] = [];
  #offlineUntilMs = 0;
  /** Called once, in the middle of the next write to the local store. */
  #onWriting: (() => void) | null = null;
  /** Whoever fails to connect has to wait at least the shortest backoff. */
  #mayConnectMs = 0;
  /** As the trace knows it. */
  #toldText = '';

  constructor(parts: ClientParts) {
    const { world, faults, name, document } = parts;
    this.name = name;
    this.document = document;
    this.#parts = parts;
    this.#world = world;
    this.wall = new WallClock(world, name, faults.rates);
    this.#offline = world.site(`${name} offline`);
    this.#store = new LocalStore(world, name);
    this.#life = this.#newLife(1, null);
  }

  get core(): ReplicaSession {
    return this.#life.driver.core;
  }

  get replica(): number {
    return this.core.replica;
  }

  /** Names its connections: those of another opening are others. */
  get label(): string {
    return this.#life.number === 1 ? this.name : `${this.name}.${this.#life.number}`;
  }

  get frameOperationsMax(): number {
    return this.#parts.settings.frameOperationsMax;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Whether the others must see it. */
  get isSeen(): boolean {
    return this.#open && this.#life.shows;
  }

  /** The latest connection; null before the first. */
  get link(): Link | null {
    return this.#link;
  }

  start(): void {
    this.#world.note(this.name, 'starts');
    this.#mayConnectMs = 0;
    this.#step(() => this.#life.driver.submit({ type: 'start' }));
  }

  /** The person leaves for good: the connection is closed in order. */
  stop(): void {
    if (!this.#open) return;
    this.#world.note(this.name, 'stops');
    this.#step(() => this.#life.driver.submit({ type: 'stop' }));
  }

  /** A local edit. */
  edit(splices: readonly Splice[]): void {
    const what = splices.map(
      ({ index, deleted, inserted }) => `${index}-${deleted}+${JSON.stringify(inserted)}`,
    );
    this.#world.note(this.name, 'edits', what.join(' '));
    this.#step(() => this.#life.driver.submit({ type: 'edited', splices }));
  }

  setPresence(head: number, anchor: number): void {
    this.#world.note(this.name, 'caret', `${head} ${anchor}`);
    const presence = { name: this.name, color: '#abc', head, anchor };
    this.#life.shows = true;
    this.#step(() => this.#life.driver.submit({ type: 'presenceSet', presence }));
  }

  /** No network for `forMs`: the connection falls silent, or breaks if the system notices. */
  goOffline(forMs: number, options: { readonly noticed: boolean }): void {
    if (!this.#open) return;
    this.#world.note(this.name, 'offline', `for ${forMs}`);
    this.#offlineUntilMs = this.#world.nowMs + forMs;
    this.#link?.cut({
      keepUp: 0,
      keepDown: 0,
      clientHears: options.noticed,
      serverHears: this.#offline.chance(100_000),
    });
  }

  /** The network is back; the system says so. */
  goOnline(): void {
    if (!this.#open) return;
    this.#world.note(this.name, 'online');
    this.#offlineUntilMs = 0;
    this.#mayConnectMs = 0;
    this.#step(() => this.#life.driver.submit({ type: 'reconnectNow' }));
  }

  /** Calls back in the middle of the next write to the local store; at once if there is none. */
  whenWriting(act: () => void): void {
    if (this.#parts.settings.localStore) this.#onWriting = act;
    else act();
  }

  /** The tab ends without a word. */
  closeTab(): void {
    if (!this.#open) return;
    this.#world.note(this.name, 'closes tab');
    this.#open = false;
    this.#life.clock.stop();
    this.#store.close();
    for (const link of this.#links) link.clientDied();
    this.#links.length = 0;
    this.#link = null;
  }

  /** The tab is opened again; `fate`: what its store kept. */
  reopen(fate: StoreFate): void {
    if (this.#open) return;
    const hasStore = this.#parts.settings.localStore;
    const held = this.#store.reopen(hasStore ? fate : 'lost');
    const kept = held === null ? 'nothing' : `${held.batches.length} batches up to ${held.last}`;
    this.#world.note(this.name, 'reopens', `with ${kept}`);
    this.#parts.observer.clientReopened(this, held, hasStore ? fate : 'lost');
    this.#open = true;
    this.#life = this.#newLife(this.#life.number + 1, held);
    this.start();
  }

  opened(connection: number): void {
    this.#step(() => this.#life.driver.opened(connection));
  }

  received(connection: number, bytes: Uint8Array): void {
    this.#step(() => this.#life.driver.received(connection, bytes));
  }

  closed(connection: number, code: number): void {
    this.#step(() => this.#life.driver.closed(connection, code));
  }

  #step(work: () => void): void {
    const event = this.#world.cause;
    work();
    this.#world.trace.annotate(event, () => this.#newText());
    this.#parts.observer.clientStepped(this);
  }

  /** The text, if it is another one than was told last. */
  #newText(): { text?: string } {
    const { text } = this.core;
    if (text === this.#toldText) return {};
    this.#toldText = text;
    return { text };
  }

  #newLife(number: number, held: ReturnType<LocalStore['reopen']>): Life {
    const world = this.#world;
    const { document, settings } = this.#parts;
    const { localStore, ...rest } = settings;
    const owner = number === 1 ? this.name : `${this.name}.${number}`;
    const identities = world.stream(`${owner} identity`);
    const clock = new SimClock({
      world,
      wall: this.wall,
      guard: (wake) => {
        world.note(this.name, 'wakes');
        this.#step(wake);
      },
    });
    const core = new ReplicaSession({
      document,
      token: 'token',
      newIdentity: () => ({
        replica: identities.id(),
        secret: Uint8Array.from({ length: 16 }, () => identities.below(256)),
      }),
      localStore: localStore ? { held } : null,
      random: world.stream(`${owner} backoff`),
      ...rest,
    });
    const isCurrent = (): boolean => this.#life.number === number && this.#open;
    const driver: ReplicaDriver = new ReplicaDriver({
      core,
      clock,
      transport: {
        connect: (connection) => this.#connect(connection),
        send: (connection, bytes) => {
          if (this.#link?.connection === connection) this.#link.sendUp(bytes);
        },
        close: (connection) => {
          if (this.#link?.connection === connection) this.#link.closeByClient();
        },
      },
      onEvent: (event) => {
        if (event.type === 'outboxChanged') this.#writeStore(core, driver, isCurrent);
        else this.#told(event);
      },
    });
    return { number, driver, clock, shows: false };
  }

  #writeStore(core: ReplicaSession, driver: ReplicaDriver, isCurrent: () => boolean): void {
    const act = this.#onWriting;
    if (act !== null) this.#world.after(1, act);
    this.#onWriting = null;
    this.#store.write(
      () => core.stored,
      ({ identity, last }) => {
        if (!isCurrent()) return;
        this.#world.note(this.name, 'stores', `up to ${last}`);
        const { replica } = identity;
        this.#step(() => driver.submit({ type: 'outboxStored', replica, last }));
      },
    );
  }

  #connect(connection: number): void {
    const { observer, settings } = this.#parts;
    observer.reconnecting(this, this.#mayConnectMs - this.#world.nowMs);
    this.#mayConnectMs = this.#world.nowMs + settings.backoffMinMs;
    if (this.#world.nowMs < this.#offlineUntilMs) {
      const { number } = this.#life;
      this.#world.after(1, () => {
        if (this.#open && this.#life.number === number) this.closed(connection, 1006);
      });
      return;
    }
    this.#link = this.#parts.connect(this, connection);
    this.#links.push(this.#link);
  }

  #told(event: ReplicaEvent): void {
    this.#parts.observer.clientTold(this, event);
  }
}
