/** What a soak tells: the account of its edits, and whether memory stayed flat. */
import { summaryOf } from '../engine/statistics.ts';
import type { Balance } from './soak-accounts.ts';

export interface Sample {
  readonly minute: number;
  readonly rssMb: number;
  /** Heap and buffers after garbage was collected. */
  readonly heapMb: number;
  readonly loopDelayMaxMs: number;
  readonly gcMaxMs: number;
  readonly connections: number;
  /** In the server's memory. */
  readonly documents: number;
  /** Of the deliveries since the sample before. */
  readonly broadcastP99Ms: number;
}

export interface Growth {
  /** Median of the second and of the last quarter, MB. */
  readonly early: number;
  readonly late: number;
  readonly isFlat: boolean;
}

export interface SoakReport extends Balance {
  readonly minutes: number;
  readonly clients: number;
  readonly documents: number;
  readonly editsPerSecond: number;
  /** Edits; clients that came, all together; documents that somebody joined. */
  readonly typed: number;
  readonly joined: number;
  readonly documentsEdited: number;
  /** Deliveries that the clients of the end lack. */
  readonly missing: number;
  /** Why the server dropped clients. */
  readonly dropped: readonly string[];
  readonly heapMb: Growth;
  readonly rssMb: Growth;
  readonly samples: readonly Sample[];
}

/** So much more than early is no growth: what a run's own noise was at most. */
const shareMax = 0.1;
const roomMb = 3;

/**
 * Compares the second quarter, when code is compiled and caches are full, with the last one. At
 * least four samples.
 */
export function growthOf(values: readonly number[]): Growth {
  const quarter = Math.floor(values.length / 4);
  const median = (start: number, end: number): number => summaryOf(values.slice(start, end)).median;
  const early = median(quarter, 2 * quarter);
  const late = median(values.length - quarter, values.length);
  return { early, late, isFlat: late <= early * (1 + shareMax) + roomMb };
}

/** What must not be, in words; empty: the soak has passed. */
export function failuresOf(report: SoakReport): string[] {
  const { lost, doubled, missing, dropped, heapMb, rssMb } = report;
  return [
    ...(lost > 0 ? [`${lost} acknowledged edits are not in the log`] : []),
    ...(doubled > 0 ? [`${doubled} edits are there more often than they were typed`] : []),
    ...(missing > 0 ? [`${missing} deliveries are missing`] : []),
    ...(dropped.length > 0 ? [`${dropped.length} clients were dropped: ${dropped[0]}`] : []),
    ...(heapMb.isFlat ? [] : [`the heap grew from ${heapMb.early} to ${heapMb.late} MB`]),
    ...(rssMb.isFlat ? [] : [`resident memory grew from ${rssMb.early} to ${rssMb.late} MB`]),
  ];
}

export function soakTable(report: SoakReport): string {
  const { minutes, clients, editsPerSecond, typed, joined, found, documentsEdited } = report;
  const { lost, doubled, unsent, missing, dropped, heapMb, rssMb, samples } = report;
  const most = (of: (one: Sample) => number): number => Math.max(...samples.map(of));
  const median = (of: (one: Sample) => number): number => summaryOf(samples.map(of)).median;
  return [
    `load          ${minutes} minutes, ${clients} clients at a time, ${editsPerSecond} edits/s`,
    `came          ${joined} clients on ${documentsEdited} documents, ${dropped.length} dropped`,
    `edits         ${typed} typed, ${found} in the log, ${unsent} left unsent by broken networks`,
    `lost          ${lost}, doubled ${doubled}, missing ${missing}`,
    `heap          ${heapMb.early} MB in the second quarter, ${heapMb.late} MB in the last`,
    `resident      ${rssMb.early} MB in the second quarter, ${rssMb.late} MB in the last`,
    `A to B        p99 ${median((one) => one.broadcastP99Ms)} ms, median of ${samples.length} samples`,
    `event loop    late by at most ${most((one) => one.loopDelayMaxMs)} ms`,
    `garbage       longest pause ${most((one) => one.gcMaxMs)} ms`,
  ].join('\n');
}
