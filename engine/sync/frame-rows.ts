/** Rows as a client gets them: names as indexes, times and LSNs as what follows the row before. */
import { renameBatch } from '../../proto/batch.ts';
import type { FrameRow } from '../../proto/frame-row.ts';
import type { Fold, FoldedRow } from './fold.ts';

/** Folds the row that comes next; null: it names nobody known, and what is here is no good. */
export function foldFrameRow(fold: Fold, row: FrameRow): FoldedRow | null {
  const lsn = fold.lsn + 1;
  if (row.epoch !== 0) fold.epoch = row.epoch;
  for (const replica of row.introduced) {
    if (fold.table.indexOf(replica) === 0) fold.introduce(replica, lsn, null);
  }
  const batches = row.batches.map((batch) =>
    renameBatch(batch, (name) => fold.table.replicaAt(name)),
  );
  const known = batches.every((batch) => batch.replica !== 0);
  if (!known || row.at < 0) return null;
  return fold.apply({ lsn, at: fold.at + row.at, batches });
}
