/**
 * What a command about documents works with: the database, its index of snapshots, and the store of
 * their bodies, found as the server finds them; beside a server or without one.
 */
import { mkdir } from 'node:fs/promises';
import type { LogPort } from '../../engine/driver/ports.ts';
import type { Config } from '../config.ts';
import type { OnObjectFailure } from '../folder-objects.ts';
import {
  type ObjectStore,
  openObjectStore,
  placeOf,
  reachObjectStore,
  tellPlace,
} from '../object-store.ts';
import { LogReader } from '../postgres/log-reader.ts';
import { checkSchema } from '../postgres/migrate.ts';
import { ReaderPool, readerLimits } from '../postgres/reader-pool.ts';
import { SnapshotIndex } from '../postgres/snapshot-index.ts';
import { listVersions, type NamedVersion } from '../postgres/version-statements.ts';
import { openCommandDatabase } from './command-database.ts';

/** More than a document can have. */
const versionsMax = 100_000;

/** Nobody waits for a command as for a node. */
const limits = {
  ...readerLimits,
  lockTimeoutMs: 5_000,
  statementTimeoutMs: 60_000,
  answerTimeoutMs: 70_000,
  connectTimeoutMs: 10_000,
};

export interface CommandStores {
  /** Of the database. */
  readonly url: string;
  readonly pool: ReaderPool;
  readonly log: Pick<LogPort, 'read'>;
  readonly index: SnapshotIndex;
  readonly objects: ObjectStore['port'];
  readonly versions: (document: string) => Promise<readonly NamedVersion[]>;
  /** Where they are, for people. */
  readonly places: { readonly database: string; readonly objects: string };
}

/** Opens them, works, and closes them. Rejects with what was wrong and what to do. */
export async function withStores<T>(
  config: Config,
  work: (stores: CommandStores) => Promise<T>,
): Promise<T> {
  const failures: string[] = [];
  const database = await openCommandDatabase(config, checkSchema);
  const pool = new ReaderPool(database.url, limits);
  let objects: ObjectStore | null = null;
  try {
    objects = await openObjects(config, (what, error) =>
      failures.push(`${what}: ${String(error)}`),
    );
    const places = { database: database.place, objects: tellPlace(objects.place) };
    return await work({
      ...{ url: database.url, pool, log: new LogReader(pool), index: new SnapshotIndex(pool) },
      ...{ objects: objects.port, versions: versionsOver(pool), places },
    });
  } catch (error) {
    if (failures.length === 0) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new Error([message, ...failures.slice(0, 3)].join('\n'), { cause: error });
  } finally {
    objects?.close();
    await pool.close();
    await database.stop();
  }
}

/** In a folder, what another process has not finished is not for us to remove. */
async function openObjects(config: Config, onFailure: OnObjectFailure): Promise<ObjectStore> {
  const place = placeOf(config);
  if (place.type === 's3') return await openObjectStore(config, onFailure);
  await mkdir(place.root, { recursive: true });
  return reachObjectStore(place, onFailure);
}

function versionsOver(pool: ReaderPool): CommandStores['versions'] {
  return async (document) =>
    (await pool.with((client) => listVersions(client, document, '', versionsMax))).versions;
}
