/** The highest rate at which an edit still reaches the others in time; see saturate.ts. */
import { ServerLoad } from '../../server/measure.ts';
import { saturate } from '../../server/saturate.ts';
import type { Line } from './line.ts';

export interface SaturationOptions {
  readonly connections: number;
  readonly documents: number;
  readonly generators: number;
  /** Of one step. */
  readonly seconds: number;
  readonly say: (message: string) => void;
}

const startRate = 200;

export function saturationLine(options: SaturationOptions): Line {
  const { connections, documents, seconds, say } = options;
  return {
    name: 'saturation',
    title:
      `Highest edits/s with A to B p99 < 50 ms and the generator late by p99 < 5 ms; ` +
      `${documents} documents, ${connections} clients, steps of ${seconds} s`,
    metrics: [
      { key: 'rate', label: 'edits/s', better: 'more' },
      { key: 'p99', label: 'A to B p99 there, ms', better: 'told' },
      { key: 'late', label: 'generator late p99 there, ms', better: 'told' },
      { key: 'byGenerator', label: 'ended by the generator (1 = yes)', better: 'told' },
      { key: 'stolen', label: 'stolen, processors, at most', better: 'told' },
    ],
    measure: async ({ entrant: { contender, dialect }, venue, round, generatorScript }) => {
      const load = await ServerLoad.open({ dialect, generatorScript, venue }, options);
      try {
        const { name } = contender;
        const { highestEditsPerSecond, best, limit, steps } = await saturate(load, {
          ...{ start: startRate, seconds, presence: false, seed: 1_000 * round },
          say: (message) => say(`${name}: ${message}`),
        });
        return {
          rate: highestEditsPerSecond,
          ...{ p99: best?.broadcastMs.p99 ?? null, late: best?.generatorLateMsP99 ?? null },
          byGenerator: limit.includes('generator') ? 1 : 0,
          stolen: Math.max(...steps.map(({ stolenCpu }) => stolenCpu)),
        };
      } finally {
        load.end();
      }
    },
  };
}
