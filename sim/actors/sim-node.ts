/**
 * A server node: the product's gateway and driver on simulated ports, in a process that can die,
 * stand still, or be told to stop. Whatever is not in the log dies with it; what comes for a dead
 * process is dropped, what comes for one that stands still waits at its door.
 */
import { GatewayDriver } from '../../engine/driver/gateway-driver.ts';
import type {
  GatewayPorts,
  LogPort,
  SnapshotPort,
  TransportPort,
} from '../../engine/driver/ports.ts';
import type { ConnId } from '../../engine/ids.ts';
import type { Limits } from '../../engine/limits.ts';
import { Gateway, type GatewayStats } from '../../engine/sync/gateway.ts';
import type { Observer } from '../checks/observer.ts';
import type { FaultCount } from '../scenario/faults.ts';
import { simAuth } from '../world/sim-auth.ts';
import type { SimBus } from '../world/sim-bus.ts';
import { SimClock } from '../world/sim-clock.ts';
import type { NodeLog, SimLog } from '../world/sim-log.ts';
import type { Link, ServerEnd } from '../world/sim-network.ts';
import type { SimObjects } from '../world/sim-objects.ts';
import type { SimSnapshotIndex } from '../world/sim-snapshot-index.ts';
import { WallClock } from '../world/wall-clock.ts';
import type { Site, World } from '../world/world.ts';
import { simSnapshotSource, simSnapshots } from './sim-snapshots.ts';

export interface NodeParts {
  readonly world: World;
  readonly faults: FaultCount;
  readonly limits: Limits;
  readonly log: SimLog;
  readonly objects: SimObjects;
  readonly snapshots: SimSnapshotIndex;
  readonly bus: SimBus;
  readonly observer: Observer;
}

interface Process {
  readonly core: Gateway;
  readonly driver: GatewayDriver;
  readonly clock: SimClock;
  readonly log: NodeLog;
  readonly links: Map<ConnId, Link>;
  /** What came while it stands still; null = it runs. */
  held: { readonly cause: number; readonly work: () => void }[] | null;
  /** Set while it drains: what to do when it has ended. */
  onStopped: (() => void) | null;
}

const nothing = { texts: 0, rows: 0, snapshots: 0, backlog: 0, sockets: 0 };
const nobody: GatewayStats = { connections: 0, sessions: 0, rooms: 0, memory: nothing };

export class SimNode implements ServerEnd {
  readonly name: string;
  readonly wall: WallClock;
  readonly #parts: NodeParts;
  readonly #death: Site;
  #running: Process | null = null;
  #pauses = 0;
  #starts = 0;
  #lastConn = 0;

  constructor(name: string, parts: NodeParts) {
    this.name = name;
    this.#parts = parts;
    this.wall = new WallClock(parts.world, name, parts.faults.rates);
    this.#death = parts.world.site(`${name} death`);
    this.start();
  }

  get isUp(): boolean {
    return this.#running !== null;
  }

