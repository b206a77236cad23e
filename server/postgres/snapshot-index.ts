/**
 * Which snapshots there are, in PostgreSQL: SnapshotIndexPort (engine/driver/ports.ts), and for
 * whoever removes snapshots, lists of all of them.
 */
import type { SnapshotIndexPort, SnapshotPointer } from '../../engine/driver/ports.ts';
import type { Moment } from '../../engine/sync/playback.ts';
import type { ReaderPool } from './reader-pool.ts';
import {
  addPointer,
  listPointers,
  readNewest,
  readNow,
  readPointed,
  type SnapshotList,
  snapshotStatements,
} from './snapshot-statements.ts';

export class SnapshotIndex implements SnapshotIndexPort {
  readonly #pool: ReaderPool;

  /** The pool stays the caller's. */
  constructor(pool: ReaderPool) {
    this.#pool = pool;
  }

  /** See SnapshotIndexPort. */
  newest(
    document: string,
    moment: Moment,
    max: number,
    done: (pointers: readonly SnapshotPointer[] | null) => void,
  ): void {
    const found = this.#pool.with((client) => readNewest(client, document, moment, max));
    void found.catch(() => null).then(done);
  }

  /** See SnapshotIndexPort. */
  add(
    document: string,
    pointer: SnapshotPointer,
    done: (outcome: 'added' | 'stale' | 'unknown') => void,
  ): void {
    const added = this.#pool.with((client) => addPointer(client, document, pointer));
    void added.catch((): 'unknown' => 'unknown').then(done);
  }

  /** Every pointer of the document; null: it was never written. Rejects if the database is down. */
  list(document: string): Promise<SnapshotList | null> {
    return this.#pool.with((client) => listPointers(client, document));
  }

  /**
   * Takes a pointer away: nobody loads the body any more who has not begun to. One that is absent
   * is no failure. Rejects if the database is down.
   */
  async remove(key: string): Promise<void> {
    await this.#pool.with((client) => client.query(snapshotStatements.remove, [key]));
  }

  /**
   * As `remove`, if rows up to `prunedLsn` are still all that were pruned; false: they are not, and
   * nothing was changed.
   */
  async thin(document: string, key: string, prunedLsn: number): Promise<boolean> {
    const values = [document, prunedLsn, key];
    const { rowCount } = await this.#pool.with((client) =>
      client.query(snapshotStatements.thin, values),
    );
    return rowCount === 1;
  }

  /** Which of these keys have a pointer. Rejects if the database is down. */
  pointed(keys: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#pool.with((client) => readPointed(client, keys));
  }

  /** The database's clock; ms since 1970. Rejects if it is down. */
  now(): Promise<number> {
    return this.#pool.with(readNow);
  }
}
