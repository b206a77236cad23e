/**
 * Goal: a server that keeps its own PostgreSQL is backed up by a copy of its data folder, and going
 * back to it is told to everybody. Method: the real process as `npm start` runs it, the client
 * library, and the steps of docs/operations.md.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { must } from '../engine/assert.ts';
import { runCommand } from './commands/commands.ts';
import { describeWithBinaries } from './testing/describe-postgres.ts';
import { RestoreStory } from './testing/restore-story.ts';
import { type ServerProcess, startServerProcess } from './testing/server-process.ts';

await describeWithBinaries('a data folder that is put back', () => {
  let parent: string;
  let dataDir: string;
  let server: ServerProcess;
  let story: RestoreStory;

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'sve-folder-'));
    dataDir = join(parent, 'data');
    server = await startServerProcess({ dataDir });
    story = new RestoreStory([server], 'minutes');
  });

  afterAll(async () => {
    story?.close();
    await server?.stop();
    await rm(parent, { recursive: true, force: true });
  });

  it('is a state like any other', async () => {
    await story.beforeBackup();
    // The folder as the launcher tells it: it is not always below the data folder.
    const cluster = must(/ runs in ([^"\s]+)/.exec(server.logs())?.[1], 'it tells its folder');
    const copy = join(parent, 'copy');
    await server.stop();
    await cp(cluster, copy, { recursive: true, preserveTimestamps: true });
    await server.start();
    await story.afterBackup();
    await server.stop();
    await rm(cluster, { recursive: true });
    await cp(copy, cluster, { recursive: true, preserveTimestamps: true });
    const { output } = await runCommand('restored', ['--data-dir', dataDir], {});
    expect(output).toContain('documents  1 with a new epoch');
    await server.start();
    await story.afterRestore({ catIsTold: true });
  });
});
