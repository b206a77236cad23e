/**
 * A short run on the real thing in which every kind of fault that needs no root occurs: nothing is
 * found, nothing is lost, and nothing is left behind.
 */
import { expect, test } from 'vitest';
import { seed } from '../../properties/seed.ts';
import { describeWithBinaries } from '../../server/testing/describe-postgres.ts';
import { describeWithRedisProgram } from '../../server/testing/describe-redis-program.ts';
import { faultKinds } from './fault-kinds.ts';
import { tableOf } from './report.ts';
import { torture } from './run.ts';

const kinds = faultKinds.filter((kind) => kind !== 'postgres-disk-full');

await describeWithBinaries('a short torture run', () => {
  describeWithRedisProgram('with a Redis of its own', () => {
    test('injects every kind of fault and finds nothing', async () => {
      const said: string[] = [];
      const report = await torture({
        ...{ seed: seed >>> 0, minutes: 2, nodes: 2, clients: 8, documents: 2, kinds },
        pace: { phaseMs: 4_000, faultsPerRound: 20, stretch: 40 },
        planted: null,
        isEnough: (faults) => kinds.every((kind) => faults.has(kind)),
        signal: new AbortController().signal,
        say: (line) => said.push(line),
        onProgress: () => {},
      });
      expect(report.found, said.join('\n')).toBeNull();
      expect({ ...report, table: tableOf(report) }).toMatchObject({ lost: 0, doubled: 0 });
      for (const kind of kinds) expect(report.faults[kind], kind).toBeGreaterThan(0);
      expect(report.operations).toBeGreaterThan(100);
    }, 180_000);
  });
});
