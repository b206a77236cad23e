/** What a connection takes that has joined a document and says nothing. */
import { setTimeout as later } from 'node:timers/promises';
import { must } from '../../../engine/assert.ts';
import { ServerLoad } from '../../server/measure.ts';
import type { Line } from './line.ts';

const settleMs = 2_000;

export function idleLine(options: {
  readonly connections: number;
  readonly documents: number;
  readonly generators: number;
}): Line {
  const { connections, documents } = options;
  return {
    name: 'idle',
    title: `${connections} idle clients of ${documents} documents, after garbage collection`,
    metrics: [
      { key: 'heap', label: 'heap and buffers per connection, KB', better: 'less' },
      { key: 'resident', label: 'resident per connection, KB', better: 'less' },
    ],
    measure: async ({ entrant: { dialect }, venue, generatorScript }) => {
      const child = must(venue.running.child, 'a server of this machine');
      const before = await child.ask('collect');
      const load = await ServerLoad.open({ dialect, generatorScript, venue }, options);
      try {
        await later(settleMs);
        const after = await child.ask('collect');
        const each = (bytes: number): number => Number((bytes / connections / 1_024).toFixed(1));
        const { heapUsedBytes, externalBytes } = before;
        return {
          heap: each(after.heapUsedBytes - heapUsedBytes + after.externalBytes - externalBytes),
          resident: each(after.rssBytes - before.rssBytes),
        };
      } finally {
        load.end();
      }
    },
  };
}
