/**
 * Makes the plan's faults happen: attempts spread over the fault phase, each with a fate of its
 * own. Messages and database calls get their faults where they pass (sim-stream.ts, sim-log.ts,
 * sim-bus.ts).
 */
import type { Faults } from './fault-plan.ts';
import type { SimBus } from './sim-bus.ts';
import type { SimClient } from './sim-client.ts';
import type { SimLog } from './sim-log.ts';
import type { SimNode } from './sim-node.ts';
import type { Site, World } from './world.ts';

export interface NemesisParts {
  readonly world: World;
  readonly faults: Faults;
  readonly log: SimLog;
  readonly bus: SimBus;
  readonly nodes: readonly SimNode[];
  readonly clients: readonly SimClient[];
}

export class Nemesis {
  readonly #parts: NemesisParts;

  constructor(parts: NemesisParts) {
    this.#parts = parts;
  }

  /** Plans all attempts within the next `durationMs`. */
  plan(durationMs: number): void {
    const { plan } = this.#parts.faults;
    this.#spread('cut', { count: plan.cutCount, durationMs }, (fate) => this.#cut(fate));
    this.#spread('stall', { count: plan.stallCount, durationMs }, (fate) => this.#stall(fate));
    this.#spread('crash', { count: plan.crashCount, durationMs }, (fate) => this.#crash(fate));
    this.#spread('outage', { count: plan.outageCount, durationMs }, (fate) => this.#outage(fate));
    this.#spread('bus outage', { count: plan.busOutageCount, durationMs }, (fate) =>
      this.#busOutage(fate),
    );
    this.#spread('clock step', { count: plan.clockStepCount, durationMs }, (fate) =>
      this.#stepClock(fate),
    );
    this.#spread('offline', { count: plan.offlineCount, durationMs }, (fate) =>
      this.#offline(fate),
    );
  }

  /** The end of all faults: what is broken is mended, except what only heartbeats can find. */
  heal(): void {
    const { world, faults, log, bus, nodes, clients } = this.#parts;
    world.note('healing begins');
    faults.end();
    log.heal();
    bus.heal();
    for (const node of nodes) node.start();
    for (const client of clients) {
      client.link?.release();
      client.goOnline();
    }
  }

  #spread(
    kind: string,
    { count, durationMs }: { readonly count: number; readonly durationMs: number },
    attempt: (fate: Site) => void,
  ): void {
    const { world } = this.#parts;
    const times = world.site(`${kind} times`);
    for (let n = 0; n < count; n++) {
      const fate = world.site(`${kind} ${n}`);
      world.after(times.between(1, durationMs - 1), () => attempt(fate));
    }
  }

  #someClient(fate: Site): SimClient | null {
    const { clients } = this.#parts;
    return clients[fate.between(0, clients.length - 1)] ?? null;
  }

  #someNode(fate: Site): SimNode | null {
    const { nodes } = this.#parts;
    return nodes[fate.between(0, nodes.length - 1)] ?? null;
  }

  #cut(fate: Site): void {
    const { world, faults } = this.#parts;
    const link = this.#someClient(fate)?.link ?? null;
    if (link === null || link.isGone) return;
    const clientHears = !fate.chance(faults.plan.unheardPerMillion);
    const serverHears = !fate.chance(faults.plan.unheardPerMillion);
    const [keepUp, keepDown] = [fate.between(0, 1_000_000), fate.between(0, 1_000_000)];
    faults.count(clientHears || serverHears ? 'cut' : 'half-open');
    world.note(`${link.name} cut, heard by ${clientHears} ${serverHears}`);
    link.cut({ keepUp, keepDown, clientHears, serverHears });
  }

  #stall(fate: Site): void {
    const { world, faults } = this.#parts;
    const link = this.#someClient(fate)?.link ?? null;
    if (link?.isOpen !== true) return;
    const forMs = fate.between(1, faults.plan.stallMaxMs);
    const direction = fate.chance(500_000) ? 'up' : 'down';
    faults.count('stall');
    world.note(`${link.name} ${direction} stalls for ${forMs}`);
    link.stall(direction, world.nowMs + forMs);
  }

  #crash(fate: Site): void {
    const { world, faults } = this.#parts;
    const node = this.#someNode(fate);
    if (node?.isUp !== true) return;
    if (!node.isAppending && !fate.chance(100_000)) return;
    faults.count('crash');
    node.crash();
    world.after(fate.between(1, faults.plan.restartMaxMs), () => node.start());
  }

  #outage(fate: Site): void {
    const { world, faults, log, nodes } = this.#parts;
    const forMs = fate.between(1, faults.plan.outageMaxMs);
    faults.count('database outage');
    world.note(`database away for ${forMs}`);
    log.outage(forMs);
    world.after(forMs, () => {
      for (const node of nodes) node.logReconnected();
    });
  }

  #busOutage(fate: Site): void {
    const { world, faults, bus } = this.#parts;
    const node = this.#someNode(fate);
    const forMs = fate.between(1, faults.plan.busOutageMaxMs);
    if (node === null) return;
    faults.count('bus outage');
    world.note(`${node.name} without bus for ${forMs}`);
    bus.cut(node.name, forMs);
  }

  #stepClock(fate: Site): void {
    const { world, faults, log } = this.#parts;
    const { clockOffsetMaxMs } = faults.plan;
    const byMs = fate.between(-clockOffsetMaxMs, clockOffsetMaxMs);
    faults.count('clock step');
    world.note(`database clock steps by ${byMs}`);
    log.stepClock(byMs);
  }

  #offline(fate: Site): void {
    const { world, faults } = this.#parts;
    const client = this.#someClient(fate);
    const forMs = fate.between(1, faults.plan.offlineMaxMs);
    if (client === null) return;
    faults.count('offline');
    client.goOffline(forMs);
    world.after(forMs, () => client.goOnline());
  }
}
