/**
 * G1, G2 and G3 on real infrastructure: two processes of the real server, one PostgreSQL, one
 * Redis, full client sessions on WebSockets. fast-check makes up what people type and what breaks,
 * and shrinks it. REAL_NODES_RUNS: workloads per property (default 18).
 *
 * A failure prints the seed and the path of fast-check: `SEED=… REAL_NODES_PATH=…` with `-t` and
 * the test's name begin there. What network and services do meanwhile is not in the seed.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithPostgres } from '../server/testing/describe-postgres.ts';
import { describeWithRedis } from '../server/testing/describe-redis.ts';
import { type NodeCluster, startNodeCluster } from '../server/testing/node-cluster.ts';
import { NodeTrials } from './node-trial.ts';
import { type Trouble, workload } from './node-workloads.ts';

const numRuns = Number(process.env.REAL_NODES_RUNS ?? 18);
/** Of fast-check: where to begin. */
const path = process.env.REAL_NODES_PATH;
/** After a failure the search for a smaller one ends; ms. */
const shrinkMs = 60_000;
/** Time to hang in, and to shrink. */
const limitMs = 120_000 + shrinkMs + numRuns * 10_000;

const properties: Readonly<Record<string, Trouble>> = {
  'G1: all who edit have the text of the log, wherever they go': {
    ...{ moves: 20, commitCuts: 1, otherCuts: 10, kills: 0 },
  },
  'G2: nobody is told of a row, and no operation is acknowledged, before it is in the log': {
    ...{ moves: 5, commitCuts: 20, otherCuts: 5, kills: 1 },
  },
  'G3: what was typed is there, once, whatever becomes of nodes and connections': {
    ...{ moves: 10, commitCuts: 20, otherCuts: 5, kills: 1 },
  },
};

describeWithPostgres('two real nodes', (postgresUrl) => {
  describeWithRedis('and what people and networks do', (redisUrl) => {
    let cluster: NodeCluster;
    let trials: NodeTrials;

    beforeAll(async () => {
      cluster = await startNodeCluster({ postgresUrl, redisUrl, nodes: 2 });
      trials = await NodeTrials.open(cluster);
    });

    afterAll(async () => {
      await trials?.close();
      await cluster?.close();
    });

    for (const [title, trouble] of Object.entries(properties)) {
      it(title, { timeout: limitMs }, async () => {
        let failedAtMs = Infinity;
        const property = fc.asyncProperty(workload(trouble), async (each) => {
          fc.pre(performance.now() < failedAtMs + shrinkMs);
          const violations = await trials.run(each);
          if (violations.length > 0) failedAtMs = Math.min(failedAtMs, performance.now());
          expect(violations).toEqual([]);
        });
        await fc.assert(property, { numRuns, ...(path === undefined ? {} : { path }) });
      });
    }

    it('and all that was tried', () => {
      const { reached } = trials;
      const { logsLost } = trials;
      process.stdout.write(`real nodes: ${JSON.stringify({ ...reached, logsLost })}\n`);
      expect(reached.units).toBeGreaterThan(20 * reached.trials);
      expect(reached.rows).toBeGreaterThan(2 * reached.trials);
      expect(reached.asked).toBeGreaterThan(10 * reached.trials);
      expect(reached.published).toBeGreaterThan(reached.trials);
      expect(logsLost).toBeGreaterThan(reached.trials / 10);
      expect(reached.kills).toBeGreaterThan(0);
    });
  });
});
