/**
 * A PostgreSQL of a test's own, to kill and to start again; for code that must not import the
 * server.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../postgres/embedded-postgres.ts';

export interface OwnPostgres {
  readonly url: string;
  /** SIGKILL to all of its processes at once; resolves when they are gone. */
  kill(): Promise<void>;
  /** On the same data and port. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

export async function startOwnPostgres(): Promise<OwnPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sve-own-postgres-'));
  const server = await startEmbeddedPostgres({ dataDir });
  return {
    url: server.url,
    kill: () => server.kill(),
    restart: () => server.restart(),
    remove: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}
