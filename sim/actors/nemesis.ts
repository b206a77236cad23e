/**
 * Makes a scenario's faults happen, each at its time. Messages and calls meet the rates where they
 * pass (sim/world).
 */
import type { Coverage } from '../checks/coverage.ts';
import type { Fault, FaultCount } from '../scenario/faults.ts';
import type { SimBus } from '../world/sim-bus.ts';
import type { SimLog } from '../world/sim-log.ts';
import type { Partitions } from '../world/sim-network.ts';
import type { SimObjects } from '../world/sim-objects.ts';
import type { World } from '../world/world.ts';
import type { SimClient } from './sim-client.ts';
import type { SimNode } from './sim-node.ts';

export interface NemesisParts {
  readonly world: World;
  readonly faults: FaultCount;
  readonly coverage: Coverage;
  readonly log: SimLog;
  readonly bus: SimBus;
  readonly objects: SimObjects;
  readonly partitions: Partitions;
  readonly nodes: ReadonlyMap<string, SimNode>;
  readonly clients: ReadonlyMap<string, SimClient>;
  readonly heartbeatMs: number;
}

const lane = 'nemesis';

export class Nemesis {
  readonly #parts: NemesisParts;
  /** Nodes whose connections to the database broke, and who have not been told that it is back. */
  readonly #cutOff = new Set<SimNode>();
  /** What waits for its moment must not come any more. */
  #isOver = false;

  constructor(parts: NemesisParts) {
    this.#parts = parts;
  }

  plan(faults: readonly Fault[]): void {
    const { world } = this.#parts;
    for (const fault of faults) world.after(fault.atMs - world.nowMs, () => this.#strike(fault));
  }

  /** The end of all faults: what is broken is mended, except what only heartbeats can find. */
  heal(): void {
    const { world, faults, log, bus, objects, partitions, nodes, clients } = this.#parts;
    const healing = world.note(lane, 'healing');
    this.#isOver = true;
    faults.end();
    partitions.heal();
    log.heal();
    bus.heal();
    objects.heal();
    for (const node of nodes.values()) {
      world.resume(healing, () => {
        node.resume();
        node.start();
        // Only who was away is told: a read for everybody would hide what the bus has lost.
        this.#reconnect(node);
      });
    }
    for (const client of clients.values()) {
      world.resume(healing, () => {
        client.reopen('intact');
        client.link?.release();
        client.goOnline();
      });
    }
  }

  #strike(fault: Fault): void {
    const { world, faults } = this.#parts;
    if (!this.#isPossible(fault)) return;
    faults.count(fault.type);
    const { type, atMs, ...rest } = fault;
    world.note(lane, 'fault', `${type} ${JSON.stringify(rest)}`, () => ({
      lanes: lanesOf(fault),
      ...('forMs' in fault ? { until: atMs + fault.forMs } : {}),
    }));
    this.#happen(fault);
  }

  /** A fault whose victim is down already, or has nothing to lose, does not count. */
  #isPossible(fault: Fault): boolean {
    const { nodes, clients } = this.#parts;
    switch (fault.type) {
      case 'cut':
        return clients.get(fault.client)?.link?.isGone === false;
      case 'stall':
        return clients.get(fault.client)?.link?.isOpen === true;
      case 'offline':
      case 'tab closed':
        return clients.get(fault.client)?.isOpen === true;
      case 'crash': {
        const node = nodes.get(fault.node);
        return node?.isUp === true && (node.isAppending || !fault.whileAppending);
      }
      case 'pause':
      case 'bus outage':
      case 'bus kick':
        return nodes.get(fault.node)?.isUp === true;
      case 'drain': {
        const node = nodes.get(fault.node);
        return node?.isUp === true && !node.isDraining;
      }
      default:
        return true;
    }
  }

