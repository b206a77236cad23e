/**
 * Makes snapshots in the background: when a document's log has grown by enough rows, from the
 * newest snapshot and the log (never from a node's memory), into the object store under a key of
 * its own, then the pointer. A stand-in for the product's worker until there is one; what a
 * snapshot is and how it is folded is the product's.
 */
import type { LogPort, ObjectStorePort } from '../../engine/driver/ports.ts';
import { rowFromLog } from '../../engine/sync/durability.ts';
import { Fold } from '../../engine/sync/fold.ts';
import { snapshotOf } from '../../engine/sync/fold-snapshot.ts';
import type { Moment } from '../../engine/sync/playback.ts';
import type { SimLog } from '../world/sim-log.ts';
import type { World } from '../world/world.ts';

/** The pointer to a snapshot's body, as the database keeps it. */
export interface SnapshotPointer {
  readonly epoch: number;
  readonly lsn: number;
  /** Commit time of the row at `lsn`. */
  readonly at: number;
  readonly key: string;
}

/** Pointers of all documents; written after the body is stored. */
export class SnapshotList {
  readonly #pointers = new Map<string, SnapshotPointer[]>();

  add(document: string, pointer: SnapshotPointer): void {
    const known = this.#pointers.get(document) ?? [];
    this.#pointers.set(document, [...known, pointer]);
  }

  /** The newest one that is no later than the moment. */
  newest(document: string, moment: Moment): SnapshotPointer | null {
    const fits = (this.#pointers.get(document) ?? []).filter(({ lsn, at }) =>
      moment.type === 'lsn' ? lsn <= moment.lsn : at <= moment.at,
    );
    return fits.reduce<SnapshotPointer | null>(
      (best, pointer) => (best !== null && best.lsn >= pointer.lsn ? best : pointer),
      null,
    );
  }

  /** Those whose rows are not in the log any more: a failover took them. */
  forgetAfter(document: string, lsn: number): void {
    const kept = (this.#pointers.get(document) ?? []).filter((pointer) => pointer.lsn <= lsn);
    this.#pointers.set(document, kept);
  }
}

const lane = 'objects';
const periodMs = 250;
const pageBytes = 4_000;

export interface SnapshotterParts {
  readonly world: World;
  readonly log: SimLog;
  readonly objects: ObjectStorePort;
  readonly snapshots: SnapshotList;
  readonly documents: readonly string[];
  /** A snapshot is made when so many rows came since the last one. */
  readonly rowsMin: number;
}

export class Snapshotter {
  readonly #parts: SnapshotterParts;
  readonly #port: LogPort;
  #made = 0;
  #stopped = false;

  constructor(parts: SnapshotterParts) {
    this.#parts = parts;
    this.#port = parts.log.connect(lane, () => true);
  }

  start(): void {
    for (const document of this.#parts.documents) this.#later(document);
  }

  stop(): void {
    this.#stopped = true;
  }

  #later(document: string): void {
    this.#parts.world.after(periodMs, () => {
      if (this.#stopped) return;
      this.#look(document);
    });
  }

  #look(document: string): void {
    const { log, snapshots, rowsMin } = this.#parts;
    const { head } = log.truthOf(document);
    const newest = snapshots.newest(document, { type: 'lsn', lsn: head });
    if (head - (newest?.lsn ?? 0) < rowsMin) this.#later(document);
    else this.#build(document, { fold: new Fold(0), lostBefore: log.truthOf(document).lost });
  }

  #build(document: string, build: { readonly fold: Fold; readonly lostBefore: number }): void {
    const { fold, lostBefore } = build;
    this.#port.read(document, fold.lsn, pageBytes, (page) => {
      const { head, rows } = page ?? { head: null, rows: [] };
      // Rows that went with a failover must not lie below those that came after it.
      const isSame = this.#parts.log.truthOf(document).lost === lostBefore;
      if (head === null || !isSame) {
        this.#later(document);
        return;
      }
      fold.epoch = head.epoch;
      for (const row of rows) fold.apply(rowFromLog(head.epoch, row));
      if (fold.lsn < head.lsn) this.#build(document, build);
      else this.#store(document, build);
    });
  }

  #store(
    document: string,
    { fold, lostBefore }: { readonly fold: Fold; readonly lostBefore: number },
  ): void {
    const { world, log, objects, snapshots } = this.#parts;
    const { epoch, lsn, at } = fold;
    this.#made++;
    const key = `${document}/${epoch}/${lsn}-${this.#made}`;
    objects.put(key, snapshotOf(fold, { bindings: true }), (isStored) => {
      if (isStored && log.truthOf(document).lost === lostBefore) {
        world.note(lane, 'points', `${document} row ${lsn}`);
        snapshots.add(document, { epoch, lsn, at, key });
      }
      this.#later(document);
    });
  }
}
