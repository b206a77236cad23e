/**
 * The shipped trace on the real server. Method: a server process on a database of its own; once in
 * peace, once with SIGKILLs while edits are in flight.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seed } from '../../properties/seed.ts';
import { describeWithPostgres } from '../../server/testing/describe-postgres.ts';
import { check } from './check.ts';
import { type OwnServer, startOwnServer } from './own-server.ts';
import { passed, tableOf } from './report.ts';
import { readTrace } from './trace.ts';

const path = join(import.meta.dirname, '../../fixtures/traces/synthetic.json.gz');

describeWithPostgres('a replay of the synthetic trace', (serverUrl) => {
  /** Runs `work` with a server that is stopped after it. */
  async function withServer<T>(work: (server: OwnServer) => Promise<T>): Promise<T> {
    const server = await startOwnServer({ DATABASE_URL: serverUrl });
    try {
      return await work(server);
    } finally {
      await server.stop();
    }
  }

  test('ends with one text everywhere, and was typed as concurrently as the trace', async () => {
    const trace = await readTrace(path);
    const options = { kills: 0, seed, say: () => {} };
    const { report, details } = await withServer((server) =>
      check(trace, { ...server, crash: null }, options),
    );
    expect(passed(report, details), tableOf(report, details)).toBe(true);
    expect(report.transactions).toBe(600);
    expect(report.concurrentShare).toBe(0.65);
    expect(details.rows).toBeLessThan(600);
  });

  test('loses and doubles nothing when the server is killed again and again', async () => {
    const trace = await readTrace(path);
    const options = { kills: 5, seed, say: () => {} };
    const { report, details } = await withServer((server) =>
      check(trace, { ...server, crash: server }, options),
    );
    expect(passed(report, details), tableOf(report, details)).toBe(true);
    expect(report.kills).toBe(5);
  });

  test('does without the log of a server that is not its own', async () => {
    const trace = await readTrace(path);
    const options = { kills: 0, seed, say: () => {} };
    const { report, details } = await withServer(({ syncUrl }) =>
      check(trace, { syncUrl, readLog: null, crash: null }, options),
    );
    expect(passed(report, details), tableOf(report, details)).toBe(true);
    expect(details.misplaced).toBeNull();
  });
});
