/** Latency under a load that is the same for all: many documents, or one with many readers. */
import { ServerLoad } from '../../server/measure.ts';
import type { Line, Metric } from './line.ts';

export interface LoadLineOptions {
  readonly name: string;
  readonly connections: number;
  readonly documents: number;
  readonly editsPerSecond: number;
  readonly seconds: number;
  readonly generators: number;
}

const warmUpSeconds = 3;

const metrics: readonly Metric[] = [
  { key: 'p50', label: 'A to B p50, ms', better: 'less' },
  { key: 'p99', label: 'A to B p99, ms', better: 'less' },
  { key: 'ackP50', label: 'acknowledged p50, ms', better: 'less' },
  { key: 'ackP99', label: 'acknowledged p99, ms', better: 'less' },
  { key: 'bytes', label: 'bytes per typed character at a receiver', better: 'less' },
  { key: 'gcMax', label: 'longest gc pause, ms', better: 'less' },
  { key: 'loopMax', label: 'longest delay of the event loop, ms', better: 'less' },
  { key: 'serverCpu', label: 'server, processors', better: 'told' },
  { key: 'postgresCpu', label: 'PostgreSQL, processors', better: 'told' },
  { key: 'missing', label: 'missing or doubled', better: 'told' },
  { key: 'dropped', label: 'clients dropped', better: 'told' },
  { key: 'late', label: 'generator late p99, ms', better: 'told' },
  { key: 'stolen', label: 'stolen, processors', better: 'told' },
];

export function loadLine(options: LoadLineOptions): Line {
  const { name, connections, documents, editsPerSecond, seconds } = options;
  return {
    name,
    title: `${connections} clients of ${documents} documents, ${editsPerSecond} edits/s`,
    metrics,
    measure: async ({ entrant: { dialect }, venue, round, generatorScript }) => {
      const load = await ServerLoad.open({ dialect, generatorScript, venue }, options);
      try {
        const run = { editsPerSecond, seconds, warmUpSeconds, presence: false, seed: round };
        const { report, ended } = await load.run(run);
        return {
          ...{ p50: report.broadcastMs.p50, p99: report.broadcastMs.p99 },
          ...{ ackP50: report.ackMs?.p50 ?? null, ackP99: report.ackMs?.p99 ?? null },
          bytes: report.bytesPerDelivery,
          ...{ gcMax: report.gcMaxMs, loopMax: report.loopDelayMaxMs },
          ...{ serverCpu: report.serverCpu, postgresCpu: report.postgresCpu },
          ...{ missing: report.missing + report.doubled, dropped: ended },
          ...{ late: report.generatorLateMsP99, stolen: report.stolenCpu },
        };
      } finally {
        load.end();
      }
    },
  };
}
