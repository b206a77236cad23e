/**
 * The fold of a document at a moment: from the nearest fold that is at hand (a recent one, or a
 * snapshot), and the rows from there on, page by page.
 *
 * A time is closed before it is asked for, so that its answer is final where it can be. Work is
 * bounded by its deadline: what was read until then is kept, and whoever asks again goes on from
 * there. All that goes wrong is a HistoryRefusal.
 */
import type {
  CloseOutcome,
  HistoryPort,
  LogHead,
  LogPage,
  LogPort,
  SnapshotPointer,
} from '../../engine/driver/ports.ts';
import {
  type LoadedSnapshot,
  loadSnapshot,
  type SnapshotSource,
} from '../../engine/driver/snapshot-loader.ts';
import { type DurableRow, rowFromLog } from '../../engine/sync/durability.ts';
import { Fold, type FoldedRow } from '../../engine/sync/fold.ts';
import { type Moment, Playback } from '../../engine/sync/playback.ts';
import { DecodeError } from '../../proto/decode-error.ts';
import type { PastMoment } from './asked-moment.ts';
import type { FoldCache } from './fold-cache.ts';
import { HistoryRefusal } from './history-refusal.ts';

/** One page of rows; some thousand keystrokes. */
const pageBytes = 256 * 1024;

/** Of the first page: often it only shows that the fold is there already. */
const firstPageBytes = 16 * 1024;

/** The log or a snapshot may be changed under a question; more often in a row is no accident. */
const attemptsMax = 3;

export interface FoldSourceParts {
  readonly log: Pick<LogPort, 'read'> & HistoryPort;
  /** null: there are none, and every fold begins with the first row. */
  readonly snapshots: SnapshotSource | null;
  readonly cache: FoldCache;
}

/** Until when one question may be worked on. */
export interface Deadline {
  readonly hasPassed: boolean;
}

export interface PastFold {
  /** Of the caller's own, until it is given back. */
  readonly fold: Fold;
  /** Asked for the same moment, it will never be another one. */
  readonly closed: boolean;
}

/** What is done with each row. */
export interface RowVisitor {
  /** Asked before it is applied. */
  readonly isWanted: (row: DurableRow) => boolean;
  readonly onRow: (row: FoldedRow) => void;
}

export class FoldSource {
  readonly #parts: FoldSourceParts;

  constructor(parts: FoldSourceParts) {
    this.#parts = parts;
  }

