/**
 * The rows after one moment up to another, folded page by page. The end of a range of time is where
 * a later row stands; it is closed before the first row is read, as far as that can be done.
 */
import type { Fold } from '../../engine/sync/fold.ts';
import type { PastMoment } from './asked-moment.ts';
import type { RowVisitor } from './fold-source.ts';
import type { JobTools } from './history-job.ts';
import { HistoryRefusal } from './history-refusal.ts';
import { type ResolvedMoment, resolvedOf } from './resolved-moment.ts';

export interface RangeOptions {
  readonly document: string;
  /** Rows after this moment … */
  readonly from: PastMoment;
  /** … up to and with this one. */
  readonly to: PastMoment;
  /** Of the range as it was begun; null = it begins here. */
  readonly epoch: number | null;
}

export class RowRange {
  readonly start: ResolvedMoment;
  readonly #options: RangeOptions;
  readonly #tools: JobTools;
  readonly #fold: Fold;
  #isDone = false;
  #isClosed = false;

  /** See `open`. */
  constructor(options: RangeOptions, tools: JobTools, fold: Fold, start: ResolvedMoment) {
    this.#options = options;
    this.#tools = tools;
    this.#fold = fold;
    this.start = start;
  }

  /** Throws HistoryRefusal. `close` it when it is not needed any more. */
  static async open(options: RangeOptions, tools: JobTools): Promise<RowRange> {
    const { document, from, to, epoch } = options;
    if (to.type === 'time') await tools.source.closeTime(document, to.at);
    const past = await tools.source.foldAt(document, from, tools.deadline);
    const start = resolvedOf(past);
    const range = new RowRange(options, tools, past.fold, start);
    if (epoch !== null && epoch !== start.epoch) {
      range.close();
      throw new HistoryRefusal('history-changed', 'the history is another one now; begin again');
    }
    if (to.type === 'lsn' ? to.lsn < start.lsn : to.type === 'time' && to.at < start.at) {
      range.close();
      throw new HistoryRefusal('bad-moment', '`to` is before `from`; exchange them');
    }
    return range;
  }

  /** What the rows so far made. */
  get fold(): Fold {
    return this.#fold;
  }

  /** The last row was read. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Where the rows so far have come to. */
  get end(): ResolvedMoment {
    return resolvedOf({ fold: this.#fold, closed: this.#isClosed });
  }

  /**
   * The next page, up to a row that is not wanted. None are left when `isDone`. Throws
   * HistoryRefusal.
   */
  async next({ isWanted, onRow }: RowVisitor): Promise<void> {
    const { document, to } = this.#options;
    const fold = this.#fold;
    const { head, isStopped } = await this.#tools.source.applyNext(document, fold, {
      isWanted: (row) => {
        if (to.type === 'lsn') this.#isDone = row.lsn > to.lsn;
        if (to.type === 'time') this.#isDone = row.at > to.at;
        return !this.#isDone && isWanted(row);
      },
      onRow,
    });
    if (!isStopped && fold.lsn >= head.lsn) this.#isDone = true;
    if (to.type === 'time') this.#isClosed = head.at > to.at;
    if (to.type === 'lsn') this.#isClosed = head.lsn >= to.lsn;
    if (to.type === 'lsn' && head.lsn < to.lsn) {
      this.close();
      const detail = `row ${to.lsn} has not come yet: the last one is ${head.lsn}`;
      throw new HistoryRefusal('bad-moment', detail);
    }
  }

  /** Gives the fold back, for whoever goes on from here. */
  close(): void {
    this.#tools.source.giveBack(this.#options.document, this.#fold);
  }
}
