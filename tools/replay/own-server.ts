/**
 * What a replay runs against when no server is given: the real server as a process of its own, on a
 * database of its own in a real PostgreSQL (DATABASE_URL, a container, or one started for the
 * occasion). The log is read from that database, past the server.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogRow } from '../../engine/driver/ports.ts';
import { startBackingPostgres } from '../../server/backing/backing-postgres.ts';
import { openPostgresLog, readAll } from '../../server/testing/log-access.ts';
import { startServerProcess } from '../../server/testing/server-process.ts';
import { createTestDatabase } from '../../server/testing/test-database.ts';

export interface OwnServer {
  readonly syncUrl: string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** On the same data and port; resolves when it is ready. */
  restart(): Promise<void>;
  /** All rows of a document, from the database. */
  readLog(documentId: string): Promise<readonly LogRow[]>;
  /** Stops everything and removes the data. */
  stop(): Promise<void>;
}

/** Starts the server, and PostgreSQL unless `env` names one. Rejects with what was wrong. */
export async function startOwnServer(env: NodeJS.ProcessEnv): Promise<OwnServer> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const postgres = await startBackingPostgres(env);
    if (postgres.type === 'none') throw new Error(`there is no PostgreSQL: ${postgres.reason}`);
    undo.push(() => postgres.stop());
    const database = await createTestDatabase(postgres.url, { migrated: false });
    undo.push(() => database.drop());
    const dataDir = await mkdtemp(join(tmpdir(), 'sve-replay-'));
    undo.push(() => rm(dataDir, { recursive: true, force: true }));
    const server = await startServerProcess({ dataDir, databaseUrl: database.url });
    undo.push(() => server.stop());
    return {
      syncUrl: server.syncUrl,
      kill: () => server.kill(),
      restart: () => server.start(),
      readLog: (documentId) => readLog(database.url, documentId),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** All rows of a document in the database at `url`. */
export async function readLog(url: string, documentId: string): Promise<readonly LogRow[]> {
  const log = openPostgresLog({ url });
  try {
    return await readAll(log, documentId);
  } finally {
    await log.close();
  }
}
