/**
 * The PostgreSQL that a server runs in its data folder (embedded-postgres.ts), for a program that
 * works beside it: an operator's command. Nothing is started, stopped or changed.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { embeddedUrl } from './embedded-postgres.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { preparePostgresHost } from './postgres-host.ts';
import { findOccupant, readPostmasterFile } from './postmaster-file.ts';

export interface RunningPostgres {
  /** With user and password, for `pg`. */
  readonly url: string;
  /** Where the cluster is. */
  readonly folder: string;
}

/** null: none runs there, or one that nobody is responsible for. */
export async function findRunningPostgres(dataDir: string): Promise<RunningPostgres | null> {
  const [binaries] = await findPostgresBinaries();
  if (binaries === undefined) return null;
  const host = await preparePostgresHost({ dataDir: resolve(dataDir), binaries, log: () => {} });
  const cluster = join(host.folder, 'cluster');
  const occupant = await findOccupant(cluster);
  const file = await readPostmasterFile(cluster);
  if (occupant.type !== 'inUse' || file === null || !file.ready) return null;
  const password = await readFile(join(cluster, 'launcher-password'), 'utf8');
  return { url: embeddedUrl(password, file.port), folder: host.folder };
}