  #happen(fault: Fault): void {
    switch (fault.type) {
      case 'cut':
      case 'stall':
      case 'partition':
      case 'offline':
      case 'tab closed':
        this.#onNetwork(fault);
        return;
      case 'crash':
      case 'pause':
      case 'drain':
        this.#onNode(fault);
        return;
      case 'database cut':
      case 'database outage':
      case 'database crash':
      case 'failover':
      case 'head locked':
        this.#onDatabase(fault);
        return;
      case 'bus outage':
        this.#parts.bus.cut(fault.node, fault.forMs);
        return;
      case 'bus kick':
        this.#parts.bus.kick(fault.node);
        return;
      case 'objects outage':
        this.#parts.objects.outage(fault.forMs);
        return;
      case 'clock step':
        this.#stepClock(fault);
        return;
    }
  }

  #onNetwork(
    fault: Extract<Fault, { type: 'cut' | 'stall' | 'partition' | 'offline' | 'tab closed' }>,
  ): void {
    const { world, faults, partitions, clients } = this.#parts;
    if (fault.type === 'partition') {
      const untilMs = world.nowMs + fault.forMs;
      partitions.add({ ...fault, untilMs });
      for (const name of fault.clients) {
        const link = clients.get(name)?.link;
        if (link?.isGone !== false || !fault.nodes.includes(link.server.name)) continue;
        link.stall(fault.direction, untilMs);
      }
      return;
    }
    const client = clients.get(fault.client);
    if (client === undefined) return;
    switch (fault.type) {
      case 'cut':
        if (!fault.clientHears && !fault.serverHears) faults.count('half-open');
        client.link?.cut(fault);
        return;
      case 'stall':
        client.link?.stall(fault.direction, world.nowMs + fault.forMs);
        return;
      case 'offline':
        client.goOffline(fault.forMs, fault);
        world.after(fault.forMs, () => client.goOnline());
        return;
      case 'tab closed':
        if (fault.whileWriting) client.whenWriting(() => this.#closeTab(client, fault));
        else this.#closeTab(client, fault);
        return;
    }
  }

  #closeTab(client: SimClient, fault: Extract<Fault, { type: 'tab closed' }>): void {
    if (this.#isOver || !client.isOpen) return;
    client.closeTab();
    this.#parts.world.after(fault.forMs, () => client.reopen(fault.store));
  }

  #onNode(fault: Extract<Fault, { type: 'crash' | 'pause' | 'drain' }>): void {
    const { world, coverage, nodes, heartbeatMs } = this.#parts;
    const node = nodes.get(fault.node);
    if (node === undefined) return;
    switch (fault.type) {
      case 'crash':
        if (node.isAppending) coverage.occurred('crash with a commit in flight');
        node.crash();
        world.after(fault.forMs, () => node.start());
        return;
      case 'pause':
        if (fault.forMs > heartbeatMs)
          coverage.occurred('node stood still longer than a heartbeat');
        node.pause(fault.forMs);
        return;
      case 'drain':
        if (node.isAppending) coverage.occurred('node drained with edits on their way');
        node.drain(() => world.after(fault.forMs, () => node.start()));
        return;
    }
  }

  #onDatabase(
    fault: Extract<
      Fault,
      {
        type: 'database cut' | 'database outage' | 'database crash' | 'failover' | 'head locked';
      }
    >,
  ): void {
    const { log, nodes } = this.#parts;
    switch (fault.type) {
      case 'head locked':
        log.lockHead(fault.document, fault.forMs);
        return;
      case 'database cut':
        log.cut(fault.node, fault.forMs);
        this.#breakFor(fault.forMs, [fault.node]);
        return;
      case 'database outage':
        log.outage(fault.forMs);
        break;
      case 'database crash':
        log.crash(fault.forMs);
        break;
      case 'failover':
        this.#failOver(fault);
        break;
    }
    this.#breakFor(fault.forMs, [...nodes.keys()]);
  }

  /** The connections of these nodes to the database break; they are told when it is back. */
  #breakFor(forMs: number, names: readonly string[]): void {
    const { world, nodes } = this.#parts;
    const broken = names.flatMap((name) => nodes.get(name) ?? []);
    for (const node of broken) this.#cutOff.add(node);
    const { cause } = world;
    world.after(forMs, () => {
      for (const node of broken) world.resume(cause, () => this.#reconnect(node));
    });
  }

  #reconnect(node: SimNode): void {
    if (this.#parts.log.isAwayFrom(node.name) || !this.#cutOff.delete(node)) return;
    node.logReconnected();
  }

  #failOver(fault: Extract<Fault, { type: 'failover' }>): void {
    const { faults, coverage, log, clients } = this.#parts;
    if (log.failover(fault) === 0) return;
    faults.count('lost rows');
    for (const { document, core } of clients.values()) {
      const { head } = log.truthOf(document);
      if (core.fold.lsn > head) coverage.occurred('cursor ahead of the head after a failover');
    }
  }

  #stepClock({ clock, byMs }: Extract<Fault, { type: 'clock step' }>): void {
    const { coverage, log, nodes, clients } = this.#parts;
    if (byMs < 0) coverage.occurred('wall clock stepped back');
    if (clock === 'database') log.clock.step(byMs);
    else (nodes.get(clock) ?? clients.get(clock))?.wall.step(byMs);
  }
}

/** The lanes that a fault touches, for the page. */
function lanesOf(fault: Fault): readonly string[] {
  switch (fault.type) {
    case 'partition':
      return [...fault.clients, ...fault.nodes];
    case 'objects outage':
      return ['objects'];
    case 'clock step':
      return [fault.clock === 'database' ? 'log' : fault.clock];
    default:
      if ('client' in fault) return [fault.client];
      return ['node' in fault ? fault.node : 'log'];
  }
}
