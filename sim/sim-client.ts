/**
 * A client: the product's replica session and driver on simulated ports, and a person at its
 * editor.
 */
import { ReplicaDriver, type ReplicaEvent } from '../engine/driver/replica-driver.ts';
import { ReplicaSession } from '../engine/sync/replica-session.ts';
import type { Splice } from '../proto/frame-messages.ts';
import type { Faults } from './fault-plan.ts';
import type { Observer } from './observer.ts';
import { SimClock } from './sim-clock.ts';
import type { ClientEnd, Link } from './sim-network.ts';
import type { Site, World } from './world.ts';

/** What may be set of a client's behaviour. */
export interface ClientSettings {
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  readonly heartbeatMs: number;
  readonly presenceMs: number;
  readonly frameOperationsMax: number;
}

export class SimClient implements ClientEnd {
  readonly name: string;
  readonly document: string;
  readonly #world: World;
  readonly #observer: Observer;
  readonly #driver: ReplicaDriver;
  readonly #offline: Site;
  #link: Link | null = null;
  #offlineUntilMs = 0;

  constructor(options: {
    readonly world: World;
    readonly faults: Faults;
    readonly name: string;
    readonly document: string;
    readonly settings: ClientSettings;
    readonly observer: Observer;
    /** Begins a connection to some node. */
    readonly connect: (client: SimClient, connection: number) => Link;
  }) {
    const { world, faults, name, document, settings } = options;
    this.name = name;
    this.document = document;
    this.#world = world;
    this.#observer = options.observer;
    this.#offline = world.site(`${name} offline`);
    const identities = world.stream(`${name} identity`);
    const offsetMax = faults.plan.clockOffsetMaxMs;
    const core = new ReplicaSession({
      document,
      token: 'token',
      newIdentity: () => ({
        replica: identities.id(),
        secret: Uint8Array.from({ length: 16 }, () => identities.below(256)),
      }),
      random: world.stream(`${name} backoff`),
      ...settings,
    });
    this.#driver = new ReplicaDriver({
      core,
      clock: new SimClock({
        world,
        wallOffsetMs: world.site(`${name} clock`).between(-offsetMax, offsetMax),
        guard: (wake) => {
          world.note(`${name} wakes`);
          wake();
          this.#observer.clientStepped(this);
        },
      }),
      transport: {
        connect: (connection) => this.#connect(options.connect, connection),
        send: (connection, bytes) => {
          if (this.#link?.connection === connection) this.#link.sendUp(bytes);
        },
        close: (connection) => {
          if (this.#link?.connection === connection) this.#link.closeByClient();
        },
      },
      onEvent: (event) => this.#told(event),
    });
  }

  get core(): ReplicaSession {
    return this.#driver.core;
  }

  get replica(): number {
    return this.core.replica;
  }

  /** The latest connection; null before the first. */
  get link(): Link | null {
    return this.#link;
  }

  start(): void {
    this.#world.note(`${this.name} starts`);
    this.#step(() => this.#driver.submit({ type: 'start' }));
  }

  /** A local edit. */
  edit(splices: readonly Splice[]): void {
    const what = splices.map(
      ({ index, deleted, inserted }) => `${index}-${deleted}+${JSON.stringify(inserted)}`,
    );
    this.#world.note(`${this.name} edits ${what.join(' ')}`);
    this.#step(() => this.#driver.submit({ type: 'edited', splices }));
  }

  setPresence(head: number, anchor: number): void {
    this.#world.note(`${this.name} caret ${head} ${anchor}`);
    const presence = { name: this.name, color: '#abc', head, anchor };
    this.#step(() => this.#driver.submit({ type: 'presenceSet', presence }));
  }

  /** No network for `forMs`: the connection falls silent, or breaks if the system notices. */
  goOffline(forMs: number): void {
    this.#world.note(`${this.name} offline for ${forMs}`);
    this.#offlineUntilMs = this.#world.nowMs + forMs;
    const clientHears = this.#offline.chance(500_000);
    this.#link?.cut({ keepUp: 0, keepDown: 0, clientHears, serverHears: false });
  }

  /** The network is back; the system says so. */
  goOnline(): void {
    this.#world.note(`${this.name} online`);
    this.#offlineUntilMs = 0;
    this.#step(() => this.#driver.submit({ type: 'reconnectNow' }));
  }

  opened(connection: number): void {
    this.#step(() => this.#driver.opened(connection));
  }

  received(connection: number, bytes: Uint8Array): void {
    this.#step(() => this.#driver.received(connection, bytes));
  }

  closed(connection: number, code: number): void {
    this.#step(() => this.#driver.closed(connection, code));
  }

  #step(work: () => void): void {
    work();
    this.#observer.clientStepped(this);
  }

  #connect(connect: (client: SimClient, connection: number) => Link, connection: number): void {
    if (this.#world.nowMs < this.#offlineUntilMs) {
      this.#world.after(1, () => this.closed(connection, 1006));
      return;
    }
    this.#link = connect(this, connection);
  }

  #told(event: ReplicaEvent): void {
    this.#observer.clientTold(this, event);
  }
}
