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
import type { Server } from 'node:http';
import { isIPv6 } from 'node:net';
import { assert } from '../engine/assert.ts';
import { GatewayDriver, type LogEvent } from '../engine/driver/gateway-driver.ts';
import type { BusPort } from '../engine/driver/ports.ts';
import { defaultLimits, type Limits } from '../engine/limits.ts';
import { busMessage } from '../engine/sync/durability.ts';
import { Gateway } from '../engine/sync/gateway.ts';
import { encodeBusMessage } from '../proto/bus-codec.ts';
import { openAuth } from './auth.ts';
import { openBus } from './bus.ts';
import type { Config } from './config.ts';
import { openDatabase } from './database.ts';
import { Health } from './health.ts';
import { type HistoryOptions, openHistory } from './history/open-history.ts';
import { createHttpServer } from './http.ts';
import { type Log, logEvent } from './log.ts';
import { MemoryGuard } from './memory-guard.ts';
import { Metrics } from './metrics.ts';
import { type ObjectStore, openObjectStore, tellPlace } from './object-store.ts';
import { loadPage, type Page } from './page.ts';
import type { GroupReport } from './postgres/append-writer.ts';
import type { DurabilityReport } from './postgres/durability-check.ts';
import { NodeSnapshots } from './snapshots/node-snapshots.ts';
import { SystemClock } from './system-clock.ts';
import { WatchedLog } from './watched-log.ts';
import { syncPath, WebSocketTransport } from './websocket-transport.ts';

const hourMs = 3_600_000;

/** Something other than a row happened to a document. */
const look = encodeBusMessage({ type: 'look' });

export interface RunningNode {
  /** Of the page, with a slash at the end. */
  readonly url: string;
  readonly syncUrl: string;
  /** Where the documents are, for people. */
  readonly dataPlace: string;
  /** Where snapshots are, for people. */
  readonly snapshotPlace: string;
  readonly durability: DurabilityReport;
  /** Stops as described above; the same promise however often it is called. */
  close(): Promise<void>;
}

/**
 * Starts a node; when it resolves, it is ready. Rejects with what was wrong and what to do about
 * it.
 */
export async function startNode(config: Config, log: Log): Promise<RunningNode> {
  const stops: (() => Promise<void> | void)[] = [];
  try {
    return await start(config, log, stops);
  } catch (error) {
    await runInReverse(stops);
    throw error;
  }
}

async function start(
  config: Config,
  log: Log,
  stops: (() => Promise<void> | void)[],
): Promise<RunningNode> {
  const { url, place, lost, stop } = await openDatabase(config, log);
  stops.push(stop);
  const objects = await openObjects(config, log);
  stops.push(() => objects.close());
  const isAlone = config.redisUrl === null;
  const core = new Gateway({ seed: randomInt(2 ** 48 - 1), limits: limitsOf(config), isAlone });
  const { databaseReadersMax: readersMax } = config;
  const onGroup = (report: GroupReport): void => metrics.committed(report);
  const watched = new WatchedLog({ url, log, readersMax, onLost: lost, onGroup });
  stops.push(() => watched.port.close());
  const durability = await watched.connected;
  const health = new Health(watched, isAlone ? 'none' : 'up');
  const metrics = new Metrics({
    ...{ stats: () => core.stats, isLogUp: () => watched.isUp, bus: () => health.bus },
  });
  const onConnection = (isUp: boolean): void => {
    health.bus = isUp ? 'up' : 'down';
    driver.busConnected(isUp);
  };
  const bus = await openBus(config, log, {
    onMessage: (document, bytes) => driver.busReceived(document, bytes),
    onGap: (document) => driver.busGap(document),
    onConnection,
  });
  stops.push(() => bus.close());
  const clock = new SystemClock();
  stops.push(() => clock.stop());
  const snapshots = openSnapshots(config, { databaseUrl: url, objects, log, metrics });
  health.areSnapshotsFailing = () => snapshots.isFailing;
  stops.push(() => snapshots.close());
  const transport = openTransport(config, metrics, () => guard.isShort);
  let onDrained = (): void => {};
  const driver = new GatewayDriver({
    core,
    ports: { clock, transport, log: watched.port, snapshots, bus: bus.port, auth: openAuth },
    onLog: (event) => tell(event, log, metrics),
    onDrained: () => onDrained(),
  });
  const guard = guardMemory(config, { transport, driver, metrics, log, stops });
  if (!bus.isUp) onConnection(false);
  watched.onReconnected = () => driver.logReconnected();
  const ways = { nodeLog: watched.port, bus: bus.port, driver, snapshots };
  const history = openPast(config, { databaseUrl: url, objects, log, metrics, ...ways });
  stops.push(() => history.close());
  const page = openPage(log);
  const server = createHttpServer({ health, metrics, page, log, api: history.listener });
  transport.serve(server, driver);
  await listen(server, config);
  stops.push(() => end(server));
  stops.push(() => {
    health.draining = true;
    return new Promise((resolve) => {
      onDrained = resolve;
      driver.drain();
    });
  });
  let closed: Promise<void> | null = null;
  return {
    ...addressesOf(server, config.host),
    dataPlace: place,
    snapshotPlace: tellPlace(objects.place),
    durability,
    close: () => (closed ??= runInReverse(stops)),
  };
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

function openTransport(
  config: Config,
  { limits }: Metrics,
  isShort: () => boolean,
): WebSocketTransport {
  return new WebSocketTransport(config, {
    isShort,
    onRefused: (reason) => limits.refused(reason),
    onPaused: (change) => limits.paused(change),
  });
}

/** What the core reports. */
function tell(event: LogEvent, log: Log, { limits }: Metrics): void {
  limits.logged(event);
  logEvent(log, event);
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
  parts: Pick<HistoryOptions, 'databaseUrl' | 'nodeLog' | 'log' | 'metrics'> & {
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

async function listen(server: Server, { host, port }: Config): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `cannot listen on ${host} port ${port}: ${reason}\nSet PORT to a free one (0 = any), or HOST.`,
      { cause: error },
    );
  }
}

/** Stops listening, and resolves when the last socket has ended. */
async function end(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** Addresses that a browser on this machine can open. */
function addressesOf(server: Server, host: string): Pick<RunningNode, 'url' | 'syncUrl'> {
  const address = server.address();
  assert(address !== null && typeof address === 'object', 'a TCP address');
  const local = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  const authority = `${isIPv6(local) ? `[${local}]` : local}:${address.port}`;
  return { url: `http://${authority}/`, syncUrl: `ws://${authority}${syncPath}` };
}

async function runInReverse(stops: readonly (() => Promise<void> | void)[]): Promise<void> {
  for (const stop of stops.toReversed()) await stop();
}
