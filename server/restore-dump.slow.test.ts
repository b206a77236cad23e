/**
 * Goal: a pg_dump that is restored under people who typed on since is a state like any other:
 * everybody is told, nothing diverges, nothing is there twice, and what cannot be kept is handed
 * back. Method: two real nodes, a PostgreSQL of our own with its own pg_dump and pg_restore, the
 * client library, and the steps of docs/operations.md.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, it } from 'vitest';
import { type CommandResult, runCommand } from './commands/commands.ts';
import { describeWithBackups, restoreInPlace } from './testing/backup-programs.ts';
import { type OwnPostgres, startOwnPostgres } from './testing/own-postgres.ts';
import { type Nodes, RestoreStory, startNodes } from './testing/restore-story.ts';
import { execute } from './testing/test-database.ts';

await describeWithBackups('a dump that is restored', (programs) => {
  let postgres: OwnPostgres;
  let folder: string;
  let dump: string;
  let database: string;
  let nodes: Nodes;
  let story: RestoreStory;
  let tests = 0;

  beforeAll(async () => {
    postgres = await startOwnPostgres({ binaries: [programs.server] });
    folder = await mkdtemp(join(tmpdir(), 'sve-dump-'));
  });

  beforeEach(async () => {
    tests++;
    database = `docs${tests}`;
    dump = join(folder, `${database}.dump`);
    await execute(postgres.url, `CREATE DATABASE ${database}`);
    nodes = await startNodes(addressOf(database));
    story = new RestoreStory(nodes.nodes, 'minutes');
    await story.beforeBackup();
    await programs.run('pg_dump', ['--format=custom', `--file=${dump}`, addressOf(database)]);
    await story.afterBackup();
  });

  afterEach(async () => {
    story?.close();
    await nodes?.remove();
  });

  afterAll(async () => {
    await postgres?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  function addressOf(name: string): string {
    const url = new URL(postgres.url);
    url.pathname = name;
    return url.href;
  }

  const restored = (name: string): Promise<CommandResult> =>
    runCommand('restored', ['--database-url', addressOf(name)], {});

  /** Over the tables that are there, in one transaction. */
  const replace = (): Promise<void> => restoreInPlace(programs, { url: addressOf(database), dump });

  it('into a new database, which then takes the name of the old one', async () => {
    await nodes.stop();
    const fresh = `${database}_restored`;
    await execute(postgres.url, `CREATE DATABASE ${fresh}`);
    await programs.run('pg_restore', [
      ...['--single-transaction', '--no-owner', `--dbname=${addressOf(fresh)}`, dump],
    ]);
    await restored(fresh);
    await execute(postgres.url, `ALTER DATABASE ${database} RENAME TO ${database}_before`);
    await execute(postgres.url, `ALTER DATABASE ${fresh} RENAME TO ${database}`);
    await nodes.start();
    await story.afterRestore({ catIsTold: true });
  });

  it('over the tables, under nodes that keep running', async () => {
    await replace();
    await restored(database);
    await story.afterRestore({ catIsTold: true });
  });

  it('over the tables, and `restored` is forgotten', async () => {
    await replace();
    await story.afterRestore({ catIsTold: false });
  });
});
