/**
 * Where a server is measured: on a durable PostgreSQL from the ladder of the tests, with an empty
 * database and an empty folder for each start; or a server that runs already, of which only the
 * outside is known.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { must } from '../../engine/assert.ts';
import { startBackingPostgres } from '../../server/backing/backing-postgres.ts';
import { createTestDatabase } from '../../server/testing/test-database.ts';
import type { Contender, RunningContender } from './contender.ts';
import { postmasterOf } from './processor-time.ts';

export interface Postgres {
  /** Which one it is, for people. */
  readonly rung: string;
  readonly url: string;
  /** Its first process; null: not of this machine. */
  readonly pid: number | null;
  stop(): Promise<void>;
}

export interface Venue {
  readonly running: RunningContender;
  /** Of the server's edits; null: not known. */
  readonly databaseUrl: string | null;
  readonly postgresPid: number | null;
  /** Stops the server and removes what it stored. */
  stop(): Promise<void>;
}

/** One for all servers of a run. Rejects if it is not durable, or if there is none. */
export async function startPostgres(): Promise<Postgres> {
  const postgres = await startBackingPostgres();
  if (postgres.type === 'none') throw new Error(`there is no PostgreSQL: ${postgres.reason}`);
  const stop = (): Promise<void> => postgres.stop();
  try {
    const { pid, unsafe } = await inspect(postgres.url);
    if (unsafe.length > 0) throw new Error(`PostgreSQL is not durable: ${unsafe.join(', ')} off`);
    return { rung: postgres.rung, url: postgres.url, pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts a server on empty storage. */
export async function startVenue(
  contender: Contender,
  postgres: Postgres,
  flags: readonly string[] = [],
): Promise<Venue> {
  const folder = await mkdtemp(join(tmpdir(), 'sve-bench-'));
  const database = await createTestDatabase(postgres.url, { migrated: false });
  const clear = async (): Promise<void> => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const running = await contender.start({ folder, databaseUrl: database.url, flags });
    return {
      running,
      databaseUrl: database.url,
      postgresPid: postgres.pid,
      stop: async () => {
        await running.child?.stop();
        await clear();
      },
    };
  } catch (error) {
    await clear();
    throw error;
  }
}

async function inspect(url: string): Promise<{ pid: number | null; unsafe: string[] }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number } & Record<string, string>>(
      `SELECT pg_backend_pid() AS pid, current_setting('fsync') AS fsync,
         current_setting('full_page_writes') AS full_page_writes,
         current_setting('synchronous_commit') AS synchronous_commit`,
    );
    const { pid, ...settings } = must(rows[0], 'a row');
    const unsafe = Object.entries(settings).filter(([, value]) => value === 'off');
    return { pid: postmasterOf(Number(pid)), unsafe: unsafe.map(([name]) => name) };
  } finally {
    await client.end();
  }
}
