/**
 * The thread that makes snapshots (its other side is node-snapshots.ts): one document at a time,
 * with connections of its own to the database and the object store. What a document no longer needs
 * of older ones goes after that.
 */
import { workerData } from 'node:worker_threads';
import type { BadSnapshot } from '../../engine/driver/snapshot-loader.ts';
import {
  type MakeOutcome,
  makeSnapshot,
  type SnapshotMakerParts,
} from '../../engine/driver/snapshot-maker.ts';
import type { ThinningPolicy } from '../../engine/sync/snapshot-thinning.ts';
import { serveJobs } from '../job-thread-main.ts';
import { type ObjectPlace, reachObjectStore } from '../object-store.ts';
import { readPage } from '../postgres/log-statements.ts';
import { ReaderPool, readerLimits } from '../postgres/reader-pool.ts';
import { SnapshotIndex } from '../postgres/snapshot-index.ts';
import { thinSnapshots } from './remove-snapshots.ts';
import { snapshotBody } from './snapshot-body.ts';
import { newSnapshotKey } from './snapshot-key.ts';

/** What the thread is started with. */
export interface SnapshotThreadData {
  readonly databaseUrl: string;
  readonly objects: ObjectPlace;
  readonly leastGrowth: SnapshotMakerParts['leastGrowth'];
  readonly thinning: ThinningPolicy;
}

export interface SnapshotJob {
  readonly document: string;
}

/** Never has a body: it would be copied on the thread that must not wait. */
export interface SnapshotJobResult {
  readonly outcome: MakeOutcome;
  readonly bad: readonly BadSnapshot[];
  /** Calls of the object store that failed, in words. */
  readonly failures: readonly string[];
  /** Older snapshots that went. */
  readonly thinned: number;
}

/** A page in memory, beside the state that it is folded into. */
const pageBytesMax = 4 * 2 ** 20;

const data: SnapshotThreadData = workerData;
const pool = new ReaderPool(data.databaseUrl, { ...readerLimits, readersMax: 1 });
const index = new SnapshotIndex(pool);
let failures: string[] = [];
const { port: objects } = reachObjectStore(data.objects, (what, error) => {
  failures.push(`${what}: ${String(error)}`);
});

const parts: Omit<SnapshotMakerParts, 'onBad'> = {
  ...{ index, objects, ...snapshotBody, pageBytesMax, newKey: newSnapshotKey },
  leastGrowth: data.leastGrowth,
  log: {
    read(document, afterLsn, bytesMax, done) {
      const page = pool.with((client) => readPage(client, document, afterLsn, bytesMax));
      void page.catch(() => null).then(done);
    },
  },
};

serveJobs(async ({ document }: SnapshotJob): Promise<SnapshotJobResult> => {
  failures = [];
  const bad: BadSnapshot[] = [];
  const outcome = await new Promise<MakeOutcome>((done) =>
    makeSnapshot({ ...parts, onBad: (each) => bad.push(each) }, document, done),
  );
  const thinned = outcome.type === 'made' ? await thin(document) : 0;
  return { outcome, bad, failures, thinned };
});

/** A snapshot that was made is made: what cannot go now goes after the next. */
async function thin(document: string): Promise<number> {
  try {
    return await thinSnapshots({ index, objects }, document, data.thinning);
  } catch (error) {
    failures.push(`thin ${document}: ${String(error)}`);
    return 0;
  }
}
