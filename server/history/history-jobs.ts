/**
 * The history thread (job-thread.ts): answers questions about the past with connections and memory
 * of its own, so that playback takes neither from those who type.
 */
import { workerData } from 'node:worker_threads';
import type { BadSnapshot } from '../../engine/driver/snapshot-loader.ts';
import { serveJobs } from '../job-thread-main.ts';
import { type ObjectPlace, reachObjectStore } from '../object-store.ts';
import { LogReader } from '../postgres/log-reader.ts';
import { ReaderPool, readerLimits } from '../postgres/reader-pool.ts';
import { SnapshotIndex } from '../postgres/snapshot-index.ts';
import { snapshotBody } from '../snapshots/snapshot-body.ts';
import { authorsAtMoment } from './authors-job.ts';
import { nextChanges } from './changes-job.ts';
import { differenceOf } from './diff-job.ts';
import { composeEdit } from './edit-job.ts';
import { FoldCache } from './fold-cache.ts';
import { FoldSource } from './fold-source.ts';
import { groupsOf } from './groups-job.ts';
import type { HistoryAnswer, HistoryJob, JobTools, TimedAnswer, TimedJob } from './history-job.ts';
import { HistoryRefusal } from './history-refusal.ts';
import { placeOfMoment } from './place-job.ts';
import { textAtMoment } from './text-job.ts';

/** One that reads, and one that waits for a head which somebody holds. */
const readersMax = 2;

/** What the thread is started with. */
export interface HistoryThreadData {
  readonly databaseUrl: string;
  readonly objects: ObjectPlace;
  /** Estimated memory of the folds that are kept for the next question. */
  readonly foldBytesMax: number;
}

const data: HistoryThreadData = workerData;
let bad: BadSnapshot[] = [];
let failures: string[] = [];
const pool = new ReaderPool(data.databaseUrl, { ...readerLimits, readersMax });
const { port: objects } = reachObjectStore(data.objects, (what, error) => {
  failures.push(`${what}: ${String(error)}`);
});
const source = new FoldSource({
  log: new LogReader(pool),
  snapshots: {
    ...{ index: new SnapshotIndex(pool), objects, ...snapshotBody },
    onBad: (each) => bad.push(each),
  },
  cache: new FoldCache(data.foldBytesMax),
});

serveJobs(async ({ job, limitMs }: TimedJob): Promise<TimedAnswer> => {
  [bad, failures] = [[], []];
  const endMs = performance.now() + limitMs;
  const deadline = {
    get hasPassed(): boolean {
      return performance.now() > endMs;
    },
  };
  const answer = await perform(job, { source, deadline }).catch(refusedFor);
  return { answer, bad, failures };
});

/** Whatever else it is fails the job. */
function refusedFor(error: unknown): HistoryAnswer {
  if (!(error instanceof HistoryRefusal)) throw error;
  return { type: 'refused', code: error.code, detail: error.message };
}

function perform(job: HistoryJob, tools: JobTools): Promise<HistoryAnswer> {
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
