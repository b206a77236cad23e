/**
 * An edit frame before it reaches its room: whose batches it has, and whether it fits the limits
 * that hold for a session. What the operations mean is the room's (`admission.ts`).
 */
import { type Batch, batchLast, batchOperations, renameBatch } from '../../proto/batch.ts';
import type { ErrorCode } from '../../proto/codes.ts';
import type { Limits } from '../limits.ts';
import type { ReplicaTable } from './replica-table.ts';
import type { Session } from './session.ts';

export type CheckedEdit =
  | { readonly type: 'fits'; readonly batches: readonly Batch[] }
  | { readonly type: 'refused'; readonly code: ErrorCode; readonly message: string };

/** The batches under full replica ids, counted in the session's window. */
export function checkEdit(
  session: Session,
  edit: { readonly batches: readonly Batch[]; readonly bytes: number; readonly atMs: number },
  { table, limits }: { readonly table: ReplicaTable; readonly limits: Limits },
): CheckedEdit {
  if (!session.writable) return refused('forbidden', 'no right to write to this document');
  const { replica } = session.identity;
  let unknown: number | null = null;
  const batches = edit.batches.map((batch) =>
    renameBatch(batch, (name) => {
      const full = name === 0 ? replica : table.replicaAt(name);
      if (full === 0) unknown = name;
      return full;
    }),
  );
  const last = batches.at(-1);
  if (unknown !== null || last === undefined || batches.some((b) => b.replica !== replica)) {
    const why = unknown === null ? 'a batch of another replica' : `replica index ${unknown}`;
    return refused('bad-frame', `${why} in an edit`);
  }
  const operations = batches.reduce((sum, batch) => sum + batchOperations(batch), 0);
  const { frameOperationsMax, windowBytes, windowOperations } = limits;
  if (operations > frameOperationsMax) {
    const message = `${operations} operations in one frame, ${frameOperationsMax} is the limit`;
    return refused('too-large', message);
  }
  const alone = session.unackedBytes === 0;
  session.received({ last: batchLast(last), bytes: edit.bytes, operations, atMs: edit.atMs });
  const isOver = session.unackedBytes > windowBytes || session.unackedOperations > windowOperations;
  // A single frame may be larger than the window; a second one may not come on top. Counted by
  // session, as the client does: what it sends again may still be under way from an earlier one.
  if (isOver && !alone) {
    return refused('window-exceeded', 'more in flight than the welcome allows');
  }
  return { type: 'fits', batches };
}

function refused(code: ErrorCode, message: string): CheckedEdit {
  return { type: 'refused', code, message };
}