  /** Throws HistoryRefusal. Give the fold back when it is not needed any more. */
  async foldAt(document: string, moment: PastMoment, deadline: Deadline): Promise<PastFold> {
    if (moment.type === 'time') await this.closeTime(document, moment.at);
    // A time that no row can have is the present.
    const asked: Moment =
      moment.type === 'now' ? { type: 'time', at: Number.MAX_SAFE_INTEGER } : moment;
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const { fold, isRecent } = await this.#nearest(document, asked);
      const found = await this.#replay({ document, moment: asked, fold, isRecent, deadline });
      if (found !== null) return found;
      this.#parts.cache.forget(document);
    }
    throw new HistoryRefusal('history-changed', 'the history changes just now; ask again');
  }

  /** Takes back a fold that was taken, wherever it has come to. */
  giveBack(document: string, fold: Fold): void {
    this.#parts.cache.give(document, fold);
  }

  /**
   * Makes the answer at this time final if it can be done now. Throws HistoryRefusal if the time or
   * the document is not there.
   */
  async closeTime(document: string, at: number): Promise<void> {
    const { log } = this.#parts;
    const outcome = await new Promise<CloseOutcome>((done) => log.closeTime(document, at, done));
    if (outcome === 'absent') throw unknownDocument(document);
    if (outcome === 'deleted') throw deletedDocument(document);
    if (outcome === 'future') {
      const detail = `${new Date(at).toISOString()} is not in the past of the database's clock`;
      throw new HistoryRefusal('bad-moment', detail);
    }
  }

  /**
   * Applies the next page of rows, until one is not wanted (`isStopped`). Tells the head as of the
   * read. Throws HistoryRefusal if the log does not go on from the fold.
   */
  async applyNext(
    document: string,
    fold: Fold,
    { isWanted, onRow }: RowVisitor,
  ): Promise<{ readonly isStopped: boolean; readonly head: LogHead }> {
    const page = await this.#read(document, fold.lsn, pageBytes);
    const { head } = page;
    if (head === null || (head.epoch !== fold.epoch && fold.lsn > 0) || head.lsn < fold.lsn) {
      throw new HistoryRefusal('history-changed', 'the history is another one now; begin again');
    }
    if ((head.prunedLsn ?? 0) > fold.lsn) throw prunedHistory(document, head.prunedLsn ?? 0);
    fold.epoch = head.epoch;
    for (const next of page.rows) {
      const row = readable(() => rowFromLog(head.epoch, next));
      if (!isWanted(row)) return { isStopped: true, head };
      onRow(fold.apply(row));
    }
    return { isStopped: false, head };
  }

  /** null: of another history than the log, or the log was pruned meanwhile. */
  async #replay(options: {
    readonly document: string;
    readonly moment: Moment;
    readonly fold: Fold;
    readonly isRecent: boolean;
    readonly deadline: Deadline;
  }): Promise<PastFold | null> {
    const { document, moment, fold, isRecent, deadline } = options;
    const playback = new Playback(moment, fold);
    for (let bytesMax = firstPageBytes; ; bytesMax = pageBytes) {
      const page = await this.#read(document, playback.afterLsn, bytesMax);
      if (page.head === null && fold.lsn === 0) throw unknownDocument(document);
      if (!readable(() => playback.feed(page))) {
        const prunedLsn = page.head?.prunedLsn ?? 0;
        if (prunedLsn > fold.lsn && !isRecent) throw prunedHistory(document, prunedLsn);
        return null;
      }
      if (playback.answer !== null) return this.#found(document, moment, playback);
      if (!deadline.hasPassed) continue;
      this.giveBack(document, fold);
      const detail = `took too long, and has come to row ${fold.lsn}; ask again to go on`;
      throw new HistoryRefusal('overloaded', detail);
    }
  }

  #found(document: string, moment: Moment, { fold, answer }: Playback): PastFold {
    if (moment.type === 'lsn' && fold.lsn < moment.lsn) {
      this.giveBack(document, fold);
      const detail = `row ${moment.lsn} has not come yet: the last one is ${fold.lsn}`;
      throw new HistoryRefusal('bad-moment', detail);
    }
    return { fold, closed: answer?.closed === true };
  }

  async #nearest(
    document: string,
    moment: Moment,
  ): Promise<{ readonly fold: Fold; readonly isRecent: boolean }> {
    const { cache, snapshots } = this.#parts;
    const recent = cache.nearest(document, moment);
    if (snapshots !== null && !(await this.#isNewest(document, moment, recent, snapshots))) {
      const loaded = await new Promise<LoadedSnapshot | null | 'failed'>((done) =>
        loadSnapshot(snapshots, document, moment, done),
      );
      if (loaded === 'failed') throw unavailable();
      if (loaded !== null && loaded.fold.lsn > (recent?.lsn ?? 0)) {
        return { fold: loaded.fold, isRecent: false };
      }
    }
    if (recent !== null) return { fold: cache.take(document, recent), isRecent: true };
    return { fold: new Fold(0), isRecent: false };
  }

  /** Whether no snapshot lies between the fold and the moment. */
  async #isNewest(
    document: string,
    moment: Moment,
    fold: Fold | null,
    { index }: SnapshotSource,
  ): Promise<boolean> {
    if (fold === null) return false;
    const pointers = await new Promise<readonly SnapshotPointer[] | null>((done) =>
      index.newest(document, moment, 1, done),
    );
    if (pointers === null) throw unavailable();
    return (pointers[0]?.lsn ?? 0) <= fold.lsn;
  }

  async #read(document: string, afterLsn: number, bytesMax: number): Promise<LogPage> {
    const { log } = this.#parts;
    const page = await new Promise<LogPage | null>((done) =>
      log.read(document, afterLsn, bytesMax, done),
    );
    if (page === null) throw unavailable();
    if (page.head?.state === 'deleted') throw deletedDocument(document);
    return page;
  }
}

/** What `work` returns; bytes that cannot be read are a refusal. */
function readable<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof DecodeError ? unreadableRow(error) : error;
  }
}

function unreadableRow(error: DecodeError): HistoryRefusal {
  const detail = `a row cannot be read by this version: ${error.message}`;
  return new HistoryRefusal('unreadable-log', detail);
}

function unknownDocument(document: string): HistoryRefusal {
  return new HistoryRefusal('unknown-document', `nothing was ever written to ${document}`);
}

function deletedDocument(document: string): HistoryRefusal {
  return new HistoryRefusal('document-deleted', `${document} was deleted, with its history`);
}

function prunedHistory(document: string, prunedLsn: number): HistoryRefusal {
  const detail = `the rows of ${document} up to ${prunedLsn} were removed; ask for a later moment`;
  return new HistoryRefusal('history-pruned', detail);
}

function unavailable(): HistoryRefusal {
  return new HistoryRefusal('unavailable', 'the database did not answer in time; ask again');
}
