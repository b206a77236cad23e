/**
 * A node: the core with its real ports, and the order in which they start and stop.
 *
 * Start: database, object store, log, bus, core, socket. Stop: readiness fails first; then the core
 * settles what is on its way to the log and tells the clients to go elsewhere; then the sockets
 * end, snapshots under way are given up, then bus and log, then our own PostgreSQL. Nothing here
 * decides about documents.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { GatewayDriver, type LogEvent } from '../engine/driver/gateway-driver.ts';
import type { BusPort } from '../engine/driver/ports.ts';
import { defaultLimits, type Limits } from '../engine/limits.ts';
import { busMessage } from '../engine/sync/durability.ts';
import { Gateway } from '../engine/sync/gateway.ts';
import { encodeBusMessage } from '../proto/bus-codec.ts';
import {
  type Authentication,
  type AuthenticationParts,
  mustBeChecked,
  openAuthentication,
} from './auth/authentication.ts';
import { revocationChannel } from './auth/revocations.ts';
import { type BusInputs, openBus } from './bus.ts';
import type { Config } from './config.ts';
import { openDatabase } from './database.ts';
import { Health } from './health.ts';
import { type HistoryOptions, openHistory } from './history/open-history.ts';
import { createHttpServer, type HttpParts } from './http.ts';
import { type ListenAddresses, listen } from './listen.ts';
import { type Log, logEvent } from './log.ts';
import { MemoryGuard } from './memory-guard.ts';
import { Metrics } from './metrics.ts';
import { type ObjectStore, openObjectStore, tellPlace } from './object-store.ts';
import { loadPage, type Page } from './page.ts';
import type { GroupReport } from './postgres/append-writer.ts';
import type { DurabilityReport } from './postgres/durability-check.ts';
import { NodeSnapshots } from './snapshots/node-snapshots.ts';
import { SystemClock } from './system-clock.ts';
import { TlsFiles } from './tls.ts';
import { WatchedLog } from './watched-log.ts';
import { WebSocketTransport } from './websocket-transport.ts';
import type { WorkerLink } from './workers/worker-link.ts';

const hourMs = 3_600_000;

/** Something other than a row happened to a document. */
const look = encodeBusMessage({ type: 'look' });

/** What there is to tell of a node. */
export interface NodeFacts extends ListenAddresses {
  /** Where the documents are, for people. */
  readonly dataPlace: string;
  /** Where snapshots are, for people. */
  readonly snapshotPlace: string;
  readonly durability: DurabilityReport;
  /** Who decides who may do what; null: nobody. */
  readonly authTold: string | null;
}

export interface RunningNode extends NodeFacts {
  /** The processes that share its port; absent: it is one alone. */
  readonly workers?: readonly number[];
  /** Looks whether there is a new certificate. */
  reload(): Promise<void>;
  /** Stops as described above; the same promise however often it is called. */
  close(): Promise<void>;
}

/**
 * Starts a node; when it resolves, it is ready. Rejects with what was wrong and what to do about
 * it. `link`: it is one of several workers.
 */
export async function startNode(
  config: Config,
  log: Log,
  link: WorkerLink | null = null,
): Promise<RunningNode> {
  mustBeChecked(config);
  const stops: (() => Promise<void> | void)[] = [];
  try {
    return await start(config, { log, link }, stops);
  } catch (error) {
    await runInReverse(stops);
    throw error;
  }
}

