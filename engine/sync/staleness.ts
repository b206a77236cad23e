/**
 * How stale an edit is: what others committed between its base (the LSN its author had applied) and
 * its row, in operations and milliseconds.
 *
 * A ring remembers commit time and operation count of the last `rowsMax` rows. An older base can
 * only come from a session that resumed with a cursor, and the cursor says both: the session pins
 * it. Older still (edits typed before that cursor): the pinned point is taken, a lower bound.
 */
export interface HistoryPoint {
  readonly lsn: number;
  readonly at: number;
  /** Operations that the rows up to `lsn` applied. */
  readonly operations: number;
}

export class StalenessIndex {
  readonly #rowsMax: number;
  readonly #points: HistoryPoint[] = [];

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax;
  }

  /** Notes a row; LSNs come without holes. */
  note(point: HistoryPoint): void {
    this.#points[point.lsn % this.#rowsMax] = point;
  }

  /** Commit time of the row at `lsn`, ms since 1970; null if it is too long ago. */
  timeOf(lsn: number): number | null {
    const point = this.#points[lsn % this.#rowsMax];
    return point?.lsn === lsn ? point.at : null;
  }

  /**
   * Operations and milliseconds from `base` to the row `now`, without the author's own `own`
   * operations. `pinned`: the cursor with which the author's session began.
   */
  between(
    base: number,
    now: HistoryPoint,
    pinned: HistoryPoint,
    own: number,
  ): { operations: number; ms: number } {
    const noted = this.#points[base % this.#rowsMax];
    const start = base === 0 ? null : noted?.lsn === base ? noted : pinned;
    if (start === null) {
      // Typed against the empty document: everything so far is news to it, and there is no earlier
      // time.
      return { operations: Math.max(0, now.operations - own), ms: 0 };
    }
    return {
      operations: Math.max(0, now.operations - start.operations - own),
      ms: Math.max(0, now.at - start.at),
    };
  }
}
