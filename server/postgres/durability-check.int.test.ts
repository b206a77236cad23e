/**
 * That settings which lose acknowledged edits are found. Method: a server of our own that has them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithBinaries } from '../testing/describe-postgres.ts';
import { execute } from '../testing/test-database.ts';
import type { DurabilityReport } from './durability-check.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { PostgresLog } from './postgres-log.ts';

await describeWithBinaries('checkDurability', () => {
  let dataDir: string;
  let server: EmbeddedPostgres;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sve-durability-'));
    server = await startEmbeddedPostgres({ dataDir });
  });

  afterAll(async () => {
    await server?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** What a log that connects now finds. */
  async function check(): Promise<DurabilityReport> {
    const log = new PostgresLog({ url: server.url });
    try {
      return await log.checkDurability();
    } finally {
      await log.close();
    }
  }

  it('is content with what our launcher sets', async () => {
    expect(await check()).toEqual({
      fsync: true,
      fullPageWrites: true,
      synchronousCommit: 'on',
      ok: true,
      advice: '',
    });
  });

  it('finds synchronous_commit = off where a role or a database has it', async () => {
    await execute(server.url, 'ALTER DATABASE postgres SET synchronous_commit = off');
    const report = await check();
    expect(report).toMatchObject({ fsync: true, synchronousCommit: 'off', ok: false });
    expect(report.advice).toContain('ALTER DATABASE');
    await execute(server.url, 'ALTER DATABASE postgres SET synchronous_commit = local');
    expect(await check()).toMatchObject({ synchronousCommit: 'local', ok: true, advice: '' });
    await execute(server.url, 'ALTER DATABASE postgres RESET synchronous_commit');
  });

  it('finds fsync = off and full_page_writes = off', async () => {
    await server.stop();
    const settings = { fsync: 'off', full_page_writes: 'off' };
    server = await startEmbeddedPostgres({ dataDir, settings });
    const report = await check();
    expect(report).toMatchObject({ fsync: false, fullPageWrites: false, ok: false });
    expect(report.advice).toMatch(/fsync is off.*full_page_writes is off/);
  });

  it('rejects when the database does not answer', async () => {
    await server.stop();
    await expect(check()).rejects.toThrow('ECONNREFUSED');
  });
});