async function start(
  config: Config,
  { log, link }: { readonly log: Log; readonly link: WorkerLink | null },
  stops: (() => Promise<void> | void)[],
): Promise<RunningNode> {
  const { url, place, lost, stop } = await openDatabase(config, log);
  stops.push(stop);
  const objects = await openObjects(config, log);
  stops.push(() => objects.close());
  const isAlone = config.redisUrl === null && link === null;
  const core = new Gateway({ seed: randomInt(2 ** 48 - 1), limits: limitsOf(config), isAlone });
  const { databaseReadersMax: readersMax } = config;
  const onGroup = (report: GroupReport): void => metrics.committed(report);
  const onLost = link?.databaseLost ?? lost;
  const watched = new WatchedLog({ url, log, readersMax, onLost, onGroup });
  stops.push(() => watched.port.close());
  const durability = await watched.connected;
  const health = new Health(watched, isAlone ? 'none' : 'up', link);
  const transport = openTransport(
    config,
    () => metrics.limits,
    () => guard.isShort,
  );
  const metrics: Metrics = measure({ core, watched, health, transport });
  const onConnection = (isUp: boolean): void => {
    health.bus = isUp ? 'up' : 'down';
    driver.busConnected(isUp);
  };
  const authParts = { databaseUrl: url, log, metrics, bus: () => bus.port };
  const auth = await openAuth(config, authParts, (revocation) => driver.revoked(revocation));
  const pipe = link?.busPipe ?? null;
  const bus = await openBus(config, log, { ...heard(() => [driver, auth]), onConnection, pipe });
  stops.push(() => bus.close());
  const clock = new SystemClock();
  stops.push(() => clock.stop());
  const snapshots = openSnapshots(config, { databaseUrl: url, objects, log, metrics });
  health.areSnapshotsFailing = () => snapshots.isFailing;
  stops.push(() => snapshots.close());
  const editLog = metrics.edits.watch(watched.port, core.editTimes);
  let onDrained = (): void => {};
  const driver = new GatewayDriver({
    core,
    ports: { clock, transport, log: editLog, snapshots, bus: bus.port, auth: auth.gate.port },
    onLog: (event) => tell(event, { log, metrics, transport }),
    onDrained: () => onDrained(),
  });
  const guard = guardMemory(config, { transport, driver, metrics, log, stops });
  if (!bus.isUp) onConnection(false);
  watched.onReconnected = () => logIsBack(driver, auth);
  await openRevocations(auth, bus.port, stops);
  const ways = { nodeLog: watched.port, bus: bus.port, driver, snapshots, auth };
  const history = openPast(config, { databaseUrl: url, objects, log, metrics, ...ways });
  stops.push(() => history.close());
  const port = await openPort(config, {
    ...{ health, page: openPage(log), log, api: history.listener, transport, driver },
    ...{ metrics: link?.share(metrics) ?? metrics, ownMetrics: metrics },
  });
  stops.push(port.close);
  stops.push(() => drain(health, driver, (drained) => (onDrained = drained)));
  let closed: Promise<void> | null = null;
  return {
    ...port.addresses,
    dataPlace: place,
    snapshotPlace: tellPlace(objects.place),
    durability,
    authTold: auth.told,
    reload: port.reload,
    close: () => (closed ??= runInReverse(stops)),
  };
}

function measure(parts: {
  readonly core: Gateway;
  readonly watched: WatchedLog;
  readonly health: Health;
  readonly transport: WebSocketTransport;
}): Metrics {
  const { core, watched, health, transport } = parts;
  return new Metrics({
    stats: () => core.stats,
    isLogUp: () => watched.isUp,
    bus: () => health.bus,
    traffic: transport.traffic,
    durability: () => watched.durability,
  });
}

function limitsOf(config: Config): Limits {
  const { heartbeatMs, windowBytes, windowOperations, sendBytesMax, drainMs } = config;
  return {
    ...defaultLimits,
    ...{ heartbeatMs, windowBytes, windowOperations, sendBytesMax, drainMs },
    // A node that lives says so as often as its sockets do.
    presenceLeaseMs: heartbeatMs,
    silenceMs: config.silenceMs,
    snapshotRows: config.snapshotRows,
    snapshotBytes: config.snapshotBytes,
    sessionsPerRoomMax: config.sessionsPerDocumentMax,
    channelsPerConnMax: config.documentsPerConnectionMax,
    documentCharactersMax: config.documentCharactersMax,
    documentOperationsMax: config.documentOperationsMax,
    helloMs: config.helloMs,
    backlogBytesMax: config.backlogBytesMax,
    roomIdleMs: config.documentIdleMs,
  };
}

