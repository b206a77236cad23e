/** What a measurement tells, for people and as JSON. */
import type { LoadReport } from './load.ts';

export function passed({ missing, doubled }: LoadReport): boolean {
  return missing === 0 && doubled === 0;
}

/** Two columns: what, and how much. */
export function loadTable(report: LoadReport): string {
  const { broadcastMs, ackMs } = report;
  const times = (latencies: typeof ackMs): string =>
    latencies === null
      ? 'none'
      : `p50 ${latencies.p50}  p90 ${latencies.p90}  p99 ${latencies.p99}  ` +
        `p99.9 ${latencies.p999}  max ${latencies.max} ms`;
  const rows: readonly (readonly [string, string])[] = [
    ['load', loadLine(report)],
    ['A to B', times(broadcastMs)],
    ['acknowledged', times(ackMs)],
    ['missing', `${report.missing}, doubled ${report.doubled}`],
    ['edits', `${report.edits}, deliveries ${report.deliveries}`],
    ['bytes', `${report.bytesPerDelivery} per delivery`],
    ['processors', processors(report)],
    ['memory', `${known(report.rssMb)} MB resident`],
    [
      'event loop',
      `late by p99 ${known(report.loopDelayP99Ms)}, max ${known(report.loopDelayMaxMs)} ms`,
    ],
    ['garbage', `longest pause ${known(report.gcMaxMs)} ms, all ${known(report.gcTotalMs)} ms`],
    [
      'commits',
      `${known(report.commitsPerSecond)}/s, ${known(report.operationsPerCommit)} edits each`,
    ],
    ['generator', `late by p99 ${report.generatorLateMsP99} ms`],
    ['machine', `load average ${report.loadAverage}, stolen ${report.stolenCpu}`],
  ];
  return rows.map(([what, figures]) => `${what.padEnd(14)}${figures}`).join('\n');
}

function loadLine({ connections, documents, editsPerSecond, presence }: LoadReport): string {
  const moving = presence ? ', cursors move once a second' : '';
  return `${connections} connections, ${documents} documents, ${editsPerSecond} edits/s${moving}`;
}

function processors({ serverCpu, postgresCpu, generatorCpu }: LoadReport): string {
  return `server ${known(serverCpu)}, PostgreSQL ${known(postgresCpu)}, generators ${generatorCpu}`;
}

function known(value: number | null): string {
  return value === null ? '?' : String(value);
}
