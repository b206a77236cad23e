/** Branded identifiers, so that an LSN cannot be passed where a connection is meant. */

export type Brand<T, B extends string> = T & { readonly __brand: B };

/** Position in one document's log: 1, 2, 3, … without holes; 0 = nothing yet. */
export type Lsn = Brand<number, 'Lsn'>;
/** One WebSocket, never reused within a process. */
export type ConnId = Brand<number, 'ConnId'>;
/** One append to the log, never reused within a process. */
export type AppendId = Brand<number, 'AppendId'>;
/** Name of a document: 1 … 200 characters of [A-Za-z0-9._~-], as in a URL path segment. */
export type DocumentId = Brand<string, 'DocumentId'>;

/** The two clocks: timers use the monotonic one, people are shown the wall clock. */
export interface Instant {
  readonly monoMs: number;
  readonly wallMs: number;
}

/** A place in one document's history, as a client remembers it. */
export interface Cursor {
  /** Random number of the document's present history; 0 = none seen yet. */
  readonly epoch: number;
  readonly lsn: number;
  /** Commit time of the row at `lsn`, milliseconds since 1970; 0 at LSN 0. */
  readonly at: number;
  /** Operations (timestamps) that the rows up to `lsn` applied. */
  readonly operations: number;
}
