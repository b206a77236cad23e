/**
 * Asks for the past while things go on: the product's playback over the log's pages, from the
 * newest snapshot that helps. Of a time it often has the log close it first, as the product's
 * playback does; else it takes what has come to be. Each question gets an answer or a failure; a
 * closed answer is asked for again later (the checkers compare).
 */

import type { CloseOutcome } from '../../engine/driver/ports.ts';
import { loadSnapshot, type SnapshotSource } from '../../engine/driver/snapshot-loader.ts';
import type { Fold } from '../../engine/sync/fold.ts';
import { type Moment, Playback } from '../../engine/sync/playback.ts';
import type { Observer } from '../checks/observer.ts';
import type { Question } from '../scenario/workload.ts';
import type { NodeLog, SimLog } from '../world/sim-log.ts';
import type { Site, World } from '../world/world.ts';

const lane = 'playback';
const pageBytes = 2_000;
/** Not always: an answer that is not final must not be taken for one either. */
const closingPerMillion = 500_000;

export class PlaybackReader {
  readonly #world: World;
  readonly #log: SimLog;
  readonly #port: NodeLog;
  readonly #closing: Site;
  readonly #snapshots: SnapshotSource;
  readonly #observer: Observer;
  readonly #asked: { readonly document: string; readonly moment: Moment }[] = [];
  #open = 0;

  constructor(parts: {
    readonly world: World;
    readonly log: SimLog;
    readonly snapshots: SnapshotSource;
    readonly observer: Observer;
  }) {
    this.#world = parts.world;
    this.#log = parts.log;
    this.#port = parts.log.connect(lane, () => true);
    this.#closing = parts.world.site(`${lane} closing`);
    this.#snapshots = parts.snapshots;
    this.#observer = parts.observer;
  }

  /** Questions without an answer so far. */
  get open(): number {
    return this.#open;
  }

  ask({ document, of, value }: Question): void {
    const { head, rows } = this.#log.truthOf(document);
    const lsn = Math.min(head, Math.round((value * head) / 1_000_000));
    if (of === 'version') this.#ask(document, { type: 'lsn', lsn });
    else if (of === 'ago') {
      this.#ask(document, { type: 'time', at: this.#log.clock.nowMs - value });
    } else this.#ask(document, { type: 'time', at: rows[lsn - 1]?.at ?? 0 });
  }

  /** Asks again for everything that was asked so far. */
  askAgain(): void {
    for (const { document, moment } of [...this.#asked]) this.#ask(document, moment);
  }

  #ask(document: string, moment: Moment): void {
    this.#open++;
    const id = this.#asked.push({ document, moment });
    const what = moment.type === 'lsn' ? `row ${moment.lsn}` : `time ${moment.at}`;
    this.#world.note(lane, 'asks', `${id} ${document} ${what}`);
    if (moment.type === 'time' && this.#closing.chance(closingPerMillion)) {
      this.#port.closeTime(document, moment.at, (closing) => {
        this.#begin({ id, document, moment, closing });
      });
    } else this.#begin({ id, document, moment, closing: null });
  }

  #begin(asked: {
    readonly id: number;
    readonly document: string;
    readonly moment: Moment;
    readonly closing: CloseOutcome | null;
  }): void {
    const { document, moment } = asked;
    const lostBefore = this.#log.truthOf(document).lost;
    const begin = (from: Fold | null): void => {
      const snapshotLsn = from?.lsn ?? 0;
      const playback = from === null ? new Playback(moment) : new Playback(moment, from);
      this.#read({ ...asked, snapshotLsn, lostBefore, playback });
    };
    loadSnapshot(this.#snapshots, document, moment, (found) =>
      begin(found === null || found === 'failed' ? null : found.fold),
    );
  }

  #read(asked: {
    readonly id: number;
    readonly document: string;
    readonly moment: Moment;
    readonly closing: CloseOutcome | null;
    readonly snapshotLsn: number;
    readonly lostBefore: number;
    readonly playback: Playback;
  }): void {
    const { id, document, playback } = asked;
    this.#port.read(document, playback.afterLsn, pageBytes, (page) => {
      if (page === null || !playback.feed(page)) {
        this.#open--;
        this.#world.note(lane, 'gives up', `${id} ${document}`);
        return;
      }
      const { answer } = playback;
      if (answer === null) {
        this.#read(asked);
        return;
      }
      this.#open--;
      const { lsn, closed, text } = answer;
      const what = `${id} ${document} row ${lsn}${closed ? ' closed' : ''}`;
      this.#world.note(lane, 'answers', what, () => ({ detail: JSON.stringify(text) }));
      const { moment, closing, snapshotLsn, lostBefore } = asked;
      this.#observer.playedBack({ document, moment, closing, snapshotLsn, lostBefore, answer });
    });
  }
}
