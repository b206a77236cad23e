/**
 * The PostgreSQL of this node: the one at DATABASE_URL, or one of its own in the data folder.
 *
 * An address that is set must answer; there is no falling back to another database, in which the
 * documents would seem to be gone. One of our own that ends by itself is started again.
 */
import { join, resolve } from 'node:path';
import { mustAnswer, withoutPassword } from './backing/address.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './postgres/embedded-postgres.ts';
import { migrate } from './postgres/migrate.ts';

export interface Database {
  readonly url: string;
  /** Where the data are, for people; without the password. */
  readonly place: string;
  /** To be called when the connection is lost. */
  lost(): void;
  /** Stops it if it is our own. */
  stop(): Promise<void>;
}

/**
 * Rejects with what was tried, what was wrong and what to do. `prepare` gets the database ready, or
 * rejects; a server brings its schema up to date.
 */
export async function openDatabase(
  config: Config,
  log: Log,
  prepare: (url: string) => Promise<unknown> = migrate,
): Promise<Database> {
  if (config.databaseUrl !== null) return await useExternal(config.databaseUrl, prepare);
  const dataDir = join(resolve(config.dataDir), 'postgres');
  const own = await startEmbeddedPostgres({
    dataDir,
    log: (message) => log.info({ event: 'postgres', message }),
  });
  try {
    await prepare(own.url);
  } catch (error) {
    await own.stop();
    throw error;
  }
  return {
    url: own.url,
    place: `${own.folder} (its own ${own.version})`,
    lost: reviver(own, log),
    stop: () => own.stop(),
  };
}

async function useExternal(
  url: string,
  prepare: (url: string) => Promise<unknown>,
): Promise<Database> {
  await mustAnswer({
    variable: 'DATABASE_URL',
    url,
    advice:
      'Check that PostgreSQL runs there and that user, password and database are right, ' +
      'or unset DATABASE_URL: then the server runs a PostgreSQL of its own.',
    reach: prepare,
  });
  return { url, place: withoutPassword(url), lost: () => {}, stop: async () => {} };
}

/** Starts our own PostgreSQL again when it has ended, one attempt at a time. */
function reviver(own: EmbeddedPostgres, log: Log): () => void {
  let reviving = false;
  return () => {
    if (reviving || own.pids().length > 0) return;
    reviving = true;
    log.error({ event: 'postgres-ended' });
    own
      .restart()
      .catch((error: unknown) => log.error({ event: 'postgres-restart-failed', err: error }))
      .finally(() => {
        reviving = false;
      });
  };
}
