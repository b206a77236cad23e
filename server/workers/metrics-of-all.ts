/**
 * The metrics of a service of several workers, as one: whichever worker is asked, the answer is of
 * all. Most are sums; what says how bad it is is that of the worst (metrics.ts says which).
 */
import { AggregatorRegistry } from 'prom-client';
import type { WorkerSlot } from './worker-slot.ts';

/** A worker that is too busy to answer by then is left out. */
const patienceMs = 2_000;

export class MetricsOfAll {
  readonly #running: () => readonly WorkerSlot[];
  readonly #wanted: number;
  readonly #answers = new Map<number, (metrics: readonly object[]) => void>();
  #last = 0;

  constructor(options: {
    readonly running: () => readonly WorkerSlot[];
    readonly wanted: number;
  }) {
    this.#running = options.running;
    this.#wanted = options.wanted;
  }

  /** A worker answered. */
  reported(id: number, metrics: readonly object[]): void {
    this.#answers.get(id)?.(metrics);
  }

  /** In the text format of Prometheus. */
  async text(): Promise<string> {
    const running = this.#running();
    const reports = await Promise.all(running.map((slot) => this.#ask(slot)));
    const known = reports.filter((report) => report.length > 0);
    const lines = [
      ...gauge('sve_workers', 'Workers that run', running.length),
      ...gauge('sve_workers_wanted', 'Workers that should run', this.#wanted),
    ];
    const registry = AggregatorRegistry.aggregate(known.map((report) => [...report]));
    return `${await registry.metrics()}${lines.join('\n')}\n`;
  }

  async #ask(slot: WorkerSlot): Promise<readonly object[]> {
    const id = ++this.#last;
    const metrics = await new Promise<readonly object[]>((resolve) => {
      this.#answers.set(id, resolve);
      setTimeout(() => resolve([]), patienceMs).unref();
      slot.tell({ type: 'report', id });
    });
    this.#answers.delete(id);
    return metrics;
  }
}

function gauge(name: string, help: string, value: number): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${value}`];
}
