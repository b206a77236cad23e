/** Which row of the log a moment came to mean, and how an answer tells it. */
import type { PastFold } from './fold-source.ts';

export interface ResolvedMoment {
  readonly epoch: number;
  /** The last row that belongs to it; 0 = none. */
  readonly lsn: number;
  /** Commit time of that row; 0 at LSN 0. */
  readonly at: number;
  /** Asked for the same moment, it will never be another one. */
  readonly closed: boolean;
}

/** As it is now: the fold will change. */
export function resolvedOf({ fold, closed }: PastFold): ResolvedMoment {
  return { epoch: fold.epoch, lsn: fold.lsn, at: fold.at, closed };
}

/** RFC 3339 in UTC; null at LSN 0. */
export function timeOf({ lsn, at }: { readonly lsn: number; readonly at: number }): string | null {
  return lsn === 0 ? null : new Date(at).toISOString();
}

/** The moment in the body of an answer. */
export function momentBody(moment: ResolvedMoment) {
  const { epoch, lsn, at, closed } = moment;
  return { epoch, lsn, at, time: timeOf(moment), closed };
}
