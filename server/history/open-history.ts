/** The history thread of a node and what it answers over HTTP, from the node's settings. */
import type { RequestListener } from 'node:http';
import type { Config } from '../config.ts';
import { JobThread } from '../job-thread.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { LogReader } from '../postgres/log-reader.ts';
import { ReaderPool, readerLimits } from '../postgres/reader-pool.ts';
import { HistoryApi } from './history-api.ts';
import type { HistoryThreadData } from './history-jobs.ts';
import type { VersionLookup } from './history-request.ts';
import { HistoryThread } from './history-thread.ts';

/** A question that takes longer is given up; proxies wait for about as long. */
const limitMs = 30_000;

/** Of slow readers, mostly: others are refused by what may wait. */
const openMax = 256;

/** The thread ends, and what it has kept goes, when nobody has asked for so long. */
const idleMs = 60_000;

export interface HistoryOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly versionOf: VersionLookup;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Nothing is started before the first question. */
export function openHistory(options: HistoryOptions): {
  readonly listener: RequestListener;
  close(): Promise<void>;
} {
  const { config, databaseUrl, versionOf, log, metrics } = options;
  const pool = new ReaderPool(databaseUrl, { ...readerLimits, readersMax: 2 });
  const jobThread = new JobThread({
    module: new URL('./history-jobs', import.meta.url),
    data: { databaseUrl, foldBytesMax: config.playbackFoldBytes } satisfies HistoryThreadData,
    jobsMax: 4,
    idleMs,
  });
  const api = new HistoryApi({
    thread: new HistoryThread({
      ...{ thread: jobThread, waitingMax: config.playbackWaitingMax, limitMs },
    }),
    ...{ reader: new LogReader(pool), versionOf, log, limitMs },
    allowedOrigins: config.allowedOrigins,
    openMax,
    cacheBytesMax: config.playbackCacheBytes,
    onAnswer: (seconds) => metrics.playbackAnswered(seconds),
    onOverloaded: () => metrics.playbackRefused(),
  });
  return {
    listener: api.listener(),
    async close() {
      await Promise.all([jobThread.close(), pool.close()]);
    },
  };
}
