/**
 * How long a client is asked to wait before it connects again: those of a node that stops would
 * all be at the next one within the same moment. They are spread over as long as that one takes to
 * welcome them.
 */
import type { ErrorCode } from '../../proto/codes.ts';
import { Random } from '../random.ts';

/** About what a hello costs a node. */
const msPerConnection = 1;
/** So few are welcomed before anybody notices. */
const fewConnections = 100;
/** Longer than that nobody waits for a node that stops. */
const spreadMsMax = 10_000;

export class RetryAdvice {
  readonly #random: Random;
  #spreadMs = 0;

  constructor(seed: number) {
    this.#random = new Random(seed, 'retry advice');
  }

  /** The node stops, and so many sockets go elsewhere. */
  spread(connections: number): void {
    if (connections < fewConnections) return;
    this.#spreadMs = Math.min(spreadMsMax, msPerConnection * connections);
  }

  /** For one client; 0 = its own backoff will do. */
  afterMs(code: ErrorCode): number {
    return code === 'draining' && this.#spreadMs > 0 ? this.#random.below(this.#spreadMs) : 0;
  }
}
