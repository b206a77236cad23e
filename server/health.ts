/**
 * Whether this node should get traffic, and why not.
 *
 * Not ready: the log does not answer, or the node is stopping. A database that may lose what it has
 * committed is told loudly but not refused: whoever runs one on purpose still wants it to run.
 */
import type { DurabilityReport } from './postgres/durability-check.ts';

/** What `/readyz` answers. */
export interface Readiness {
  readonly ready: boolean;
  /** Why not; empty when ready. */
  readonly reasons: readonly string[];
  readonly draining: boolean;
  readonly log: 'up' | 'down';
  /** null: not read yet. */
  readonly durability: DurabilityReport | null;
}

/** What it asks of the log. */
export interface HealthLog {
  readonly port: { ready(): Promise<boolean> };
  readonly durability: DurabilityReport | null;
}

export class Health {
  /** Set once, before anything else is stopped. */
  draining = false;
  readonly #log: HealthLog;
  /** One question at a time: many who ask must not load the database. */
  #asking: Promise<boolean> | null = null;

  constructor(log: HealthLog) {
    this.#log = log;
  }

  async readiness(): Promise<Readiness> {
    this.#asking ??= this.#log.port.ready().finally(() => {
      this.#asking = null;
    });
    const up = await this.#asking;
    const { draining } = this;
    const { durability } = this.#log;
    const reasons = [
      ...(up ? [] : ['the log does not answer: edits wait at the clients']),
      ...(draining ? ['the node is stopping'] : []),
    ];
    return { ready: reasons.length === 0, reasons, draining, log: up ? 'up' : 'down', durability };
  }
}
