/** The history thread of a node and what it answers over HTTP, from the node's settings. */
import type { RequestListener } from 'node:http';
import type { Config } from '../config.ts';
import { JobThread } from '../job-thread.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { ObjectPlace } from '../object-store.ts';
import { LogReader } from '../postgres/log-reader.ts';
import { ReaderPool, readerLimits } from '../postgres/reader-pool.ts';
import { HistoryApi } from './history-api.ts';
import type { TimedAnswer, TimedJob } from './history-job.ts';
import type { HistoryThreadData } from './history-jobs.ts';
import type { VersionLookup } from './history-request.ts';
import { HistoryThread } from './history-thread.ts';

/** A question that takes longer is given up; proxies wait for about as long. */
const limitMs = 30_000;

/** Of slow readers, mostly: others are refused by what may wait. */
const openMax = 256;

/** The thread ends, and what it has kept goes, when nobody has asked for so long. */
const idleMs = 5 * 60_000;

export interface HistoryOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly objects: ObjectPlace;
  /** Absent = no document has named versions. */
  readonly versionOf?: VersionLookup;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Nothing is started before the first question. */
export function openHistory(options: HistoryOptions): {
  readonly listener: RequestListener;
  close(): Promise<void>;
} {
  const { config, databaseUrl, objects, log, metrics } = options;
  const pool = new ReaderPool(databaseUrl, { ...readerLimits, readersMax: 2 });
  const jobThread = new JobThread<TimedJob, TimedAnswer>({
    module: new URL('./history-jobs', import.meta.url),
    data: {
      ...{ databaseUrl, objects, foldBytesMax: config.playbackFoldBytes },
    } satisfies HistoryThreadData,
    jobsMax: 4,
    idleMs,
  });
  const api = new HistoryApi({
    thread: new HistoryThread({
      ...{ thread: jobThread, waitingMax: config.playbackWaitingMax, limitMs },
      onTrouble(trouble) {
        log.warn({ event: 'history-snapshots', ...trouble });
        for (const _ of trouble.bad) metrics.snapshotBad();
      },
    }),
    ...{ reader: new LogReader(pool), log, limitMs },
    versionOf: options.versionOf ?? (async () => null),
    allowedOrigins: config.allowedOrigins,
    openMax,
    cacheBytesMax: config.playbackCacheBytes,
    onAnswer: (seconds) => metrics.playback.answered(seconds),
    onOverloaded: () => metrics.playback.refused(),
  });
  return {
    listener: api.listener(),
    async close() {
      await Promise.all([jobThread.close(), pool.close()]);
    },
  };
}
