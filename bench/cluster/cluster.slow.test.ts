/**
 * That a measurement accounts for every keystroke. Method: the command itself, small, on the
 * services of the run.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { describeWithPostgres } from '../../server/testing/describe-postgres.ts';
import { describeWithRedis } from '../../server/testing/describe-redis.ts';

const root = join(import.meta.dirname, '../..');

describeWithPostgres('bench:cluster', (postgresUrl) => {
  describeWithRedis('on two nodes', (redisUrl) => {
    it('tells of every delivery and every acknowledgement, once', async () => {
      const flags = '--nodes 2 --clients 7 --seconds 1 --rate 40 --json'.split(' ');
      const command = ['--import', 'tsx', 'bench/cluster/main.ts', ...flags];
      const env = { ...process.env, DATABASE_URL: postgresUrl, REDIS_URL: redisUrl };
      const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root, env });
      const report = JSON.parse(stdout);
      expect(report).toMatchObject({ nodes: 2, clients: 7, missing: 0, doubled: 0, equal: true });
      const [{ same, other, ack }] = report.phases;
      expect(ack.count).toBeGreaterThan(10);
      expect(same.count + other.count).toBe(6 * ack.count);
      expect(other.p50Ms).toBeGreaterThan(0);
    });

    it('loses and doubles nothing while one node after the other is restarted', async () => {
      const flags = '--nodes 2 --clients 6 --seconds 1 --rate 30 --rolling-restart 240 --json';
      const command = ['--import', 'tsx', 'bench/cluster/main.ts', ...flags.split(' ')];
      const env = { ...process.env, DATABASE_URL: postgresUrl, REDIS_URL: redisUrl };
      const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root, env });
      const report = JSON.parse(stdout);
      expect(report).toMatchObject({ nodes: 2, missing: 0, doubled: 0, equal: true });
      // Everybody had to go at least once.
      expect(report.ended).toBe(6);
      expect(report.rolling.restartSeconds).toHaveLength(2);
      expect(report.rolling.stallMs).toBeGreaterThan(0);
    }, 280_000);
  });
});