  /** Whether an append is on its way. */
  get isAppending(): boolean {
    return (this.#running?.log.inFlight ?? 0) > 0;
  }

  get isDraining(): boolean {
    return this.#running !== null && this.#running.onStopped !== null;
  }

  get stats(): GatewayStats {
    return this.#running?.core.stats ?? nobody;
  }

  /** A new process, with nothing in memory. */
  start(): void {
    if (this.#running !== null) return;
    const { world, limits, log, bus, observer } = this.#parts;
    this.#starts++;
    const life = `${this.name}.${this.#starts}`;
    world.note(this.name, 'starts', life);
    observer.nodeStarted(this.name);
    const isAlive = (): boolean => this.#running === started;
    const enter = (work: () => void): void => this.#enter(started, work);
    const links = new Map<ConnId, Link>();
    const nodeLog = log.connect(this.name, isAlive);
    const clock = new SimClock({ world, wall: this.wall, guard: (wake) => this.#wake(wake) });
    const busPort = bus.join({
      name: this.name,
      receive: (document, bytes) => {
        observer.nodeHeard(this.name, document, bytes);
        enter(() => driver.busReceived(document, bytes));
      },
      gap: (document) => enter(() => driver.busGap(document)),
      connected: (isUp) => enter(() => driver.busConnected(isUp)),
    });
    const auth = simAuth(world, life, isAlive);
    const ports: GatewayPorts = {
      clock,
      transport: this.#transport(links, (work) => {
        if (isAlive()) enter(work);
      }),
      log: this.#observedLog(nodeLog, enter),
      snapshots: this.#snapshots(life, { isAlive, enter }),
      bus: {
        ...busPort,
        publish: (document, bytes) => {
          observer.published(this.name, document, bytes);
          busPort.publish(document, bytes);
        },
      },
      auth: { decide: (request, done) => auth.decide(request, (it) => enter(() => done(it))) },
    };
    const core = new Gateway({ seed: world.stream(life).id(), limits, isAlone: false });
    const driver = new GatewayDriver({
      core,
      ports,
      onLog: (event) => observer.serverLogged(this.name, event),
      onDrained: () => world.after(1, () => this.#stop(started)),
    });
    const started: Process = {
      core,
      driver,
      clock,
      log: nodeLog,
      links,
      held: null,
      onStopped: null,
    };
    this.#running = started;
  }

  /** The process dies, here and now. */
  crash(): void {
    const dying = this.#running;
    if (dying === null) return;
    this.#parts.world.note(this.name, 'crashes');
    this.#end(dying);
    for (const link of dying.links.values()) {
      const keepDown = this.#death.between(0, 1_000_000);
      // A dead process's sockets are closed by its kernel; a dead machine's are not.
      link.serverDied({ keepDown, clientHears: this.#death.chance(700_000) });
    }
  }

  /** The machine stands still for `forMs`. */
  pause(forMs: number): void {
    const { world } = this.#parts;
    const paused = this.#running;
    if (paused === null) return;
    world.note(this.name, 'pauses', `for ${forMs}`);
    paused.held ??= [];
    this.#pauses++;
    const pause = this.#pauses;
    world.after(forMs, () => {
      if (pause === this.#pauses) this.resume();
    });
  }

  /** It goes on, with what has come meanwhile. */
  resume(): void {
    const resumed = this.#running;
    if (resumed?.held === null || resumed === null) return;
    this.#parts.world.note(this.name, 'resumes');
    const { held } = resumed;
    resumed.held = null;
    for (const { cause, work } of held) {
      if (this.#running === resumed) this.#parts.world.resume(cause, work);
    }
  }

  /** It is told to stop: settles what is on its way, closes, ends; `stopped` is called then. */
  drain(stopped: () => void): void {
    const running = this.#running;
    if (running === null || running.onStopped !== null) return;
    this.#parts.world.note(this.name, 'drains');
    running.onStopped = stopped;
    this.#enter(running, () => running.driver.drain());
  }

  /** The database can be reached again. */
  logReconnected(): void {
    const running = this.#running;
    if (running !== null) this.#enter(running, () => running.driver.logReconnected());
  }

  accept(link: Link): ConnId | null {
    const running = this.#running;
    if (running === null) return null;
    this.#lastConn++;
    const conn = this.#lastConn as ConnId;
    running.links.set(conn, link);
    this.#enter(running, () => running.driver.opened(conn));
    return conn;
  }

  received(conn: ConnId, bytes: Uint8Array): void {
    const running = this.#running;
    if (running === null) return;
    const link = running.links.get(conn);
    if (link !== undefined) this.#parts.observer.nodeReceived(link);
    this.#enter(running, () => running.driver.received(conn, bytes));
  }

  closed(conn: ConnId): void {
    const running = this.#running;
    if (running?.links.delete(conn) !== true) return;
    this.#enter(running, () => running.driver.closed(conn));
  }

  #enter(running: Process, work: () => void): void {
    if (this.#running !== running) return;
    if (running.held === null) work();
    else running.held.push({ cause: this.#parts.world.cause, work });
  }

  #wake(wake: () => void): void {
    const running = this.#running;
    if (running === null) return;
    this.#enter(running, () => {
      this.#parts.world.note(this.name, 'wakes');
      wake();
    });
  }

  /** The drain is over. */
  #stop(running: Process): void {
    if (this.#running !== running) return;
    this.#parts.world.note(this.name, 'stops');
    this.#end(running);
    for (const link of running.links.values()) {
      link.serverDied({ keepDown: 1_000_000, clientHears: true });
    }
    running.onStopped?.();
  }

  #end(running: Process): void {
    this.#running = null;
    running.clock.stop();
    this.#parts.bus.leave(this.name);
  }

  /** The node's log; the checkers see what it learns from it. */
  #observedLog(log: NodeLog, enter: (work: () => void) => void): LogPort {
    const { observer } = this.#parts;
    return {
      append: (document, epoch, body, done) => {
        observer.nodeAppends(this.name, document);
        log.append(document, epoch, body, (result) => {
          const lsn = result.outcome === 'committed' ? result.lsn : null;
          observer.appendSettled(this.name, document, lsn);
          enter(() => done(result));
        });
      },
      read: (document, afterLsn, bytesMax, done) =>
        log.read(document, afterLsn, bytesMax, (page) => {
          const last = page?.rows.at(-1);
          if (last !== undefined) observer.nodeRead(this.name, document, last.lsn);
          enter(() => done(page));
        }),
      heads: (documents, done) => log.heads(documents, (heads) => enter(() => done(heads))),
    };
  }

  /** Of the process `life`; made beside what the node does, also while it stands still. */
  #snapshots(
    life: string,
    own: { readonly isAlive: () => boolean; readonly enter: (work: () => void) => void },
  ): SnapshotPort {
    const { isAlive, enter } = own;
    const { log, objects, snapshots: index, limits, observer } = this.#parts;
    const lane = this.name;
    const port = objects.connect(lane, isAlive);
    const source = simSnapshotSource({ lane, isAlive, index, objects: port, observer });
    const rowsMin = limits.snapshotRows;
    const product = simSnapshots({ life, source, log: log.connect(lane, isAlive), rowsMin });
    return {
      load: (document, done) =>
        product.load(document, (fold) => {
          if (fold !== null && fold !== 'failed') observer.nodeLoaded(lane, document, fold.lsn);
          enter(() => done(fold));
        }),
      make: (document, done) => product.make(document, (lsn) => enter(() => done(lsn))),
    };
  }

  #transport(links: Map<ConnId, Link>, enter: (work: () => void) => void): TransportPort {
    const { observer } = this.#parts;
    return {
      send: (conns, bytes) => {
        for (const conn of conns) {
          const link = links.get(conn);
          if (link === undefined) continue;
          observer.serverSent(link, bytes);
          link.sendDown(bytes);
        }
      },
      notifyDrained: (conn, drained) => {
        links.get(conn)?.whenDrained(() => {
          if (links.has(conn)) enter(drained);
        });
      },
      close: (conn, code) => {
        const link = links.get(conn);
        if (link === undefined) return;
        observer.serverCloses(link, code);
        link.closeByServer(code);
      },
    };
  }
}
