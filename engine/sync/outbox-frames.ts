/** What of an outbox can be sent now, as encoded frames. */
import { batchLast, batchOperations } from '../../proto/batch.ts';
import { encodeEdit } from './edit-frame.ts';
import type { Outbox } from './outbox.ts';
import type { ReplicaConnection } from './replica-connection.ts';
import type { ReplicaTable } from './replica-table.ts';

export interface OutboxSource {
  readonly outbox: Outbox;
  readonly table: ReplicaTable;
  /** Own timestamp up to which the local store has everything. */
  readonly storedThrough: number;
  readonly frameOperationsMax: number;
  readonly wallMs: number;
}

/**
 * The next frame, noted as sent on the connection; null: nothing is left that may be sent, or the
 * window is full.
 */
export function nextEditFrame(
  connection: ReplicaConnection,
  from: OutboxSource,
): Uint8Array | null {
  const { outbox, table, storedThrough, frameOperationsMax, wallMs } = from;
  const { sentThrough } = connection;
  const stored = storedThrough - sentThrough;
  if (stored <= 0) return null;
  const operationsMax = Math.min(frameOperationsMax, stored);
  const batch = outbox.next(sentThrough, { operationsMax, wallMs });
  // A piece may be longer, where a cut would part what belongs together.
  if (batch === null || batchLast(batch) > storedThrough) return null;
  const operations = batchOperations(batch);
  const bytes = encodeEdit(batch, table);
  if (!connection.allows(bytes.length, operations)) return null;
  connection.sent({ last: batchLast(batch), bytes: bytes.length, operations });
  return bytes;
}
