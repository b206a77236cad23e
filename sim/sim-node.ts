/**
 * A server node: the product's gateway and driver on simulated ports, in a process that can die.
 * Whatever is not in the log dies with it; callbacks for a dead process are dropped.
 */
import { GatewayDriver } from '../engine/driver/gateway-driver.ts';
import type { GatewayPorts, TransportPort } from '../engine/driver/ports.ts';
import type { ConnId } from '../engine/ids.ts';
import type { Limits } from '../engine/limits.ts';
import { Gateway } from '../engine/sync/gateway.ts';
import type { Faults } from './fault-plan.ts';
import type { Observer } from './observer.ts';
import { simAuth } from './sim-auth.ts';
import type { SimBus } from './sim-bus.ts';
import { SimClock } from './sim-clock.ts';
import type { NodeLog, SimLog } from './sim-log.ts';
import type { Link, ServerEnd } from './sim-network.ts';
import type { Site, World } from './world.ts';

export interface NodeParts {
  readonly world: World;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly log: SimLog;
  readonly bus: SimBus;
  readonly observer: Observer;
}

interface Process {
  readonly driver: GatewayDriver;
  readonly clock: SimClock;
  readonly log: NodeLog;
  readonly links: Map<ConnId, Link>;
}

export class SimNode implements ServerEnd {
  readonly name: string;
  readonly #parts: NodeParts;
  readonly #clockOffset: Site;
  readonly #death: Site;
  #process: Process | null = null;
  #starts = 0;
  #lastConn = 0;

  constructor(name: string, parts: NodeParts) {
    this.name = name;
    this.#parts = parts;
    this.#clockOffset = parts.world.site(`${name} clock`);
    this.#death = parts.world.site(`${name} death`);
    this.start();
  }

  get isUp(): boolean {
    return this.#process !== null;
  }

  /** Whether an append is on its way. */
  get isAppending(): boolean {
    return (this.#process?.log.inFlight ?? 0) > 0;
  }

  /** A new process, with nothing in memory. */
  start(): void {
    if (this.#process !== null) return;
    const { world, faults, limits, log, bus, observer } = this.#parts;
    this.#starts++;
    const life = `${this.name}.${this.#starts}`;
    world.note(`${life} starts`);
    const isAlive = (): boolean => this.#process === started;
    const links = new Map<ConnId, Link>();
    const nodeLog = log.connect(this.name, isAlive);
    const offsetMax = faults.plan.clockOffsetMaxMs;
    const clock = new SimClock({
      world,
      wallOffsetMs: this.#clockOffset.between(-offsetMax, offsetMax),
      guard: (wake) => {
        world.note(`${this.name} wakes`);
        wake();
      },
    });
    const busPort = bus.join({
      name: this.name,
      receive: (document, bytes) => driver.busReceived(document, bytes),
      gap: () => driver.busGap(),
    });
    const ports: GatewayPorts = {
      clock,
      transport: this.#transport(links, isAlive),
      log: nodeLog,
      bus: {
        ...busPort,
        publish: (document, bytes) => {
          observer.published(this.name, document, bytes);
          busPort.publish(document, bytes);
        },
      },
      auth: simAuth(world, life, isAlive),
    };
    const driver = new GatewayDriver({
      core: new Gateway({ seed: world.stream(life).id(), limits }),
      ports,
      onLog: (event) => observer.serverLogged(this.name, event),
      onDrained: () => {},
    });
    const started = { driver, clock, log: nodeLog, links };
    this.#process = started;
  }

  /** The process dies, here and now. */
  crash(): void {
    const dying = this.#process;
    if (dying === null) return;
    this.#parts.world.note(`${this.name} crashes`);
    this.#process = null;
    dying.clock.stop();
    this.#parts.bus.leave(this.name);
    for (const link of dying.links.values()) {
      const keepDown = this.#death.between(0, 1_000_000);
      // A dead process's sockets are closed by its kernel; a dead machine's are not.
      link.serverDied({ keepDown, clientHears: this.#death.chance(700_000) });
    }
  }

  /** The database can be reached again. */
  logReconnected(): void {
    this.#process?.driver.logReconnected();
  }

  accept(link: Link): ConnId | null {
    if (this.#process === null) return null;
    this.#lastConn++;
    const conn = this.#lastConn as ConnId;
    this.#process.links.set(conn, link);
    this.#process.driver.opened(conn);
    return conn;
  }

  received(conn: ConnId, bytes: Uint8Array): void {
    this.#process?.driver.received(conn, bytes);
  }

  closed(conn: ConnId): void {
    if (this.#process?.links.delete(conn) === true) this.#process.driver.closed(conn);
  }

  #transport(links: Map<ConnId, Link>, isAlive: () => boolean): TransportPort {
    const { observer } = this.#parts;
    return {
      send: (conn, bytes) => {
        const link = links.get(conn);
        if (link === undefined) return;
        observer.serverSent(link, bytes);
        link.sendDown(bytes);
      },
      notifyDrained: (conn, drained) => {
        links.get(conn)?.whenDrained(() => {
          if (isAlive() && links.has(conn)) drained();
        });
      },
      close: (conn, code) => links.get(conn)?.closeByServer(code),
    };
  }
}
