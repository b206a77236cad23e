/**
 * Bugs that are planted to see whether the torture run finds them: of the parts that the simulator
 * replaces by models. Data, like those of sim/planted.
 */
import type { Planting } from '../../sim/planted/planting.ts';

export interface PlantedServerBug {
  readonly id: string;
  readonly story: string;
  /** What is expected to see it. */
  readonly properties: readonly string[];
  readonly plantings: readonly Planting[];
}

export const plantedServerBugs: readonly PlantedServerBug[] = [
  {
    id: 'publish-before-commit',
    story: 'The rows of an append are taken for committed before the commit is answered.',
    properties: ['S1', 'S2', 'S6', 'S12', 'G4'],
    plantings: [
      {
        file: 'server/postgres/log-statements.ts',
        text: '  const result = await client.query<[string, string, string]>({',
        replacement: `  await client.query('BEGIN');
  const result = await client.query<[string, string, string]>({`,
      },
      {
        file: 'server/postgres/log-statements.ts',
        text: '  return new Map(\n    result.rows.map(([document, lsn, at])',
        replacement: `  client.query('COMMIT').catch(() => {});
  return new Map(\n    result.rows.map(([document, lsn, at])`,
      },
    ],
  },
  {
    id: 'read-then-subscribe',
    story: 'A room reads, its subscription takes effect after that, and nobody reads again.',
    properties: ['L1'],
    plantings: [
      {
        file: 'server/redis-bus.ts',
        text: 'else for (const channel of channels) options.onGap(',
        replacement: 'else for (const channel of channels.slice(0, 0)) options.onGap(',
      },
    ],
  },
];

/** What a server needs to be started from a copy. */
export const serverParts = ['proto', 'engine', 'server', 'client', 'web', 'package.json'] as const;
