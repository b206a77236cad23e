/**
 * Named versions of documents: a name is given once, and stays where it was put until it is taken
 * away.
 *
 * After a backup was restored a name may stand for a row that the log does not have any more; it is
 * listed and can be taken away, but nothing is found under it.
 */
import { type ClientBase, DatabaseError } from 'pg';
import type { ReaderPool } from '../postgres/reader-pool.ts';
import {
  addVersion,
  type FoundVersions,
  findVersion,
  listVersions,
  type NamedVersion,
  removeVersion,
} from '../postgres/version-statements.ts';
import { HistoryRefusal } from './history-refusal.ts';

/** Of one document; somebody who names every minute of a month. */
const versionsMax = 50_000;

export type NewVersion = Pick<NamedVersion, 'name' | 'lsn' | 'at' | 'createdBy'>;

export class Versions {
  readonly #pool: ReaderPool;
  readonly #versionsMax: number;

  /** The pool stays the caller's. */
  constructor(pool: ReaderPool, { max = versionsMax }: { readonly max?: number } = {}) {
    this.#pool = pool;
    this.#versionsMax = max;
  }

  /**
   * Names a row of the present history. `isNew` false: it had this name already. Throws
   * HistoryRefusal.
   */
  async put(
    document: string,
    version: NewVersion,
  ): Promise<{ readonly version: NamedVersion; readonly isNew: boolean }> {
    const { name, lsn, at } = version;
    const { isNew, areMany, all } = await this.#ask(async (client) => ({
      ...(await addVersion(client, document, version, this.#versionsMax)),
      all: await findVersion(client, document, name),
    }));
    const [found] = versionsIn(document, all);
    if (found !== undefined) {
      if (found.lsn === lsn && found.at === at) return { version: found, isNew };
      const advice = 'remove it first, or take another name';
      const detail = `${JSON.stringify(name)} is row ${found.lsn}; ${advice}`;
      throw new HistoryRefusal('version-exists', detail);
    }
    if (areMany) {
      const detail = `${document} has ${this.#versionsMax} versions; remove some first`;
      throw new HistoryRefusal('too-large', detail);
    }
    throw new HistoryRefusal('history-changed', 'the history changed just now; ask again');
  }

  /** null: there is none of the name. Throws HistoryRefusal. */
  async find(document: string, name: string): Promise<NamedVersion | null> {
    // PostgreSQL has no text with it.
    if (name.includes('\0')) return null;
    const found = await this.#ask((client) => findVersion(client, document, name));
    return versionsIn(document, found)[0] ?? null;
  }

  /** The row that the name stands for; null: none of the present history. Throws HistoryRefusal. */
  async lsnOf(document: string, name: string): Promise<number | null> {
    const found = await this.find(document, name);
    return found?.isOfThisLog === true ? found.lsn : null;
  }

  /** Those whose names come after `afterName` ('' = all), by name. Throws HistoryRefusal. */
  async list(document: string, afterName: string, max: number): Promise<readonly NamedVersion[]> {
    const found = await this.#ask((client) => listVersions(client, document, afterName, max));
    return versionsIn(document, found);
  }

  /** Whether there was one of the name. Throws HistoryRefusal. */
  remove(document: string, name: string): Promise<boolean> {
    return this.#ask((client) => removeVersion(client, document, name));
  }

  async #ask<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    try {
      return await this.#pool.with(work);
    } catch (error) {
      if (isOfOurs(error)) throw error;
      throw unavailable();
    }
  }
}

function versionsIn(document: string, { state, versions }: FoundVersions): readonly NamedVersion[] {
  switch (state) {
    case 'live':
      return versions;
    case 'deleted':
      throw new HistoryRefusal('document-deleted', `${document} was deleted, with its versions`);
    case 'absent':
      throw new HistoryRefusal('unknown-document', `nothing was ever written to ${document}`);
  }
}

/** What the database says of a wrong statement or wrong data, and not of its own state. */
function isOfOurs(error: unknown): boolean {
  return error instanceof DatabaseError && /^(22|23|42)/.test(error.code ?? '');
}

function unavailable(): HistoryRefusal {
  return new HistoryRefusal('unavailable', 'the database did not answer in time; ask again');
}
