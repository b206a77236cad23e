/** What a replay found, for machines and for people. */

export interface Report {
  readonly trace: string;
  readonly clients: number;
  /** Patches typed. */
  readonly edits: number;
  /** Every client's text, a fresh client's and the log's fold are the trace's end. */
  readonly equal: boolean;
  /** Acknowledged operations that the log does not have at the row acknowledged, or before. */
  readonly lost: number;
  /** Operations that took effect more than once. */
  readonly doubled: number;
  /** Times that the server was killed with edits in flight. */
  readonly kills: number;
  /** Longest time from a kill until all edits then in flight were acknowledged; 0: no kill. */
  readonly recoverMsMax: number;
  /** Of a transaction, from first sent to acknowledged. */
  readonly ackMsP50: number;
  readonly ackMsP99: number;
  /** Of the kills. */
  readonly seed: number;
  readonly transactions: number;
  /**
   * Share (0 … 1) of the transactions for which there is another one, and neither's client had the
   * other when it typed, by the clients' version vectors.
   */
  readonly concurrentShare: number;
  /** The same by the parents in the trace. */
  readonly traceConcurrentShare: number;
  /** UTF-16 units inserted and deleted. */
  readonly operations: number;
  /** From the first transaction typed to the last one everywhere. */
  readonly seconds: number;
}

/** What is not in the line for machines. */
export interface ReportDetails {
  /** Why it was not played to the end; null: it was. */
  readonly stuck: string | null;
  /** What differs from the trace's end; empty: nothing. */
  readonly differing: readonly string[];
  /** Transactions that, by the log, were not typed at their parents; null: the log was not read. */
  readonly misplaced: number | null;
  readonly rows: number | null;
  readonly recoverMs: readonly number[];
}

/** Whether the replay showed what it is to show. */
export function passed(report: Report, { stuck, misplaced }: ReportDetails): boolean {
  const { equal, lost, doubled, concurrentShare, traceConcurrentShare } = report;
  const faithful = concurrentShare === traceConcurrentShare && (misplaced ?? 0) === 0;
  return stuck === null && equal && lost === 0 && doubled === 0 && faithful;
}

/** The report as a table. */
export function tableOf(report: Report, details: ReportDetails): string {
  const { kills, concurrentShare, traceConcurrentShare, transactions, edits } = report;
  const { stuck, differing, misplaced, rows, recoverMs } = details;
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const perSecond = Math.round(transactions / Math.max(report.seconds, 0.001));
  const lines = {
    trace: report.trace,
    clients: String(report.clients),
    transactions: `${transactions} (${edits} edits, ${report.operations} operations)`,
    concurrent: `${percent(concurrentShare)}, in the trace ${percent(traceConcurrentShare)}`,
    misplaced: misplaced === null ? 'not checked: the log cannot be read' : `${misplaced}`,
    texts: differing.length === 0 ? 'all equal to the trace' : `differ: ${differing.join(', ')}`,
    lost: `${report.lost} acknowledged operations`,
    doubled: `${report.doubled} operations`,
    kills:
      kills === 0 ? '0' : `${kills}, all well after ${recoverMs.map(Math.round).join(', ')} ms`,
    acknowledged: `after ${report.ackMsP50} ms (median), ${report.ackMsP99} ms (99 of 100)`,
    log: rows === null ? 'not read' : `${rows} rows`,
    ...(stuck === null ? {} : { stuck }),
    time: `${report.seconds} s, ${perSecond} transactions/s`,
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name.padEnd(14)}${value}`)
    .join('\n');
}

/** The value below which `share` (0 … 1) of them are; 0 if there are none. Rounded to 0.1. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return Math.round(10 * value) / 10;
}
