/**
 * What Prometheus can ask of this node at `/metrics`: numbers of the whole node, never a label that
 * grows with documents, people or clients, and none of their names.
 *
 * Gauges are read when they are asked for. What the runtime says of itself (memory, event loop,
 * garbage collection) comes from prom-client under its own names.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { GatewayStats } from '../engine/sync/gateway.ts';
import type { BusState } from './health.ts';
import { LimitMetrics } from './limit-metrics.ts';
import { PlaybackMetrics } from './playback-metrics.ts';
import type { GroupReport } from './postgres/append-writer.ts';
import type { MakeReport } from './snapshots/node-snapshots.ts';

/** Where the gauges look. */
export interface MetricSources {
  readonly stats: () => GatewayStats;
  readonly isLogUp: () => boolean;
  readonly bus: () => BusState;
}

/** From a short document nearby to a long one, or one that waits for others. */
const snapshotBuckets = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];

/** From a fast disk to the longest that an append may take. */
const commitBuckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

export class Metrics {
  readonly #registry = new Registry();
  /** Of what was asked about the past. */
  readonly playback = new PlaybackMetrics(this.#registry);
  /** Of what was refused. */
  readonly limits = new LimitMetrics(this.#registry);
  readonly #commits: Histogram;
  readonly #rows: Counter;
  readonly #bytes: Counter;
  readonly #snapshots: Counter<'outcome'>;
  readonly #snapshotSeconds: Histogram;
  readonly #snapshotsBad: Counter;

  constructor({ stats, isLogUp, bus }: MetricSources) {
    const registers = [this.#registry];
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        ...{ name, help, registers },
        collect() {
          this.set(read());
        },
      });
    };
    gauge('sve_connections', 'WebSockets that are open', () => stats().connections);
    gauge('sve_sessions', 'Replicas that edit or read a document', () => stats().sessions);
    gauge('sve_documents', 'Documents in memory', () => stats().rooms);
    new Gauge({
      ...{ name: 'sve_memory_bytes', help: 'What documents take, by cause', registers },
      labelNames: ['cause'],
      collect() {
        for (const [cause, bytes] of Object.entries(stats().memory)) this.set({ cause }, bytes);
      },
    });
    gauge('sve_log_up', '1 while the log can be appended to', () => Number(isLogUp()));
    if (bus() !== 'none') {
      gauge('sve_bus_up', '1 while the node hears other nodes', () => Number(bus() === 'up'));
    }
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

  /** In the text format of Prometheus. */
  expose(): Promise<string> {
    return this.#registry.metrics();
  }
}
