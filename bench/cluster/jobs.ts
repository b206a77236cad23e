/** What the bench and its generators say to each other: a line of JSON each. */
import type { HistogramData } from './histogram.ts';

/** Times are of the machine's monotonic clock, which all processes share; ms. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** One keystroke, an operation of its own. */
export interface Key {
  readonly replica: number;
  readonly timestamp: number;
  /** When it was to be typed, which is what delays are measured from. */
  readonly dueMs: number;
  /** Of the author. */
  readonly node: number;
}

/** The argument of the process: opens the clients. Answer: an empty line. */
export interface OpenJob {
  readonly document: string;
  readonly seed: number;
  readonly clients: readonly {
    /** Of its node, then of the others: where it goes when that one sends it away. */
    readonly syncUrls: readonly string[];
    readonly node: number;
    /** With an engine and a text; else only codecs. */
    readonly full: boolean;
    /** Else it only listens. */
    readonly types: boolean;
  }[];
}

/** Types, until SIGUSR2 at the latest. Answer: TypedAnswer. */
export interface TypeJob {
  readonly startMs: number;
  readonly untilMs: number;
  /** Of this generator, at random times: a Poisson process. */
  readonly keysPerSecond: number;
}

export interface TypedAnswer {
  readonly keys: readonly Key[];
}

/** Waits for all keys of all generators at every client. Answer: HeardAnswer. */
export interface HearJob {
  readonly keys: readonly Key[];
  readonly patienceMs: number;
  /** Keys that were due before the first are not measured; the last one has no end. */
  readonly phasesMs: readonly number[];
  readonly windowMs: number;
}

export interface HeardAnswer {
  /** By phase: from due to received, by a client of the author's node and of another one. */
  readonly same: readonly HistogramData[];
  readonly other: readonly HistogramData[];
  /** By phase: from due to acknowledged. */
  readonly acks: readonly HistogramData[];
  /** `same` and `other` again, by window of the due time since the first phase began. */
  readonly sameWindows: readonly HistogramData[];
  readonly otherWindows: readonly HistogramData[];
  /** From due to sent. */
  readonly late: HistogramData;
  /** Keys that a client was not sent, or its own that were not acknowledged. */
  readonly missing: number;
  /** Keys that a client was sent again. */
  readonly doubled: number;
  /** Sockets that ended. */
  readonly ended: number;
  /** Of the full clients. */
  readonly texts: readonly string[];
  /** Share of the time in which the generator's event loop was busy while it typed. */
  readonly busy: number;
}
