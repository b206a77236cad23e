/**
 * That documents leave the memory of a node, and rows the memory of a document. Method: the command
 * itself, small, on the services of the run.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { describeWithPostgres } from '../../server/testing/describe-postgres.ts';

const root = join(import.meta.dirname, '../..');

describeWithPostgres('bench:memory', (postgresUrl) => {
  it('sees documents come and go, and no rows once a snapshot covers them', async () => {
    const flags = '--documents 70 --cycles 3 --operations 3000 --json'.split(' ');
    const command = ['--import', 'tsx', 'bench/memory/main.ts', ...flags];
    const env = { ...process.env, DATABASE_URL: postgresUrl };
    const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root, env });
    const { cycles, long, failures } = JSON.parse(stdout);
    expect(failures).toEqual([]);
    for (const { open, left } of cycles) {
      expect(open.documents).toBe(70);
      expect(open.texts).toBeGreaterThan(0);
      expect(left).toMatchObject({ documents: 0, connections: 0 });
    }
    const { worn } = long;
    expect(worn.tombstones).toBeGreaterThan(0);
    expect(worn.recentBefore).toBeGreaterThan(0);
    expect(worn).toMatchObject({ recentAfter: 0, snapshotLsn: worn.rows });
  });
});
