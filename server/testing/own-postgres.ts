/**
 * A PostgreSQL of a test's own, to kill and to start again; for code that must not import the
 * server.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../postgres/embedded-postgres.ts';

export interface OwnPostgres {
  readonly url: string;
  /** Its data directory. */
  readonly cluster: string;
  /** Of all its processes, the postmaster's first; empty when it does not run. */
  pids(): number[];
  /** SIGKILL to all of its processes at once; resolves when they are gone. */
  kill(): Promise<void>;
  /** In order, as an operator does it. */
  stop(): Promise<void>;
  /** On the same data and port. */
  restart(): Promise<void>;
  /** Stops it and removes its data, unless their folder was given. */
  remove(): Promise<void>;
}

export async function startOwnPostgres(
  options: Partial<EmbeddedPostgresOptions> = {},
): Promise<OwnPostgres> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'sve-own-postgres-')));
  const server = await startEmbeddedPostgres({ ...options, dataDir });
  return {
    url: server.url,
    cluster: join(server.folder, 'cluster'),
    pids: () => server.pids(),
    kill: () => server.kill(),
    stop: () => server.stop(),
    restart: () => server.restart(),
    remove: async () => {
      await server.stop();
      if (options.dataDir !== undefined) return;
      await rm(server.folder, { recursive: true });
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
