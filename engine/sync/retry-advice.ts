/**
 * How long a client is asked to wait before it connects again, each another time: those of a node
 * that stops, or is at a limit, would all be back within the same moment. Who must go elsewhere is
 * spread over as long as the next node takes to welcome all.
 */
import type { ErrorCode } from '../../proto/codes.ts';
import { Random } from '../random.ts';

/** About what a hello costs a node. */
const msPerConnection = 1;
/** So few are welcomed before anybody notices. */
const fewConnections = 100;
/** Longer than that nobody waits for a node that stops. */
const spreadMsMax = 10_000;

/** Who met a limit: long enough for it to be over. */
const limitMsMin = 1_000;
const limitMsMax = 10_000;

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
    if (code === 'overloaded' || code === 'rate-limited') {
      return this.#random.between(limitMsMin, limitMsMax);
    }
    return code === 'draining' && this.#spreadMs > 0 ? this.#random.below(this.#spreadMs) : 0;
  }
}
