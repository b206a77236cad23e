/**
 * A PostgreSQL of a test's own, to kill and to start again; for code that must not import the
 * server.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../postgres/embedded-postgres.ts';

export interface OwnPostgresOptions {
  /** Folder for its data, which is kept; absent: one of its own. */
  readonly dataDir?: string;
  /** Over the launcher's. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface OwnPostgres {
  readonly url: string;
  /** Of all its processes, the postmaster's first; empty when it does not run. */
  pids(): number[];
  /** SIGKILL to all of its processes at once; resolves when they are gone. */
  kill(): Promise<void>;
  /** On the same data and port. */
  restart(): Promise<void>;
  /** Stops it and removes its data, unless their folder was given. */
  remove(): Promise<void>;
}

export async function startOwnPostgres(options: OwnPostgresOptions = {}): Promise<OwnPostgres> {
  const { settings = {} } = options;
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'sve-own-postgres-')));
  const server = await startEmbeddedPostgres({ dataDir, settings });
  return {
    url: server.url,
    pids: () => server.pids(),
    kill: () => server.kill(),
    restart: () => server.restart(),
    remove: async () => {
      await server.stop();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true });
    },
  };
}
