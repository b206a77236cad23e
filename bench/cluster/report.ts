/** The figures as a table, and what they are good for. */
import type { Quantiles } from './histogram.ts';

export interface PhaseFigures {
  readonly phase: string;
  /** From typing to the receipt by a client of the author's node, and of another one. */
  readonly same: Quantiles;
  readonly other: Quantiles;
  /** From typing to the acknowledgement. */
  readonly ack: Quantiles;
}

export interface ClusterReport {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly nodes: number;
  readonly clients: number;
  readonly authors: number;
  /** Of them with an engine. */
  readonly fullClients: number;
  /** Asked for, and typed. */
  readonly keysPerSecond: number;
  readonly typedPerSecond: number;
  readonly rows: number;
  readonly phases: readonly PhaseFigures[];
  /** Deliveries and acknowledgements that did not come; operations that are there twice. */
  readonly missing: number;
  readonly doubled: number;
  /** Sockets that ended. */
  readonly ended: number;
  /** Full clients, one who comes afterwards to each node, and the log have one text. */
  readonly equal: boolean;
  /** Of the generators: from due to typed, and the busiest one's share of busy time. */
  readonly late: Quantiles;
  readonly busy: number;
  readonly outage: OutageFigures | null;
  readonly rolling: RollingFigures | null;
}

/** Every node was restarted, one after the other. */
export interface RollingFigures {
  /** By node: from SIGTERM until it is ready again. */
  readonly restartSeconds: readonly number[];
  /** Of what was due from the first SIGTERM until all were back: from due to received. */
  readonly p99Ms: number;
  /** The longest that anybody waited for anything. */
  readonly stallMs: number;
}

export interface OutageFigures {
  readonly kind: string;
  readonly seconds: number;
  /**
   * From its end to the first of two seconds in which what is typed is at other nodes, in the
   * median of each half second, at most twice as late as at the author's. null: there were none.
   */
  readonly normalAfterSeconds: number | null;
}

/** Nothing is lost or doubled, all texts are equal, and no socket ended that need not. */
export function passed({ missing, doubled, ended, equal, rolling }: ClusterReport): boolean {
  return missing === 0 && doubled === 0 && (ended === 0 || rolling !== null) && equal;
}

export function clusterTable(report: ClusterReport): string {
  const { nodes, clients, authors, fullClients, keysPerSecond, typedPerSecond } = report;
  const { rows, late, outage, rolling } = report;
  const lines = report.phases.flatMap(({ phase, same, other, ack }) => [
    line(`${phase}: same node`, same),
    line(`${phase}: other node`, other),
    line(`${phase}: acknowledged`, ack),
  ]);
  const normal = outage?.normalAfterSeconds ?? null;
  return [
    Object.values(report.machine).join(', '),
    `${nodes} nodes, ${clients} clients (${fullClients} full, ${authors} type), one document, ` +
      `${keysPerSecond} keystrokes/s (typed: ${typedPerSecond}), ${rows} rows`,
    '',
    '| ms from typing to        | count   | p50     | p90     | p99     | max     |',
    '| ------------------------ | ------- | ------- | ------- | ------- | ------- |',
    ...lines,
    line('generator: late', late),
    '',
    `missing ${report.missing}, doubled ${report.doubled}, sockets ended ${report.ended}, ` +
      `texts ${report.equal ? 'all equal' : 'DIFFER'}, ` +
      `busiest generator ${Math.round(100 * report.busy)} %`,
    ...(rolling === null
      ? []
      : [
          `nodes restarted in turn, each in ${rolling.restartSeconds.join(' s, ')} s; ` +
            `from typing to receipt meanwhile: p99 ${rolling.p99Ms} ms, ` +
            `longest ${rolling.stallMs} ms`,
        ]),
    ...(outage === null
      ? []
      : [
          `Redis away for ${outage.seconds} s (${outage.kind}); back to normal ` +
            (normal === null ? 'never' : `${normal} s after its end`),
        ]),
  ].join('\n');
}

function line(name: string, { count, p50Ms, p90Ms, p99Ms, maxMs }: Quantiles): string {
  const cells = [count, p50Ms, p90Ms, p99Ms, maxMs].map((cell) => String(cell).padEnd(7));
  return `| ${[name.padEnd(24), ...cells].join(' | ')} |`;
}