/** What other nodes say: of documents to the core, of revocations to who keeps those. */
function heard(
  who: () => readonly [GatewayDriver, Authentication],
): Pick<BusInputs, 'onMessage' | 'onGap'> {
  return {
    onMessage(channel, bytes) {
      const [driver, { revocations }] = who();
      if (channel === revocationChannel) revocations?.look();
      else driver.busReceived(channel, bytes);
    },
    onGap(channel) {
      const [driver, { revocations }] = who();
      if (channel === null || channel === revocationChannel) revocations?.look();
      if (channel !== revocationChannel) driver.busGap(channel);
    },
  };
}

/** It may be another one than before. */
function logIsBack(driver: GatewayDriver, { revocations }: Authentication): void {
  driver.logReconnected();
  revocations?.lookAtAll();
}

async function openAuth(
  config: Config,
  parts: Pick<AuthenticationParts, 'databaseUrl' | 'log'> & {
    readonly bus: () => BusPort;
    readonly metrics: Metrics;
  },
  onRevoked: AuthenticationParts['onRevoked'],
): Promise<Authentication> {
  const { bus, metrics, ...others } = parts;
  const auth = await openAuthentication(config, {
    ...{ ...others, onRevoked },
    tell: () => bus().publish(revocationChannel, look),
    onRefused: (reason) => metrics.auth.refused(reason),
  });
  if (auth.told === null) {
    const message = `nobody is checked: whoever reaches ${config.host} may do everything`;
    parts.log.warn({ event: 'no-authentication', message });
  }
  return auth;
}

/** Nobody is let in before it is known what was revoked. */
async function openRevocations(
  { revocations }: Authentication,
  bus: BusPort,
  stops: (() => Promise<void> | void)[],
): Promise<void> {
  if (revocations === null) return;
  stops.push(() => revocations.close());
  await revocations.open();
  bus.subscribe(revocationChannel);
}

function openTransport(
  config: Config,
  limits: () => Metrics['limits'],
  isShort: () => boolean,
): WebSocketTransport {
  return new WebSocketTransport(config, {
    isShort,
    onRefused: (reason) => limits().refused(reason),
    onPaused: (change) => limits().paused(change),
  });
}

/** What the core reports. */
function tell(
  event: LogEvent,
  to: {
    readonly log: Log;
    readonly metrics: Metrics;
    readonly transport: WebSocketTransport;
  },
): void {
  to.metrics.limits.logged(event);
  logEvent(to.log, event, to.transport.traceOf(event.conn));
}

function guardMemory(
  { memoryBytesMax: bytesMax }: Config,
  parts: {
    readonly transport: WebSocketTransport;
    readonly driver: GatewayDriver;
    readonly metrics: Metrics;
    readonly log: Log;
    readonly stops: (() => void)[];
  },
): MemoryGuard {
  const { transport, driver, metrics, log, stops } = parts;
  const guard = new MemoryGuard({
    bytesMax,
    connections: () => transport.connections,
    shed(count) {
      metrics.limits.shed(Math.min(count, transport.connections));
      driver.shed(count);
    },
    onChange: (isShort, use) =>
      log.warn({ event: isShort ? 'memory-short' : 'memory-calm', percent: Math.round(use * 100) }),
  });
  stops.push(() => guard.close());
  return guard;
}

async function openObjects(config: Config, log: Log): Promise<ObjectStore> {
  const objects = await openObjectStore(config, (what, error) =>
    log.warn({ event: 'object-store', what, err: error }),
  );
  if (objects.place.type === 'folder' && config.redisUrl !== null) {
    const { root } = objects.place;
    const message = `other nodes must see the same folder ${root}, or set S3_ENDPOINT`;
    log.warn({ event: 'snapshots-not-shared', message });
  }
  return objects;
}

