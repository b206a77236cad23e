/** What there is to say about a document as it is now, without showing its text. */
import type { LogHead, LogPort } from '../../engine/driver/ports.ts';
import {
  type BadSnapshot,
  type LoadedSnapshot,
  loadSnapshot,
  type SnapshotSource,
} from '../../engine/driver/snapshot-loader.ts';
import { rowFromLog } from '../../engine/sync/durability.ts';
import { Fold } from '../../engine/sync/fold.ts';
import { snapshotBody } from '../snapshots/snapshot-body.ts';
import { HistoryRefusal } from './history-refusal.ts';
import { endProblem, orderProblem, walkLog } from './log-walk.ts';

export interface FactsSource extends Pick<SnapshotSource, 'index' | 'objects'> {
  readonly log: Pick<LogPort, 'read'>;
}

export interface DocumentFacts {
  /** UTF-16 units that show. */
  readonly units: number;
  readonly lines: number;
  /** UTF-16 units that were deleted. */
  readonly tombstones: number;
  readonly operations: number;
  readonly replicas: number;
  /** Batches that change nothing. */
  readonly voidBatches: number;
  /** Snapshots that could not be read on the way. */
  readonly bad: readonly BadSnapshot[];
}

/** From the newest snapshot and the rows after it. Rejects with HistoryRefusal. */
export async function readFacts(
  source: FactsSource,
  document: string,
  head: LogHead,
): Promise<DocumentFacts> {
  const bad: BadSnapshot[] = [];
  const fold = await foldAtHead(
    { ...source, ...snapshotBody, onBad: (each) => bad.push(each) },
    document,
    head,
  );
  const { sequence, operations, table, voided } = fold;
  return {
    units: sequence.length,
    lines: sequence.lineCount,
    tombstones: sequence.toSnapshot().hidden?.length ?? 0,
    operations,
    replicas: table.entries.length,
    voidBatches: [...voided.values()].reduce((sum, { length }) => sum + length, 0),
    bad,
  };
}

async function foldAtHead(
  source: FactsSource & SnapshotSource,
  document: string,
  head: LogHead,
): Promise<Fold> {
  const found = await new Promise<LoadedSnapshot | null | 'failed'>((done) =>
    loadSnapshot(source, document, { type: 'lsn', lsn: head.lsn }, done),
  );
  if (found === 'failed') {
    const what = 'the database did not tell which snapshots there are: try again';
    throw new HistoryRefusal('unavailable', what);
  }
  const fold = found?.fold ?? new Fold(head.epoch);
  if (fold.lsn < (head.prunedLsn ?? 0)) {
    const what = `no snapshot that can be read has the rows up to ${head.prunedLsn}`;
    throw new HistoryRefusal('damaged-history', `${document} is damaged: ${what}`);
  }
  for await (const rows of walkLog(source.log, document, { head, afterLsn: fold.lsn })) {
    for (const row of rows) {
      refuse(document, orderProblem(fold, row));
      fold.apply(rowFromLog(head.epoch, row));
    }
  }
  refuse(document, endProblem(fold, head));
  return fold;
}

function refuse(document: string, problem: string | null): void {
  if (problem === null) return;
  const what = `${document} is damaged: ${problem}; see verify`;
  throw new HistoryRefusal('damaged-history', what);
}
