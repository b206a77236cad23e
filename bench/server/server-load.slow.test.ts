/**
 * That a measurement and a soak account for every edit. Method: the commands themselves, small, on
 * the PostgreSQL of the run.
 */
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { describeWithPostgres } from '../../server/testing/describe-postgres.ts';

const root = join(import.meta.dirname, '../..');
/** The first one compiles the server. */
const patienceMs = 180_000;

describeWithPostgres('bench:server', (postgresUrl) => {
  async function run(script: string, flags: string): Promise<ReturnType<typeof JSON.parse>> {
    const command = ['--import', 'tsx', `bench/server/${script}.ts`, ...flags.split(' ')];
    const env = { ...process.env, DATABASE_URL: postgresUrl };
    const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root, env });
    return JSON.parse(stdout);
  }

  it(
    'tells of every delivery and every acknowledgement, once',
    async () => {
      const svg = join(tmpdir(), `sve-bench-${process.pid}.svg`);
      const load =
        '--connections 21 --documents 3 --edits-per-second 60 --seconds 2 --generators 2';
      const report = await run('main', `${load} --presence --json --svg ${svg}`);
      expect(report).toMatchObject({ connections: 21, documents: 3, missing: 0, doubled: 0 });
      expect(report.edits).toBeGreaterThan(60);
      // Each document has seven clients.
      expect(report.deliveries).toBe(6 * report.edits);
      expect(report.broadcastMs.p50).toBeGreaterThan(0);
      expect(report.ackMs.max).toBeGreaterThanOrEqual(report.ackMs.p999);
      expect(report.bytesPerDelivery).toBeGreaterThan(10);
      for (const key of ['serverCpu', 'rssMb', 'commitsPerSecond', 'operationsPerCommit']) {
        expect(report[key]).toBeGreaterThan(0);
      }
      expect(await readFile(svg, 'utf8')).toContain('</svg>');
      await rm(svg);
    },
    patienceMs,
  );

  it(
    'soaks without losing an edit, while clients come and go',
    async () => {
      const flags = '--minutes 0.2 --clients 20 --documents 5 --edits-per-second 80 --json';
      const report = await run('soak', flags).catch((error) => JSON.parse(error.stdout));
      const accounts = { lost: 0, doubled: 0, missing: 0, dropped: [] };
      // So short a time says nothing about memory.
      expect(report).toMatchObject(accounts);
      expect(report.found + report.unsent).toBe(report.typed);
      expect(report.samples).toHaveLength(16);
    },
    patienceMs,
  );
});
