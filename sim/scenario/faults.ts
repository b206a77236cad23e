/**
 * What goes wrong in a run, as plain data.
 *
 * Two kinds. A `Fault` is an event with a time, named victims and everything that it does: one can
 * be taken out of a scenario without touching the others. `FaultRates` are chances that meet each
 * message and each call; which ones they hit is hash(seed, site, n).
 *
 * All of it belongs to the fault phase; when that ends, `calm` rates hold and what is broken heals.
 */

interface Timed {
  /** Virtual time. */
  readonly atMs: number;
}

interface Lasting extends Timed {
  readonly forMs: number;
}

export type Fault =
  /**
   * A connection breaks in the middle: of what is on its way, the share `keep…` (per million) still
   * arrives. A side that does not hear of it has a half-open connection.
   */
  | (Timed & {
      readonly type: 'cut';
      readonly client: string;
      readonly keepUp: number;
      readonly keepDown: number;
      readonly clientHears: boolean;
      readonly serverHears: boolean;
    })
  /** One direction of a client's connection stands still. */
  | (Lasting & {
      readonly type: 'stall';
      readonly client: string;
      readonly direction: 'up' | 'down';
    })
  /** Nothing passes between these clients and these nodes, in one direction or both. */
  | (Lasting & {
      readonly type: 'partition';
      readonly clients: readonly string[];
      readonly nodes: readonly string[];
      readonly direction: 'up' | 'down' | 'both';
    })
  /** A person has no network; the connection falls silent, or breaks if the system notices. */
  | (Lasting & { readonly type: 'offline'; readonly client: string; readonly noticed: boolean })
  /**
   * A tab is closed without a word and opened again, with what its local store kept.
   * `whileWriting`: in the middle of its next write to that store.
   */
  | (Lasting & {
      readonly type: 'tab closed';
      readonly client: string;
      readonly whileWriting: boolean;
      readonly store: 'intact' | 'stale' | 'lost';
    })
  /** A node loses its memory. `whileAppending`: only if an append is in flight then. */
  | (Lasting & {
      readonly type: 'crash';
      readonly node: string;
      readonly whileAppending: boolean;
    })
  /** A node's machine stands still: nothing runs, nothing is lost, timers are late. */
  | (Lasting & { readonly type: 'pause'; readonly node: string })
  /** A node is told to stop, drains, and is started again. */
  | (Lasting & { readonly type: 'drain'; readonly node: string })
  /** One node cannot reach the database. */
  | (Lasting & { readonly type: 'database cut'; readonly node: string })
  /** Nobody reaches the database; what it has begun goes on. */
  | (Lasting & { readonly type: 'database outage' })
  /** The database dies: what is not committed is gone, what is stays. */
  | (Lasting & { readonly type: 'database crash' })
  /** It comes back as a replica that lacks the commits of the last `lagMs`. */
  | (Lasting & { readonly type: 'failover'; readonly lagMs: number })
  /** Somebody else holds the lock of a document's head row. */
  | (Lasting & { readonly type: 'head locked'; readonly document: string })
  /** A node has no bus; it is told when it is back. */
  | (Lasting & { readonly type: 'bus outage'; readonly node: string })
  /** The bus drops a node's connection and what waited on it, as for a reader that is too slow. */
  | (Timed & { readonly type: 'bus kick'; readonly node: string })
  /** The object store fails every call. */
  | (Lasting & { readonly type: 'objects outage' })
  /** A wall clock jumps: the database's (`database`), or that of the client or node so named. */
  | (Timed & { readonly type: 'clock step'; readonly clock: string; readonly byMs: number });

export type FaultType = Fault['type'];

/** All of them. */
export const faultTypes = [
  'cut',
  'stall',
  'partition',
  'offline',
  'tab closed',
  'crash',
  'pause',
  'drain',
  'database cut',
  'database outage',
  'database crash',
  'failover',
  'head locked',
  'bus outage',
  'bus kick',
  'objects outage',
  'clock step',
] as const satisfies readonly FaultType[];

export interface FaultRates {
  /** One-way time of a message, uniform. */
  readonly latencyMinMs: number;
  readonly latencyMaxMs: number;
  /** Messages that take `slowFactor` times as long; those behind them on the stream wait. */
  readonly slowPerMillion: number;
  readonly slowFactor: number;
  /**
   * Appends whose outcome the node does not learn: a third did commit, a third never does, a third
   * will.
   */
  readonly unknownPerMillion: number;
  /** Rows of several replicas that the database refuses, though each part alone would pass. */
  readonly refusePerMillion: number;
  /** Reads of the log that fail. */
  readonly readFailurePerMillion: number;
  /** One way to the database and back, each. */
  readonly logLatencyMaxMs: number;
  /** Bus messages that are lost, and that come twice. */
  readonly busLossPerMillion: number;
  readonly busTwicePerMillion: number;
  readonly busLatencyMaxMs: number;
  /** Calls to the object store that fail; a failed write may have been done all the same. */
  readonly objectFailurePerMillion: number;
  readonly objectLatencyMaxMs: number;
  /** Wall clocks are off by up to this, either way, and run this much too fast or too slow. */
  readonly clockOffsetMaxMs: number;
  readonly clockDriftMaxPpm: number;
}

/** What holds after the fault phase. */
export const calm: FaultRates = {
  latencyMinMs: 1,
  latencyMaxMs: 5,
  slowPerMillion: 0,
  slowFactor: 1,
  unknownPerMillion: 0,
  refusePerMillion: 0,
  readFailurePerMillion: 0,
  logLatencyMaxMs: 3,
  busLossPerMillion: 0,
  busTwicePerMillion: 0,
  busLatencyMaxMs: 5,
  objectFailurePerMillion: 0,
  objectLatencyMaxMs: 5,
  clockOffsetMaxMs: 0,
  clockDriftMaxPpm: 0,
};

/** The rates in force, and how many faults of each kind there were so far. */
export class FaultCount {
  readonly byKind = new Map<string, number>();
  #rates: FaultRates;
  #total = 0;

  constructor(rates: FaultRates) {
    this.#rates = rates;
  }

  get rates(): FaultRates {
    return this.#rates;
  }

  get total(): number {
    return this.#total;
  }

  count(kind: string): void {
    this.#total++;
    this.byKind.set(kind, (this.byKind.get(kind) ?? 0) + 1);
  }

  /** From now on nothing goes wrong any more. */
  end(): void {
    this.#rates = calm;
  }
}
