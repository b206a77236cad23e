/**
 * What Prometheus can ask of this node at `/metrics`: numbers of the whole node, never a label that
 * grows with documents, people or clients, and none of their names.
 *
 * Gauges are read when they are asked for. What the runtime says of itself (memory, event loop,
 * garbage collection) comes from prom-client under its own names.
 */
import { getHeapStatistics } from 'node:v8';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { GatewayStats } from '../engine/sync/gateway.ts';
import { AuthMetrics } from './auth/auth-metrics.ts';
import { EditMetrics } from './edit-metrics.ts';
import type { BusState } from './health.ts';
import { LimitMetrics } from './limit-metrics.ts';
import { PlaybackMetrics } from './playback-metrics.ts';
import type { GroupReport } from './postgres/append-writer.ts';
import type { MakeReport } from './snapshots/node-snapshots.ts';
import type { Traffic } from './traffic.ts';

/** Where the gauges look. */
export interface MetricSources {
  readonly stats: () => GatewayStats;
  readonly isLogUp: () => boolean;
  readonly bus: () => BusState;
  readonly traffic: Traffic;
  /** As last read; null: not yet. */
  readonly durability: () => { readonly ok: boolean } | null;
}

/** From a short document nearby to a long one, or one that waits for others. */
const snapshotBuckets = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];

/** From a fast disk to the longest that an append may take. */
const commitBuckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

export class Metrics {
  readonly #registry = new Registry();
  /** Of edits on their way. */
  readonly edits = new EditMetrics(this.#registry);
  /** Of what was asked about the past. */
  readonly playback = new PlaybackMetrics(this.#registry);
  /** Of who was not let in. */
  readonly auth = new AuthMetrics(this.#registry);
  /** Of what was refused. */
  readonly limits = new LimitMetrics(this.#registry);
  readonly #commits: Histogram;
  readonly #rows: Counter;
  readonly #bytes: Counter;
  readonly #snapshots: Counter<'outcome'>;
  readonly #snapshotSeconds: Histogram;
  readonly #snapshotsBad: Counter;

  constructor(sources: MetricSources) {
    const registers = [this.#registry];
    exposeGauges(this.#registry, sources);
    sources.traffic.expose(this.#registry);
    this.#commits = new Histogram({
      name: 'sve_log_commit_seconds',
      help: 'From sending an append statement to the end of its transaction',
      buckets: commitBuckets,
      registers,
    });
    this.#rows = new Counter({ name: 'sve_log_rows_total', help: 'Rows committed', registers });
    this.#bytes = new Counter({
      name: 'sve_log_bytes_total',
      help: 'Bytes of the bodies in answered append statements',
      registers,
    });
    this.#snapshots = new Counter({
      name: 'sve_snapshots_total',
      help: 'Attempts to make a snapshot, by outcome: made, fresh (there is one), failed, busy',
      labelNames: ['outcome'],
      registers,
    });
    this.#snapshotSeconds = new Histogram({
      name: 'sve_snapshot_seconds',
      help: 'From asking for a snapshot to its pointer in the database, waiting included',
      buckets: snapshotBuckets,
      registers,
    });
    this.#snapshotsBad = new Counter({
      name: 'sve_snapshots_bad_total',
      help: 'Times that a snapshot was passed over since its body is gone or damaged',
      registers,
    });
    collectDefaultMetrics({ register: this.#registry });
    // Of several workers, the loop that is held up most: an average hides it.
    for (const each of this.#registry.getMetricsAsArray()) {
      if (each.name.startsWith('nodejs_eventloop_lag')) Object.assign(each, { aggregator: 'max' });
    }
  }

  /** When the certificate in use expires, ms since 1970; called if there is one. */
  watchCertificate(expiresMs: () => number): void {
    exposeGauge(this.#registry, {
      name: 'sve_tls_expiry_seconds',
      help: 'Until the certificate in use expires',
      read: () => (expiresMs() - Date.now()) / 1000,
      ofWorkers: 'min',
    });
  }

  /** Of what is exposed, as in Content-Type. */
  get type(): string {
    return this.#registry.contentType;
  }

  /** An append statement was answered. */
  committed({ ms, rows, bytes }: GroupReport): void {
    this.#commits.observe(ms / 1000);
    this.#rows.inc(rows);
    this.#bytes.inc(bytes);
  }

  /** An attempt to make a snapshot ended. */
  snapshotted({ outcome, ms }: MakeReport): void {
    this.#snapshots.inc({ outcome });
    if (outcome === 'made') this.#snapshotSeconds.observe(ms / 1000);
  }

  /** A snapshot was passed over for its body. */
  snapshotBad(): void {
    this.#snapshotsBad.inc();
  }

  /** As prom-client puts those of several processes together. */
  async report(): Promise<readonly object[]> {
    return await this.#registry.getMetricsAsJSON();
  }

  /** In the text format of Prometheus. */
  expose(): Promise<string> {
    return this.#registry.metrics();
  }
}

interface GaugeOptions {
  readonly name: string;
  readonly help: string;
  readonly read: () => number;
  /** What the gauge of several workers is; absent: the sum. */
  readonly ofWorkers?: 'sum' | 'min' | 'max';
}

function exposeGauge(registry: Registry, options: GaugeOptions): void {
  const { name, help, read, ofWorkers: aggregator = 'sum' } = options;
  new Gauge({
    ...{ name, help, aggregator, registers: [registry] },
    collect() {
      this.set(read());
    },
  });
}

function exposeGauges(registry: Registry, sources: MetricSources): void {
  const { stats, isLogUp, bus, durability } = sources;
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void =>
    exposeGauge(registry, { name, help, read });
  const worst = (name: string, help: string, read: () => boolean): void =>
    exposeGauge(registry, { name, help, read: () => Number(read()), ofWorkers: 'min' });
  gauge('sve_connections', 'WebSockets that are open', () => stats().connections);
  new Gauge({
    ...{ name: 'sve_sessions', registers, labelNames: ['state'] },
    help: 'Replicas that edit or read a document: authorizing, joining, open, or lagging behind',
    collect() {
      for (const [state, count] of Object.entries(stats().sessionStates)) {
        this.set({ state }, count);
      }
    },
  });
  gauge('sve_documents', 'Documents in memory', () => stats().rooms);
  new Gauge({
    ...{ name: 'sve_memory_bytes', help: 'What documents take, by cause', registers },
    labelNames: ['cause'],
    collect() {
      for (const [cause, bytes] of Object.entries(stats().memory)) this.set({ cause }, bytes);
    },
  });
  const { heap_size_limit: heapBytesMax } = getHeapStatistics();
  gauge('sve_heap_limit_bytes', 'Heap at which the process ends', () => heapBytesMax);
  worst('sve_log_up', '1 while the log can be appended to', isLogUp);
  worst(
    'sve_log_durable',
    '1 unless the database may lose commits',
    () => durability()?.ok ?? true,
  );
  if (bus() !== 'none') worst('sve_bus_up', '1 while other nodes are heard', () => bus() === 'up');
}
