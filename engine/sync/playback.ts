/**
 * The document as it was: which prefix of the log a moment means, and the text that it makes.
 *
 * A moment is an LSN or a time. A time T means all rows with `at` ≤ T, ties included; times never
 * fall along the log, so that is a prefix. The answer is final once the head has passed T: until
 * then a row with `at` = T may still come. Pages of the log go in, in order, until the answer is
 * there; a snapshot at or below the moment saves the rows up to it. Its last row is read again:
 * after a restore or a failover the log may have another one there.
 */
import { assert } from '../assert.ts';
import type { LogPage, LogRow } from '../driver/ports.ts';
import { rowFromLog } from './durability.ts';
import { Fold } from './fold.ts';

export type Moment =
  | { readonly type: 'lsn'; readonly lsn: number }
  /** Milliseconds since 1970, as the log's rows count. */
  | { readonly type: 'time'; readonly at: number };

export interface PastDocument {
  /** The last row that belongs to it; 0 = none. */
  readonly lsn: number;
  /** Commit time of that row; 0 at LSN 0. */
  readonly at: number;
  readonly epoch: number;
  readonly text: string;
  /** The answer to this question will never be another one. */
  readonly closed: boolean;
}

export class Playback {
  readonly #moment: Moment;
  readonly #fold: Fold;
  /** The fold's last row is the log's. */
  #isOfThisLog: boolean;
  #answer: PastDocument | null = null;

  /** `from`: the fold of a snapshot at or below the moment; it is taken over and changed. */
  constructor(moment: Moment, from: Fold = new Fold(0)) {
    this.#moment = moment;
    this.#fold = from;
    this.#isOfThisLog = from.lsn === 0;
  }

  /** Where to read on: rows after this LSN. */
  get afterLsn(): number {
    return this.#isOfThisLog ? this.#fold.lsn : this.#fold.lsn - 1;
  }

  /** What was fed so far, changed by the next page. */
  get fold(): Fold {
    return this.#fold;
  }

  /** null: more pages are needed. */
  get answer(): PastDocument | null {
    return this.#answer;
  }

  /**
   * The next page: rows after `afterLsn`. Throws DecodeError on rows that cannot be read. False: it
   * is of another history than what came before, ends before it, or what comes next was pruned.
   */
  feed(page: LogPage): boolean {
    assert(this.#answer === null, 'the answer is there');
    const fold = this.#fold;
    const { head } = page;
    if (head === null) {
      if (fold.lsn > 0) return false;
      this.#conclude({ closed: false });
      return true;
    }
    if (fold.epoch !== 0 && fold.epoch !== head.epoch) return false;
    if (head.lsn < fold.lsn || (head.prunedLsn ?? 0) > fold.lsn) return false;
    fold.epoch = head.epoch;
    const rows = this.#isOfThisLog ? page.rows : this.#afterTheFolds(page.rows);
    if (rows === null) return false;
    this.#isOfThisLog = true;
    for (const row of rows) {
      if (!this.#isIncluded(row)) {
        this.#conclude({ closed: true });
        return true;
      }
      fold.apply(rowFromLog(head.epoch, row));
    }
    const isReached = this.#moment.type === 'lsn' && fold.lsn === this.#moment.lsn;
    if (isReached || fold.lsn === head.lsn) {
      const isPast = this.#moment.type === 'time' && head.at > this.#moment.at;
      this.#conclude({ closed: isReached || isPast });
    }
    return true;
  }

  /** The rows after the fold's last one; null if the log has another one in its place. */
  #afterTheFolds(rows: readonly LogRow[]): readonly LogRow[] | null {
    const { lsn, at } = this.#fold;
    const [last, ...rest] = rows;
    // Absent: pruned up to there, by somebody who has kept a snapshot of it.
    if (last === undefined) return rows;
    return last.lsn === lsn && last.at === at ? rest : null;
  }

  #isIncluded({ lsn, at }: { readonly lsn: number; readonly at: number }): boolean {
    return this.#moment.type === 'lsn' ? lsn <= this.#moment.lsn : at <= this.#moment.at;
  }

  #conclude({ closed }: { readonly closed: boolean }): void {
    const { lsn, at, epoch, sequence } = this.#fold;
    this.#answer = { lsn, at, epoch, text: sequence.text, closed };
  }
}
