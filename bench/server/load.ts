/**
 * What a server is loaded with, and what is told of it. The same for every product: `measure`
 * (measure.ts) takes a contender and a load.
 */
export interface Load {
  readonly connections: number;
  /** Connections go round them. */
  readonly documents: number;
  /** Of all connections together, at random times: a Poisson process. */
  readonly editsPerSecond: number;
  /** That are measured, after a warm-up. */
  readonly seconds: number;
  /** Every client moves its cursor once a second. */
  readonly presence: boolean;
  /** Of the times and authors. */
  readonly seed: number;
  /** Processes that the clients are in. */
  readonly generators: number;
}

export interface Latencies {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface LoadReport {
  readonly name: string;
  readonly connections: number;
  readonly documents: number;
  readonly editsPerSecond: number;
  readonly presence: boolean;
  /** From when an edit was to be typed to when another client had it. */
  readonly broadcastMs: Latencies;
  /** From when an edit was to be typed to its acknowledgement; null: the product has none. */
  readonly ackMs: Latencies | null;
  /** Deliveries that did not come, and such that came again. */
  readonly missing: number;
  readonly doubled: number;
  /** Edits that were typed and deliveries that were timed, without the warm-up. */
  readonly edits: number;
  readonly deliveries: number;
  /** Processors in use, 1 = one of them all the time; null: not of this machine. */
  readonly serverCpu: number | null;
  readonly postgresCpu: number | null;
  readonly generatorCpu: number;
  readonly rssMb: number | null;
  readonly gcMaxMs: number | null;
  readonly gcTotalMs: number | null;
  readonly loopDelayMaxMs: number | null;
  readonly loopDelayP99Ms: number | null;
  /** Payload and header of the messages that brought edits of others. */
  readonly bytesPerDelivery: number;
  readonly commitsPerSecond: number | null;
  readonly operationsPerCommit: number | null;
  /** From when an edit was to be typed to when it was. */
  readonly generatorLateMsP99: number;
  /** Processor time that the machine's host took away, in processors. */
  readonly stolenCpu: number;
  /** Of the machine, over a minute, at the end. */
  readonly loadAverage: number;
}