function openSnapshots(
  { snapshotRows, snapshotBytes, snapshotsAllHours, snapshotsHourlyDays }: Config,
  parts: {
    readonly databaseUrl: string;
    readonly objects: ObjectStore;
    readonly log: Log;
    readonly metrics: Metrics;
  },
): NodeSnapshots {
  const { metrics, ...others } = parts;
  const keepAllMs = snapshotsAllHours * hourMs;
  return new NodeSnapshots({
    ...others,
    // Who asks when another node has just made one asks in vain.
    leastGrowth: { rows: Math.ceil(snapshotRows / 2), bytes: Math.ceil(snapshotBytes / 2) },
    thinning: { keepAllMs, keepHourlyMs: snapshotsHourlyDays * 24 * hourMs },
    onMade: (report) => metrics.snapshotted(report),
    onBad: () => metrics.snapshotBad(),
  });
}

/** What is done there reaches the rooms of this node as what another node did. */
function openPast(
  config: Config,
  parts: Pick<HistoryOptions, 'databaseUrl' | 'nodeLog' | 'auth' | 'log' | 'metrics'> & {
    readonly objects: ObjectStore;
    readonly snapshots: NodeSnapshots;
    readonly bus: BusPort;
    readonly driver: GatewayDriver;
  },
): ReturnType<typeof openHistory> {
  const { bus, driver, snapshots, ...others } = parts;
  const everyRows = Math.ceil(config.snapshotRows / 2);
  const everyBytes = config.snapshotBytes / 8;
  return openHistory({
    ...{ ...others, config },
    announce(document, row) {
      const { bytes } = busMessage(row);
      bus.publish(document, bytes);
      driver.busReceived(document, bytes);
      // Nobody may have it open: then no room counts its rows. Too often is soon seen, and cheap.
      const isWorthALook = row.lsn % everyRows === 0 || row.body.length > everyBytes;
      if (isWorthALook) snapshots.make(document, () => {});
    },
    onChanged(document) {
      bus.publish(document, look);
      driver.busReceived(document, look);
    },
  });
}

/** Its addresses say so if it cannot be made. */
function openPage(log: Log): Promise<Page> {
  const page = loadPage();
  page.catch((error: unknown) => log.error({ event: 'page-failed', err: error }));
  return page;
}

/** Resolves when what is on its way is settled and every client knows that it has to go. */
function drain(
  health: Health,
  driver: GatewayDriver,
  whenDrained: (drained: () => void) => void,
): Promise<void> {
  health.draining = true;
  return new Promise((resolve) => {
    whenDrained(resolve);
    driver.drain();
  });
}

/** Answers HTTP and opens sockets. `close` resolves when the last socket has ended. */
async function openPort(
  config: Config,
  parts: HttpParts & {
    readonly ownMetrics: Metrics;
    readonly transport: WebSocketTransport;
    readonly driver: GatewayDriver;
  },
): Promise<{
  readonly addresses: ListenAddresses;
  readonly reload: () => Promise<void>;
  readonly close: () => Promise<void>;
}> {
  const { transport, driver, ownMetrics, ...web } = parts;
  const tls = await TlsFiles.open(config, web.log);
  const server = createHttpServer({ ...web, tls });
  transport.serve(server, driver);
  try {
    const addresses = await listen(server, config);
    if (tls !== null) ownMetrics.watchCertificate(() => tls.expiresMs);
    return { addresses, reload: async () => tls?.reload(), close };
  } catch (error) {
    tls?.close();
    throw error;
  }
  async function close(): Promise<void> {
    tls?.close();
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
}

async function runInReverse(stops: readonly (() => Promise<void> | void)[]): Promise<void> {
  for (const stop of stops.toReversed()) await stop();
}
