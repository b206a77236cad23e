/** What a measurement asks of its generators, in this order, and what they answer. */
import type { HistogramData } from '../cluster/histogram.ts';

export type Job =
  | ({ readonly type: 'open' } & OpenJob)
  | ({ readonly type: 'load' } & LoadJob)
  | ({ readonly type: 'settle' } & SettleJob);

/** Opens the clients. Answer: a SeatsAnswer when all have joined. */
export interface OpenJob {
  readonly dialect: string;
  readonly baseUrl: string;
  /** In the whole run; connection k edits document k modulo `documents`. */
  readonly connections: number;
  readonly documents: number;
  /** Names of documents begin with it. */
  readonly prefix: string;
  /** This process has every `of`-th connection from `index` on. */
  readonly share: { readonly index: number; readonly of: number };
}

/** Types. Answer: a LoadAnswer at `endMs`. Several loads may follow one another. */
export interface LoadJob {
  /** Of all processes together. */
  readonly editsPerSecond: number;
  readonly seed: number;
  /** Edits that are due before `measuredMs` are not measured. On own-clock.ts. */
  readonly startMs: number;
  readonly measuredMs: number;
  readonly endMs: number;
  readonly presence: boolean;
}

/** Waits until everything has arrived. Answer: a SettleAnswer about the load before. */
export interface SettleJob {
  readonly patienceMs: number;
}

export interface SeatsAnswer {
  readonly seats: number;
}

export interface LoadAnswer {
  /** Processor time of this process while it was measured, in processors. */
  readonly cpu: number;
}

export interface SettleAnswer {
  readonly broadcast: HistogramData;
  readonly ack: HistogramData;
  readonly late: HistogramData;
  /** Since the process began: deliveries that did not come, came again, own edits not acked. */
  readonly missing: number;
  readonly doubled: number;
  readonly unacked: number;
  /** Measured edits of this process. */
  readonly edits: number;
  /** Messages with edits of others while it was measured. */
  readonly deliveryBytes: number;
  readonly deliveries: number;
  /** All bytes of messages while it was measured. */
  readonly receivedBytes: number;
  /** Talkers that failed and sockets that ended; and why, the first ones. */
  readonly ended: number;
  readonly reasons: readonly string[];
}

export type Answer = SeatsAnswer | LoadAnswer | SettleAnswer;
