/** Sources of metrics for tests in which no node runs: all is up, and there is little of it. */
import type { MetricSources } from '../metrics.ts';
import { Traffic } from '../traffic.ts';

export const sampleMemory = { texts: 5, rows: 4, snapshots: 3, backlog: 2, sockets: 1 };

const sessionStates = { authorizing: 1, joining: 2, open: 3, lagging: 4 };

export function sampleSources(changes: Partial<MetricSources> = {}): MetricSources {
  const counts = { connections: 3, sessions: 10, rooms: 1 };
  return {
    stats: () => ({ ...counts, sessionStates, memory: sampleMemory }),
    isLogUp: () => true,
    bus: () => 'none',
    traffic: new Traffic(),
    durability: () => null,
    ...changes,
  };
}
