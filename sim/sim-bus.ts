/**
 * Pub/sub between nodes as Redis gives it: at most once, nothing kept for the absent, in order for
 * each pair of nodes. A subscription takes effect some time after it is asked for. A node that was
 * cut off is told afterwards.
 */
import type { BusPort } from '../engine/driver/ports.ts';
import type { Faults } from './fault-plan.ts';
import { contentHash } from './trace.ts';
import type { Site, World } from './world.ts';

interface Member {
  readonly name: string;
  readonly receive: (document: string, bytes: Uint8Array) => void;
  readonly gap: () => void;
  readonly subscriptions: Map<string, number>;
  /** Messages from and to this node are lost until then. */
  cutUntilMs: number;
  readonly lastDueMs: Map<string, number>;
}

export class SimBus {
  readonly #world: World;
  readonly #faults: Faults;
  readonly #members = new Map<string, Member>();
  readonly #latency: Site;
  readonly #loss: Site;
  readonly #twice: Site;
  readonly #setup: Site;
  #subscriptions = 0;

  constructor(world: World, faults: Faults) {
    this.#world = world;
    this.#faults = faults;
    this.#latency = world.site('bus latency');
    this.#loss = world.site('bus loss');
    this.#twice = world.site('bus twice');
    this.#setup = world.site('bus setup');
  }

  /** A process joins; an earlier one of the same name is forgotten. */
  join(options: Pick<Member, 'name' | 'receive' | 'gap'>): BusPort {
    const own = { subscriptions: new Map(), cutUntilMs: 0, lastDueMs: new Map() };
    const member: Member = { ...options, ...own };
    this.#members.set(member.name, member);
    return {
      publish: (document, bytes) => this.#publish(member, document, bytes),
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
    member.cutUntilMs = this.#world.nowMs + forMs;
    this.#world.after(forMs, () => this.#restored(member));
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
    this.#world.note(`bus ${member.name} back`);
    member.gap();
  }

  #subscribe(member: Member, document: string): void {
    this.#subscriptions++;
    const subscription = this.#subscriptions;
    member.subscriptions.set(document, -subscription);
    this.#world.after(this.#setup.between(0, this.#faults.plan.busLatencyMaxMs), () => {
      const current = member.subscriptions.get(document);
      if (current === -subscription) member.subscriptions.set(document, subscription);
    });
  }

  #publish(from: Member, document: string, bytes: Uint8Array): void {
    if (from.cutUntilMs > this.#world.nowMs) return;
    for (const to of this.#members.values()) {
      if (to === from) continue;
      const { busLatencyMaxMs, busLossPerMillion, busTwicePerMillion } = this.#faults.plan;
      const latency = this.#latency.between(0, busLatencyMaxMs);
      const isLost = this.#loss.chance(busLossPerMillion);
      const copies = this.#twice.chance(busTwicePerMillion) ? 2 : 1;
      if (isLost) {
        this.#faults.count('bus loss');
        continue;
      }
      if (copies > 1) this.#faults.count('bus duplicate');
      const before = to.lastDueMs.get(from.name) ?? 0;
      const dueMs = Math.max(before, this.#world.nowMs + latency);
      to.lastDueMs.set(from.name, dueMs);
      for (let copy = 0; copy < copies; copy++) {
        this.#world.after(dueMs - this.#world.nowMs, () => this.#arrive(to, document, bytes));
      }
    }
  }

  #arrive(to: Member, document: string, bytes: Uint8Array): void {
    if (this.#members.get(to.name) !== to || to.cutUntilMs > this.#world.nowMs) return;
    if ((to.subscriptions.get(document) ?? 0) <= 0) return;
    this.#world.note(`bus→${to.name} ${document} ${bytes.length}B ${contentHash(bytes)}`);
    to.receive(document, bytes);
  }
}
