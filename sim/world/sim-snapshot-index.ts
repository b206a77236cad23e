/**
 * Pointers to snapshots, in the database beside the log (sim-log.ts) and with its faults. Told are
 * those alone whose row the log has; the others stay, as a failover may have kept them.
 */
import type { SnapshotIndexPort, SnapshotPointer } from '../../engine/driver/ports.ts';
import type { Moment } from '../../engine/sync/playback.ts';
import type { SimLog } from './sim-log.ts';
import type { World } from './world.ts';

export class SimSnapshotIndex {
  readonly #world: World;
  readonly #log: SimLog;
  readonly #pointers = new Map<string, SnapshotPointer[]>();

  constructor(world: World, log: SimLog) {
    this.#world = world;
    this.#log = log;
  }

  /** The port of one process on the machine `lane`. */
  connect(lane: string, isAlive: () => boolean): SnapshotIndexPort {
    return {
      newest: (document, moment, max, done) => {
        const look = (): SnapshotPointer[] => this.#newest(document, moment).slice(0, max);
        this.#log.ask(lane, look, (pointers) => {
          if (!isAlive()) return;
          const found = pointers?.map(({ lsn }) => lsn).join(' ');
          this.#world.note(lane, 'snapshots told', `${document}: ${found ?? 'failed'}`);
          done(pointers);
        });
      },
      add: (document, pointer, done) => {
        this.#world.note(lane, 'points', `${document} row ${pointer.lsn}`);
        const add = (): 'added' | 'stale' => this.#add(document, pointer);
        this.#log.ask(lane, add, (outcome) => {
          if (!isAlive()) return;
          const told = outcome ?? 'unknown';
          this.#world.note(lane, 'point settled', `${document} row ${pointer.lsn}: ${told}`);
          done(told);
        });
      },
    };
  }

  /** LSN of the newest snapshot, for the checkers; 0 = there is none. */
  newestLsn(document: string): number {
    const moment = { type: 'lsn', lsn: Number.MAX_SAFE_INTEGER } as const;
    return this.#newest(document, moment)[0]?.lsn ?? 0;
  }

  #newest(document: string, moment: Moment): SnapshotPointer[] {
    const fits = (this.#pointers.get(document) ?? []).filter(
      (pointer) =>
        this.#isOfThisLog(document, pointer) &&
        (moment.type === 'lsn' ? pointer.lsn <= moment.lsn : pointer.at <= moment.at),
    );
    return fits.sort((a, b) => b.lsn - a.lsn);
  }

  /** An operator gives the document another epoch, to which the pointers that count follow. */
  renew(document: string): number {
    const pointers = this.#pointers.get(document) ?? [];
    const counting = pointers.filter((pointer) => this.#isOfThisLog(document, pointer));
    const epoch = this.#log.renew(document);
    const followed = counting.map((pointer) => ({ ...pointer, epoch }));
    this.#pointers.set(document, followed);
    return epoch;
  }

  #add(document: string, pointer: SnapshotPointer): 'added' | 'stale' {
    const known = this.#pointers.get(document) ?? [];
    if (known.some(({ key }) => key === pointer.key)) return 'added';
    const prunedLsn = this.#log.headOf(document)?.prunedLsn ?? 0;
    if (pointer.lsn <= prunedLsn || !this.#isOfThisLog(document, pointer)) return 'stale';
    this.#pointers.set(document, [...known, pointer]);
    return 'added';
  }

  #isOfThisLog(document: string, { epoch, lsn, at }: SnapshotPointer): boolean {
    const head = this.#log.headOf(document);
    const row = this.#log.truthOf(document).rows[lsn - 1];
    return head?.state === 'live' && head.epoch === epoch && row?.at === at;
  }
}
