/**
 * Whether the properties of real nodes (real-nodes.int.test.ts) see what they are for. Method: a
 * node of which the sources have a bug, and workloads until it is found.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithPostgres } from '../server/testing/describe-postgres.ts';
import { describeWithRedis } from '../server/testing/describe-redis.ts';
import { startNodeCluster } from '../server/testing/node-cluster.ts';
import type { Planting } from '../sim/planted/planting.ts';
import { NodeTrials, type Violation } from './node-trial.ts';
import { workload } from './node-workloads.ts';
import { plantedSources } from './planted-sources.ts';
import { seed } from './seed.ts';

const bugs: readonly {
  readonly property: Violation['property'];
  readonly story: string;
  readonly planting: Planting;
}[] = [
  {
    property: 'G1',
    story: 'an author is sent nothing of a row, though others wrote in it too',
    planting: {
      file: 'engine/sync/delivery.ts',
      text: 'hasSent ? batches.filter((it) => it.replica !== replica) : batches',
      replacement: 'hasSent ? [] : batches',
    },
  },
  {
    property: 'G2',
    story: 'an append is answered when the row is inserted, and its COMMIT follows',
    planting: {
      file: 'server/postgres/log-statements.ts',
      text: "const result = await client.query<[string, string, string]>({\n    name: 'append',",
      replacement: `await client.query('BEGIN');
        setTimeout(() => client.query('COMMIT').catch(() => {}), 50);
        const result = await client.query<[string, string, string]>({\n    name: 'append',`,
    },
  },
  {
    property: 'G3',
    story: 'what the log lacks after an unknown outcome is not appended again',
    planting: {
      file: 'engine/sync/append-pipeline.ts',
      text: 'this.#requeue(missing);',
      replacement: '',
    },
  },
];

const trouble = { moves: 5, commitCuts: 12, otherCuts: 0, kills: 0 };
const workloadsMax = 60;
/** A hang is what some bugs come to. */
const patienceMs = 4_000;
const limitMs = 120_000;

describeWithPostgres('a node with a planted bug', (postgresUrl) => {
  describeWithRedis('is found out', (redisUrl) => {
    it.each(bugs)('$property: $story', { timeout: limitMs }, async ({ property, planting }) => {
      const { folder, remove } = plantedSources(`real-nodes-${property}`, planting);
      const cluster = await startNodeCluster({ postgresUrl, redisUrl, nodes: 1, sources: folder });
      const trials = await NodeTrials.open(cluster, patienceMs);
      try {
        expect(await isFound(trials, property)).toBe(true);
      } finally {
        await trials.close();
        await cluster.close();
        remove();
      }
    });
  });
});

/** Whether one of the workloads breaks the property. */
async function isFound(trials: NodeTrials, property: Violation['property']): Promise<boolean> {
  for (const each of fc.sample(workload(trouble), { seed, numRuns: workloadsMax })) {
    const violations = await trials.run(each);
    if (violations.some((violation) => violation.property === property)) return true;
  }
  return false;
}
