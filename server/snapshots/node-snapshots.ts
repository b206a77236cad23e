/**
 * Snapshots as a node needs them: SnapshotPort (engine/driver/ports.ts). They are loaded here,
 * since a fold cannot be handed from thread to thread, and made by a thread of their own
 * (snapshot-thread.ts), which ends when there is nothing to make.
 *
 * A store that does not answer costs time and memory, never an edit: the log has everything that
 * was not pruned. A document that was is not opened until its snapshot can be read.
 */
import type { SnapshotPort } from '../../engine/driver/ports.ts';
import {
  type BadSnapshot,
  type LoadedSnapshot,
  loadSnapshot,
} from '../../engine/driver/snapshot-loader.ts';
import type { MakeOutcome } from '../../engine/driver/snapshot-maker.ts';
import type { Fold } from '../../engine/sync/fold.ts';
import { JobThread, ThreadBusyError } from '../job-thread.ts';
import type { Log } from '../log.ts';
import type { ObjectStore } from '../object-store.ts';
import { readHeads } from '../postgres/log-statements.ts';
import { ReaderPool, readerLimits } from '../postgres/reader-pool.ts';
import { SnapshotIndex } from '../postgres/snapshot-index.ts';
import { snapshotBody } from './snapshot-body.ts';
import type { SnapshotJob, SnapshotJobResult, SnapshotThreadData } from './snapshot-thread.ts';

export interface NodeSnapshotsOptions extends Omit<SnapshotThreadData, 'objects'> {
  /** Stays the caller's. */
  readonly objects: ObjectStore;
  readonly log: Log;
  readonly onMade?: (report: MakeReport) => void;
  readonly onBad?: () => void;
}

/** One attempt. `busy`: too many documents wait for the thread. */
export interface MakeReport {
  readonly outcome: MakeOutcome['type'] | 'busy';
  /** From the call to the answer. */
  readonly ms: number;
}

/** Documents that wait for the thread; more are told to come again. */
const jobsMax = 256;
const idleMs = 60_000;
/** Attempts that fail in a row until it is no accident of one document. */
const failingAttempts = 3;
/** Twice as long as between attempts: then nobody asks any more, and nothing is known. */
const failingMs = 600_000;

const newest = { type: 'lsn', lsn: Number.MAX_SAFE_INTEGER } as const;

export class NodeSnapshots implements SnapshotPort {
  readonly #options: NodeSnapshotsOptions;
  readonly #pool: ReaderPool;
  readonly #index: SnapshotIndex;
  readonly #thread: JobThread<SnapshotJob, SnapshotJobResult>;
  #failedInARow = 0;
  #failedAtMs = 0;

  constructor(options: NodeSnapshotsOptions) {
    const { databaseUrl, objects, leastGrowth, thinning } = options;
    this.#options = options;
    this.#pool = new ReaderPool(databaseUrl, { ...readerLimits, readersMax: 2 });
    this.#index = new SnapshotIndex(this.#pool);
    const data: SnapshotThreadData = { databaseUrl, objects: objects.place, leastGrowth, thinning };
    const module = new URL('./snapshot-thread', import.meta.url);
    this.#thread = new JobThread({ module, data, jobsMax, idleMs });
  }

  /** No snapshot could be made lately, one attempt after the other. */
  get isFailing(): boolean {
    const sinceMs = performance.now() - this.#failedAtMs;
    return this.#failedInARow >= failingAttempts && sinceMs < failingMs;
  }

  /** See SnapshotPort. */
  load(document: string, done: (fold: Fold | null | 'failed') => void): void {
    let isReachable = true;
    const source = {
      ...{ index: this.#index, ...snapshotBody },
      objects: {
        // A store that does not answer is asked once: each answer may take its whole time limit.
        get: (key: string, got: (bytes: Uint8Array | null | 'failed') => void): void => {
          if (isReachable) this.#options.objects.port.get(key, got);
          else setImmediate(got, 'failed');
        },
      },
      onBad: (bad: BadSnapshot): void => {
        if (isReachable) this.#tellBad(bad);
        if (bad.reason === 'unreachable') isReachable = false;
      },
    };
    loadSnapshot(source, document, newest, (found: LoadedSnapshot | null | 'failed') => {
      if (found === 'failed') done('failed');
      else if (found !== null) done(found.fold);
      else if (isReachable) done(null);
      else void this.#isPruned(document).then((isPruned) => done(isPruned ? 'failed' : null));
    });
  }

  /** See SnapshotPort. */
  make(document: string, done: (lsn: number | null) => void): void {
    const startMs = performance.now();
    const report = (outcome: MakeReport['outcome']): void => {
      this.#options.onMade?.({ outcome, ms: performance.now() - startMs });
    };
    this.#thread.run({ document }).then(
      (result) => {
        const lsn = this.#take(document, result);
        report(result.outcome.type);
        done(lsn);
      },
      (error: unknown) => {
        const isBusy = error instanceof ThreadBusyError;
        if (!isBusy) this.#tellFailure(document, String(error), []);
        report(isBusy ? 'busy' : 'failed');
        done(null);
      },
    );
  }

  /** Loads under way end, those under way in the thread are given up: a crash may do that, too. */
  async close(): Promise<void> {
    await Promise.all([this.#thread.close(), this.#pool.close()]);
  }

  /** Then it needs its snapshot; also if that cannot be told. */
  async #isPruned(document: string): Promise<boolean> {
    try {
      const heads = await this.#pool.with((client) => readHeads(client, [document]));
      return (heads.get(document)?.prunedLsn ?? 0) > 0;
    } catch {
      return true;
    }
  }

  #take(document: string, { outcome, bad, failures, thinned }: SnapshotJobResult): number | null {
    const { log } = this.#options;
    for (const each of bad) this.#tellBad(each);
    if (outcome.type === 'failed') {
      this.#tellFailure(document, outcome.reason, failures);
      return null;
    }
    this.#failedInARow = 0;
    if (failures.length > 0) log.warn({ event: 'snapshot-store', document, failures });
    if (outcome.type === 'fresh') return outcome.lsn;
    const { lsn, bytes } = outcome.pointer;
    log.debug({ event: 'snapshot-made', document, lsn, bytes, thinned });
    return lsn;
  }

  #tellFailure(document: string, reason: string, failures: readonly string[]): void {
    this.#failedInARow += 1;
    this.#failedAtMs = performance.now();
    this.#options.log.warn({ event: 'snapshot-failed', document, reason, failures });
  }

  #tellBad({ document, pointer, reason, detail }: BadSnapshot): void {
    const { key, lsn } = pointer;
    const line = { document, key, lsn, reason, detail };
    if (reason === 'unreachable') {
      this.#options.log.warn({ event: 'snapshot-unreachable', ...line });
      return;
    }
    this.#options.log.error({ event: 'snapshot-bad', ...line });
    this.#options.onBad?.();
  }
}
