/**
 * Goal: PostgreSQL that was recovered to a moment of its past, under nodes and people who saw more
 * of it, is a state like any other: everybody is told, nothing diverges, nothing is there twice,
 * and what cannot be kept is handed back. Method: two real nodes, a PostgreSQL of our own that
 * archives its write-ahead log, pg_basebackup, the client library, and the steps of
 * docs/operations.md.
 */
import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CommandResult, runCommand } from './commands/commands.ts';
import { describeWithBackups } from './testing/backup-programs.ts';
import { type OwnPostgres, startOwnPostgres } from './testing/own-postgres.ts';
import { type Nodes, RestoreStory, startNodes } from './testing/restore-story.ts';

await describeWithBackups('a recovery to a point in time', (programs) => {
  let folder: string;
  let postgres: OwnPostgres;
  let nodes: Nodes;
  let story: RestoreStory;
  /** As PostgreSQL writes it: after all that was durable before, and before all that came later. */
  let moment: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sve-archive-'));
    const archive = join(folder, 'wal');
    // Whoever PostgreSQL runs as must get in.
    await mkdir(archive);
    await promisify(execFile)('chmod', ['a+rwx', folder, archive]);
    postgres = await startOwnPostgres({
      binaries: [programs.server],
      settings: {
        archive_mode: 'on',
        archive_command: `test ! -f ${archive}/%f && cp %p ${archive}/%f`,
        restore_command: `cp ${archive}/%f %p`,
      },
    });
    nodes = await startNodes(postgres.url);
    story = new RestoreStory(nodes.nodes, 'minutes');
    await programs.run('pg_basebackup', [
      ...[`--dbname=${postgres.url}`, `--pgdata=${join(folder, 'base')}`],
      ...['--checkpoint=fast', '--wal-method=none'],
    ]);
    await story.beforeBackup();
    moment = await now(postgres.url);
    await story.afterBackup();
  });

  afterEach(async () => {
    story?.close();
    await nodes?.remove();
    await postgres?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  /** Puts the base backup where the cluster was, and lets PostgreSQL replay its log up to then. */
  async function recover(): Promise<void> {
    const { cluster } = postgres;
    // The last segment is archived by a stop in order.
    await postgres.stop();
    const old = join(folder, 'old');
    await rename(cluster, old).catch(async () => {
      await cp(cluster, old, { recursive: true });
      await rm(cluster, { recursive: true });
    });
    await cp(join(folder, 'base'), cluster, { recursive: true });
    await writeFile(join(cluster, 'recovery.signal'), '');
    await appendFile(
      join(cluster, 'postgresql.auto.conf'),
      `recovery_target_time = '${moment}'\nrecovery_target_action = 'promote'\nhot_standby = off\n`,
    );
    await promisify(execFile)('chown', ['-R', `--reference=${old}`, cluster]);
    await promisify(execFile)('chmod', ['0700', cluster]);
    await postgres.restart();
  }

  const restored = (): Promise<CommandResult> =>
    runCommand('restored', ['--database-url', postgres.url], {});

  it('with the nodes stopped', async () => {
    await nodes.stop();
    await recover();
    expect((await restored()).output).toContain('documents  1 with a new epoch');
    await nodes.start();
    await story.afterRestore({ catIsTold: true });
  });

  it('under nodes that keep running', async () => {
    await recover();
    await restored();
    await story.afterRestore({ catIsTold: true });
  });

  it('under nodes that keep running, and `restored` is forgotten', async () => {
    await recover();
    await story.afterRestore({ catIsTold: false });
  });
});

async function now(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  await client.end();
  return rows[0]?.now ?? '';
}
