/**
 * The PostgreSQL that a command works on: the one at DATABASE_URL, else the server's own in the
 * data folder. If a server runs there the command uses its PostgreSQL beside it; if none does, it
 * is started for the command.
 */
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { type Database, openDatabase } from '../database.ts';
import { createLog } from '../log.ts';
import { findRunningPostgres } from '../postgres/running-postgres.ts';

export type CommandDatabase = Pick<Database, 'url' | 'place' | 'stop'>;

/**
 * Rejects with what was tried, what was wrong and what to do. `prepare` asks whether the database
 * is one that the command can work on; it changes nothing.
 */
export async function openCommandDatabase(
  config: Config,
  prepare: (url: string) => Promise<unknown>,
): Promise<CommandDatabase> {
  if (config.databaseUrl !== null) return await openDatabase(config, createLog('error'), prepare);
  const folder = join(resolve(config.dataDir), 'postgres');
  await checkFolder(folder);
  const running = await findRunningPostgres(folder);
  if (running === null) return await openDatabase(config, createLog('error'), prepare);
  await prepare(running.url);
  const place = `${running.folder} (of the server that runs there)`;
  return { url: running.url, place, stop: async () => {} };
}

/** A forgotten address must not create an empty database and call that done. */
async function checkFolder(folder: string): Promise<void> {
  const exists = await access(folder).then(
    () => true,
    () => false,
  );
  if (exists) return;
  throw new Error(
    `there is no database in ${folder}: say where the documents are, ` +
      'with --database-url (DATABASE_URL) or --data-dir (DATA_DIR)',
  );
}
