/** What was refused, held back or given up because of a limit (docs/operations.md, Limits). */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { LogEvent } from '../engine/driver/gateway-driver.ts';

/** Why a socket was not opened, or what a session or socket was ended for: the closed list. */
const refusalReasons = [
  ...(['connections', 'address-connections', 'address-connects', 'address-sockets'] as const),
  ...(['memory', 'origin', 'rate-limited', 'hello-timeout', 'too-large'] as const),
  ...(['window-exceeded', 'document-full', 'overloaded'] as const),
];
export type RefusalReason = (typeof refusalReasons)[number];

const endings: ReadonlySet<string> = new Set([
  'session-ended',
  'frame-refused',
  'connection-closed',
]);

export class LimitMetrics {
  readonly #refused: Counter<'reason'>;
  readonly #paused: Gauge;
  readonly #shed: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#refused = new Counter({
      name: 'sve_refused_total',
      help: 'What was refused or ended because of a limit, by reason',
      labelNames: ['reason'],
      registers,
    });
    for (const reason of refusalReasons) this.#refused.inc({ reason }, 0);
    this.#paused = new Gauge({
      name: 'sve_paused_connections',
      help: 'WebSockets that are not read for now: they sent too much, or the log is behind',
      registers,
    });
    this.#shed = new Counter({
      name: 'sve_shed_total',
      help: 'WebSockets closed because memory was short',
      registers,
    });
  }

  refused(reason: RefusalReason): void {
    this.#refused.inc({ reason });
  }

  /** +1: a socket is not read any more, -1: it is again. */
  paused(change: 1 | -1): void {
    this.#paused.inc(change);
  }

  shed(count: number): void {
    this.#shed.inc(count);
  }

  /** Counts what the core says that it ended for a limit. */
  logged({ event, code }: LogEvent): void {
    const reason = refusalReasons.find((known) => known === code);
    if (reason !== undefined && endings.has(event)) this.refused(reason);
  }
}
