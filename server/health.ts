/**
 * Whether this node should get traffic, and why not.
 *
 * Not ready: the log does not answer, or the node is stopping. Degraded: the bus is away, so that
 * edits of other nodes arrive late, or no snapshots can be made, so that documents take longer to
 * open, or a worker of the service is missing; all else works, and sending the clients elsewhere
 * would help nobody. A database that may lose what it has committed is told loudly but not refused:
 * whoever runs one on purpose still wants it to run.
 */
import type { DurabilityReport } from './postgres/durability-check.ts';

/** What `/readyz` answers. */
export interface Readiness {
  readonly ready: boolean;
  /** It works, but not as well as it should. */
  readonly degraded: boolean;
  /** Why it is not ready, or degraded; else empty. */
  readonly reasons: readonly string[];
  readonly draining: boolean;
  readonly log: 'up' | 'down';
  readonly bus: BusState;
  /** null: not read yet. */
  readonly durability: DurabilityReport | null;
}

/** `none`: the node is alone, and misses nothing. */
export type BusState = 'up' | 'down' | 'none';

/** What it asks of the log. */
export interface HealthLog {
  readonly port: { ready(): Promise<boolean> };
  readonly durability: DurabilityReport | null;
}

/** Of the service that this process is a worker of. */
interface WorkerCount {
  readonly running: number;
  readonly wanted: number;
}

export class Health {
  /** Set once, before anything else is stopped. */
  draining = false;
  /** Kept up to date by whoever holds the bus. */
  bus: BusState;
  /** Set by whoever makes them: several attempts in a row failed lately. */
  areSnapshotsFailing: () => boolean = () => false;
  readonly #workers: WorkerCount | null;
  readonly #log: HealthLog;
  /** One question at a time: many who ask must not load the database. */
  #asking: Promise<boolean> | null = null;

  /** `workers`: null: this process is no worker. */
  constructor(log: HealthLog, bus: BusState, workers: WorkerCount | null = null) {
    this.#log = log;
    this.bus = bus;
    this.#workers = workers;
  }

  async readiness(): Promise<Readiness> {
    this.#asking ??= this.#log.port.ready().finally(() => {
      this.#asking = null;
    });
    const up = await this.#asking;
    const { draining, bus } = this;
    const { durability } = this.#log;
    const workers = this.#workers;
    const shortcomings = [
      ...(bus === 'down' ? ['Redis is away: edits of other nodes arrive late, from the log'] : []),
      ...(this.areSnapshotsFailing()
        ? ['snapshots cannot be made: documents take longer to open; snapshot-failed in the log']
        : []),
      ...(workers !== null && workers.running < workers.wanted
        ? [`${workers.running} of ${workers.wanted} workers run; worker-ended in the log`]
        : []),
    ];
    const obstacles = [
      ...(up ? [] : ['the log does not answer: edits wait at the clients']),
      ...(draining ? ['the node is stopping'] : []),
    ];
    const reasons = [...obstacles, ...shortcomings];
    return {
      ...{ ready: obstacles.length === 0, degraded: shortcomings.length > 0, reasons },
      ...{ draining, log: up ? 'up' : 'down', bus, durability },
    };
  }
}
