/**
 * The history thread (job-thread.ts): answers questions about the past with connections and memory
 * of its own, so that playback takes neither from those who type.
 */
import { workerData } from 'node:worker_threads';
import { z } from 'zod';
import { serveJobs } from '../job-thread-main.ts';
import { LogReader } from '../postgres/log-reader.ts';
import { ReaderPool, readerLimits } from '../postgres/reader-pool.ts';
import { authorsAtMoment } from './authors-job.ts';
import { nextChanges } from './changes-job.ts';
import { differenceOf } from './diff-job.ts';
import { composeEdit } from './edit-job.ts';
import { FoldCache } from './fold-cache.ts';
import { FoldSource } from './fold-source.ts';
import { groupsOf } from './groups-job.ts';
import type { HistoryJob, JobTools, Refused, TimedJob } from './history-job.ts';
import { HistoryRefusal } from './history-refusal.ts';
import { placeOfMoment } from './place-job.ts';
import { textAtMoment } from './text-job.ts';

/** One that reads, and one that waits for a head which somebody holds. */
const readersMax = 2;

/** What the thread is started with. */
export interface HistoryThreadData {
  readonly databaseUrl: string;
  /** Estimated memory of the folds that are kept for the next question. */
  readonly foldBytesMax: number;
}

const data: HistoryThreadData = z
  .object({ databaseUrl: z.string(), foldBytesMax: z.number() })
  .parse(workerData);

const pool = new ReaderPool(data.databaseUrl, { ...readerLimits, readersMax });
const source = new FoldSource({
  log: new LogReader(pool),
  snapshots: null,
  cache: new FoldCache(data.foldBytesMax),
});

serveJobs<TimedJob>(async ({ job, limitMs }) => {
  const endMs = performance.now() + limitMs;
  const deadline = {
    get hasPassed(): boolean {
      return performance.now() > endMs;
    },
  };
  try {
    return await perform(job, { source, deadline });
  } catch (error) {
    if (!(error instanceof HistoryRefusal)) throw error;
    const { code, message } = error;
    return { type: 'refused', code, detail: message } satisfies Refused;
  }
});

function perform(job: HistoryJob, tools: JobTools): Promise<object> {
  switch (job.type) {
    case 'text':
      return textAtMoment(job, tools);
    case 'authors':
      return authorsAtMoment(job, tools);
    case 'diff':
      return differenceOf(job, tools);
    case 'changes':
      return nextChanges(job, tools);
    case 'groups':
      return groupsOf(job, tools);
    case 'place':
      return placeOfMoment(job, tools);
    case 'edit':
      return composeEdit(job, tools);
  }
}
