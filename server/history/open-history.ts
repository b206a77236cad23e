/** The history thread of a node, and the interface over HTTP, from the node's settings. */
import { randomInt } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import type { LogPort } from '../../engine/driver/ports.ts';
import { Random } from '../../engine/random.ts';
import type { Authentication } from '../auth/authentication.ts';
import { requestAuth } from '../auth/request-auth.ts';
import { addRevocationRoutes } from '../auth/revocation-routes.ts';
import type { Config } from '../config.ts';
import { JobThread } from '../job-thread.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { ObjectStore } from '../object-store.ts';
import { LogReader } from '../postgres/log-reader.ts';
import { ReaderPool, readerLimits } from '../postgres/reader-pool.ts';
import { SnapshotIndex } from '../postgres/snapshot-index.ts';
import { addDocumentRoutes, type DocumentApiParts } from './document-routes.ts';
import type { EditParts } from './edit-document.ts';
import { addEditRoutes } from './edit-routes.ts';
import { HistoryApi } from './history-api.ts';
import type { TimedAnswer, TimedJob } from './history-job.ts';
import type { HistoryThreadData } from './history-jobs.ts';
import type { VersionLookup } from './history-request.ts';
import { HistoryThread } from './history-thread.ts';
import { addVersionRoutes } from './version-routes.ts';
import { Versions } from './versions.ts';

/** A question that takes longer is given up; proxies wait for about as long. */
const limitMs = 30_000;

/** Of slow readers, mostly: others are refused by what may wait. */
const openMax = 256;

/** Looks at one row, named versions, pages of exports: a moment each. */
const readersMax = 2;

/** More than a document can have (versions.ts). */
const versionsMax = 100_000;

/** The thread ends, and what it has kept goes, when nobody has asked for so long. */
const idleMs = 5 * 60_000;

export interface HistoryOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly objects: Pick<ObjectStore, 'port' | 'place'>;
  /** The node's own, for edits. */
  readonly nodeLog: LogPort;
  /** See EditParts. */
  readonly announce: EditParts['announce'];
  /** See DocumentApiParts. */
  readonly onChanged: DocumentApiParts['onChanged'];
  readonly auth: Pick<Authentication, 'gate' | 'revocations'>;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Nothing is started before the first question. */
export function openHistory(options: HistoryOptions): {
  readonly listener: RequestListener;
  close(): Promise<void>;
} {
  const { config, databaseUrl, objects, nodeLog, announce, onChanged, log, metrics } = options;
  const principalOf = requestAuth(options.auth.gate);
  const jobThread = new JobThread<TimedJob, TimedAnswer>({
    module: new URL('./history-jobs', import.meta.url),
    data: {
      ...{ databaseUrl, objects: objects.place, foldBytesMax: config.playbackFoldBytes },
    } satisfies HistoryThreadData,
    jobsMax: 4,
    idleMs,
  });
  const waitingMax = config.playbackWaitingMax;
  const thread = new HistoryThread({
    ...{ thread: jobThread, waitingMax, limitMs },
    onTrouble(trouble) {
      log.warn({ event: 'history-snapshots', ...trouble });
      for (const _ of trouble.bad) metrics.snapshotBad();
    },
  });
  const pool = new ReaderPool(databaseUrl, { ...readerLimits, readersMax });
  const reader = new LogReader(pool);
  const versions = new Versions(pool);
  const versionOf: VersionLookup = (document, name) => versions.lsnOf(document, name);
  const api = new HistoryApi({
    ...{ thread, principalOf, reader, versionOf, log, limitMs },
    allowedOrigins: config.allowedOrigins,
    openMax,
    cacheBytesMax: config.playbackCacheBytes,
    onAnswer: (seconds) => metrics.playback.answered(seconds),
    onOverloaded: () => metrics.playback.refused(),
  });
  addVersionRoutes(api, { thread, versions, principalOf, limitMs });
  addEditRoutes(api, {
    ...{ thread, versionOf, principalOf, limitMs, announce, log: nodeLog },
    random: new Random(randomInt(2 ** 48 - 1), 'edits'),
    wait: setTimeoutPromise,
  });
  addDocumentRoutes(api, {
    ...{ principalOf, onChanged, log },
    stores: {
      ...{ log: reader, index: new SnapshotIndex(pool), objects: objects.port, url: databaseUrl },
      versions: (document) => versions.list(document, '', versionsMax),
    },
  });
  const { revocations } = options.auth;
  if (revocations !== null) addRevocationRoutes(api, { principalOf, revocations, config });
  return {
    listener: api.listener(),
    async close() {
      await Promise.all([jobThread.close(), pool.close()]);
    },
  };
}
