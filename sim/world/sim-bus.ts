/**
 * Pub/sub between nodes as Redis gives it: at most once, nothing kept for the absent, in order for
 * each pair of nodes. A subscription takes effect some time after it is asked for, and the node is
 * told then. A node that was cut off, or dropped because it read too slowly, loses what was on its
 * way and is told afterwards.
 */
import type { BusPort } from '../../engine/driver/ports.ts';
import type { FaultCount } from '../scenario/faults.ts';
import { contentHash } from '../trace/trace.ts';
import type { Site, World } from './world.ts';

interface Member {
  readonly name: string;
  readonly receive: (document: string, bytes: Uint8Array) => void;
  readonly gap: (document: string | null) => void;
  readonly connected: (isUp: boolean) => void;
  /** Number of the subscription that was asked for last; negative until it takes effect. */
  readonly subscriptions: Map<string, number>;
  /** Messages from and to this node are lost until then. */
  cutUntilMs: number;
  /** What it was told last. */
  isUp: boolean;
  /** Number of its connection: what was sent to an earlier one never arrives. */
  connection: number;
}

/** From one node to another. */
interface Route {
  readonly latency: Site;
  readonly loss: Site;
  readonly twice: Site;
  lastDueMs: number;
}

/** How long a node takes to connect again after it was dropped. */
const reconnectMaxMs = 20;
/** Up to how much later a node learns that its connection has broken. */
const noticeMaxMs = 100;

export class SimBus {
  readonly #world: World;
  readonly #faults: FaultCount;
  readonly #members = new Map<string, Member>();
  readonly #routes = new Map<string, Route>();
  /** Of subscriptions that take effect, and of breaks that are noticed, for each node. */
  readonly #sites = new Map<string, Site>();
  #subscriptions = 0;

  constructor(world: World, faults: FaultCount) {
    this.#world = world;
    this.#faults = faults;
  }

  /**
   * A process joins; an earlier one of the same name is forgotten. `gap` tells that messages may
   * have been missed: of a document whose subscription has begun, or (null) of all; `connected`
   * that the connection has broken or is back.
   */
  join(options: Pick<Member, 'name' | 'receive' | 'gap' | 'connected'>): BusPort {
    const own = { subscriptions: new Map(), cutUntilMs: 0, connection: 0, isUp: true };
    const member: Member = { ...options, ...own };
    this.#members.set(member.name, member);
    const publish: BusPort['publish'] = (document, bytes) => this.#publish(member, document, bytes);
    return {
      publish,
      publishPresence: publish,
      subscribe: (document) => this.#subscribe(member, document),
      unsubscribe: (document) => {
        member.subscriptions.delete(document);
      },
    };
  }

  /** The process has died. */
  leave(name: string): void {
    this.#members.delete(name);
  }

  /** A node's connection to the bus breaks for `forMs`. */
  cut(name: string, forMs: number): void {
    const member = this.#members.get(name);
    if (member === undefined) return;
    member.connection++;
    member.cutUntilMs = Math.max(member.cutUntilMs, this.#world.nowMs + forMs);
    const { connection } = member;
    // A break is noticed some time later, or never.
    this.#world.after(this.#siteOf('notice', name).between(0, noticeMaxMs), () => {
      if (member.connection === connection && member.cutUntilMs > this.#world.nowMs) {
        this.#tell(member, 'down');
      }
    });
    this.#world.after(forMs, () => this.#restored(member));
  }

  /** The bus drops a node that reads too slowly; it connects again. */
  kick(name: string): void {
    this.cut(name, this.#siteOf('setup', name).between(1, reconnectMaxMs));
  }

  /** All connections to the bus work again. */
  heal(): void {
    for (const member of this.#members.values()) {
      if (member.cutUntilMs <= this.#world.nowMs) continue;
      member.cutUntilMs = this.#world.nowMs;
      this.#restored(member);
    }
  }

  #restored(member: Member): void {
    if (this.#members.get(member.name) !== member) return;
    if (member.cutUntilMs !== this.#world.nowMs) return;
    this.#world.note('bus', 'connected', member.name);
    this.#tell(member, 'up');
    member.gap(null);
  }

  #tell(member: Member, state: 'up' | 'down'): void {
    const isUp = state === 'up';
    if (this.#members.get(member.name) !== member || member.isUp === isUp) return;
    member.isUp = isUp;
    member.connected(isUp);
  }

  #subscribe(member: Member, document: string): void {
    this.#subscriptions++;
    const subscription = this.#subscriptions;
    member.subscriptions.set(document, -subscription);
    const delay = this.#siteOf('setup', member.name).between(0, this.#faults.rates.busLatencyMaxMs);
    this.#world.after(delay, () => this.#subscribed(member, document, subscription));
  }

  #subscribed(member: Member, document: string, subscription: number): void {
    if (this.#members.get(member.name) !== member) return;
    if (member.subscriptions.get(document) !== -subscription) return;
    if (member.cutUntilMs > this.#world.nowMs) {
      // It takes effect when the connection is back, which reports a gap of its own.
      const wait = member.cutUntilMs - this.#world.nowMs;
      this.#world.after(wait, () => this.#subscribed(member, document, subscription));
      return;
    }
    member.subscriptions.set(document, subscription);
    this.#world.note('bus', 'subscribed', `${member.name} to ${document}`);
    member.gap(document);
  }

  #publish(from: Member, document: string, bytes: Uint8Array): void {
    if (from.cutUntilMs > this.#world.nowMs) return;
    for (const to of this.#members.values()) {
      if (to === from) continue;
      const route = this.#routeOf(from.name, to.name);
      const { busLatencyMaxMs, busLossPerMillion, busTwicePerMillion } = this.#faults.rates;
      const latency = route.latency.between(0, busLatencyMaxMs);
      const isLost = route.loss.chance(busLossPerMillion);
      const copies = route.twice.chance(busTwicePerMillion) ? 2 : 1;
      if (isLost) {
        this.#faults.count('bus loss');
        this.#world.note('bus', 'loses', `a row of ${document} for ${to.name}`);
        continue;
      }
      if (copies > 1) this.#faults.count('bus duplicate');
      route.lastDueMs = Math.max(route.lastDueMs, this.#world.nowMs + latency);
      const delay = route.lastDueMs - this.#world.nowMs;
      const { connection } = to;
      for (let copy = 0; copy < copies; copy++) {
        this.#world.after(delay, () => {
          if (to.connection === connection) this.#arrive(to, document, bytes);
        });
      }
    }
  }

  #arrive(to: Member, document: string, bytes: Uint8Array): void {
    if (this.#members.get(to.name) !== to || to.cutUntilMs > this.#world.nowMs) return;
    if ((to.subscriptions.get(document) ?? 0) <= 0) return;
    this.#world.note(to.name, 'hears', `${document} ${bytes.length}B ${contentHash(bytes)}`);
    to.receive(document, bytes);
  }

  #routeOf(from: string, to: string): Route {
    const name = `bus ${from}→${to}`;
    const known = this.#routes.get(name);
    if (known !== undefined) return known;
    const site = (what: string): Site => this.#world.site(`${name} ${what}`);
    const sites = { latency: site('latency'), loss: site('loss'), twice: site('twice') };
    const route: Route = { ...sites, lastDueMs: 0 };
    this.#routes.set(name, route);
    return route;
  }

  #siteOf(what: 'setup' | 'notice', name: string): Site {
    const key = `bus ${what} ${name}`;
    const site = this.#sites.get(key) ?? this.#world.site(key);
    this.#sites.set(key, site);
    return site;
  }
}
