/** The history thread of a node and what it answers over HTTP, from the node's settings. */
import type { RequestListener } from 'node:http';
import type { LogPort } from '../../engine/driver/ports.ts';
import type { Config } from '../config.ts';
import { JobThread } from '../job-thread.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { HistoryApi } from './history-api.ts';
import type { HistoryThreadData } from './history-jobs.ts';
import type { VersionLookup } from './history-request.ts';
import { HistoryThread } from './history-thread.ts';

/** A question that takes longer is given up; proxies wait for about as long. */
const limitMs = 30_000;

/** The thread ends, and what it has kept goes, when nobody has asked for so long. */
const idleMs = 60_000;

export interface HistoryOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  /** The node's own, for short looks. */
  readonly history: Pick<LogPort, 'read'>;
  readonly versionOf: VersionLookup;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Nothing is started before the first question. */
export function openHistory(options: HistoryOptions): {
  readonly listener: RequestListener;
  close(): Promise<void>;
} {
  const { config, databaseUrl, history, versionOf, log, metrics } = options;
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
    ...{ history, versionOf, log, limitMs },
    allowedOrigins: config.allowedOrigins,
    cacheBytesMax: config.playbackCacheBytes,
    onAnswer: (seconds) => metrics.playbackAnswered(seconds),
    onOverloaded: () => metrics.playbackRefused(),
  });
  return { listener: api.listener(), close: () => jobThread.close() };
}
