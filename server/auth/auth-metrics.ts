/** What is measured of who comes in; a part of metrics.ts. */
import { Counter, type Registry } from 'prom-client';
import { type RefusalReason, refusals } from './verdict.ts';

export class AuthMetrics {
  readonly #refused: Counter<'reason'>;

  constructor(registry: Registry) {
    this.#refused = new Counter({
      name: 'sve_auth_refused_total',
      help: 'Sessions, new tokens and requests that were refused, by reason',
      labelNames: ['reason'],
      registers: [registry],
    });
    // A rate over what is not there yet would miss the first one.
    for (const reason of Object.keys(refusals)) this.#refused.inc({ reason }, 0);
  }

  refused(reason: RefusalReason): void {
    this.#refused.inc({ reason });
  }
}
