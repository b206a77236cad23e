/**
 * The past: an answer is the naive fold of the log's prefix (P1), the prefix of a time takes in
 * every row of that time (P2), a closed answer never changes (P3), a snapshot and a tail make the
 * same as all rows (P4), and no row is older than what its author had seen (P5).
 */

import type { BadSnapshot } from '../../engine/driver/snapshot-loader.ts';
import type { PastDocument } from '../../engine/sync/playback.ts';
import { ReferenceDocument } from '../../engine/text/reference.ts';
import type { Coverage } from './coverage.ts';
import type { CommittedRow, LogTruth } from './log-truth.ts';
import type { PlayedBack } from './observer.ts';

export class PlaybackCheck {
  readonly #coverage: Coverage;
  readonly #truthOf: (document: string) => LogTruth;
  readonly #closed = new Map<string, PastDocument>();
  readonly #naive = new Map<string, string>();
  /** The naive document as it was folded last, to go on from. */
  readonly #folded = new Map<string, { readonly lsn: number; readonly lost: number }>();
  readonly #references = new Map<string, ReferenceDocument>();

  constructor(coverage: Coverage, truthOf: (document: string) => LogTruth) {
    this.#coverage = coverage;
    this.#truthOf = truthOf;
  }

  playedBack({ document, moment, closing, snapshotLsn, lostBefore, answer }: PlayedBack): void {
    const coverage: Coverage = this.#coverage;
    const truth = this.#truthOf(document);
    if (truth.lost > lostBefore) return; // The log changed under it.
    const what = `${document} at ${moment.type} ${moment.type === 'lsn' ? moment.lsn : moment.at}`;
    const naive = this.#naiveText(document, answer.lsn, truth);
    const texts = (): string =>
      `${what}: ${JSON.stringify(answer.text)} ≠ ${JSON.stringify(naive)}`;
    coverage.always('P1', answer.text === naive, texts, 'playback');
    if (snapshotLsn > 0) {
      coverage.always('P4', answer.text === naive, texts, 'playback');
      coverage.occurred('playback from a snapshot and a tail');
    }
    if (moment.type === 'time') this.#prefix(what, { at: moment.at, answer, truth });
    else if (truth.lost === 0) {
      const isAsked = answer.lsn === moment.lsn;
      coverage.always('P1', isAsked, () => `${what} is row ${answer.lsn}`, 'playback');
    }
    if (truth.lost > 0) return;
    if (closing === 'closed') {
      const open = (): string => `${what} was closed, and the answer is open`;
      coverage.always('P3', answer.closed, open, 'playback');
      coverage.occurred('playback of a time that was closed for it');
    }
    if (!answer.closed) return;
    const before = this.#closed.get(what);
    this.#closed.set(what, answer);
    if (before === undefined) return;
    coverage.occurred('playback of a closed time, asked again');
    const isSame = before.lsn === answer.lsn && before.text === answer.text;
    const changed = (): string => `${what} was row ${before.lsn}, and is ${answer.lsn}`;
    coverage.always('P3', isSame, changed, 'playback');
  }

  /** A pointer promises a body: whoever follows it finds it whole, unless the store is away. */
  badSnapshot(lane: string, { document, pointer, reason, detail }: BadSnapshot): void {
    const bad = (): string => `snapshot of ${document} at row ${pointer.lsn}: ${reason}, ${detail}`;
    this.#coverage.always('P4', reason === 'unreachable', bad, lane);
    this.#coverage.occurred('a snapshot that cannot be reached');
  }

  /** A row was committed. */
  committed(row: CommittedRow, truth: LogTruth): void {
    if (truth.lost > 0) return; // Bases may mean rows that are gone.
    for (const { base, replica } of row.batches) {
      const seen = truth.rows[base - 1];
      const isThere = base === 0 || (base < row.lsn && seen !== undefined);
      const ahead = (): string => `row ${row.lsn}: replica ${replica} had seen row ${base}`;
      this.#coverage.always('P5', isThere, ahead, row.node);
      const isLater = (seen?.at ?? 0) <= row.at;
      const older = (): string => `row ${row.lsn} is older than row ${base}, which it follows`;
      this.#coverage.always('P5', isLater, older, row.node);
    }
  }

  #prefix(
    what: string,
    asked: { readonly at: number; readonly answer: PastDocument; readonly truth: LogTruth },
  ): void {
    const { at, answer, truth } = asked;
    if (truth.rows.some((row) => row.at === at)) {
      this.#coverage.occurred('playback at the very time of a row');
    }
    const last = truth.rows[answer.lsn - 1];
    const next = truth.rows[answer.lsn];
    // An open answer may be short of rows that were committed since.
    const isPrefix =
      (last?.at ?? 0) <= at && (!answer.closed || next === undefined || next.at > at);
    const wrong = (): string => `${what} ends with row ${answer.lsn}, of ${last?.at ?? 0}`;
    this.#coverage.always('P2', isPrefix, wrong, 'playback');
  }

  #naiveText(document: string, lsn: number, truth: LogTruth): string {
    const key = `${document} ${lsn} ${truth.lost}`;
    const known = this.#naive.get(key);
    if (known !== undefined) return known;
    const folded = this.#folded.get(document);
    const goesOn = folded !== undefined && folded.lsn <= lsn && folded.lost === truth.lost;
    const reference = (goesOn && this.#references.get(document)) || new ReferenceDocument();
    for (const batch of truth.batchesBetween(goesOn ? folded.lsn : 0, lsn)) {
      reference.integrate(batch);
    }
    this.#folded.set(document, { lsn, lost: truth.lost });
    this.#references.set(document, reference);
    this.#naive.set(key, reference.text);
    return reference.text;
  }
}
