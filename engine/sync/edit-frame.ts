/** A replica's batch as the frame that brings it to the server. */
import { type Batch, renameBatch } from '../../proto/batch.ts';
import { encodeClientFrame } from '../../proto/client-frame.ts';
import { assert } from '../assert.ts';
import type { ReplicaTable } from './replica-table.ts';

/** `table`: the names of the others; the author itself is 0. */
export function encodeEdit(batch: Batch, table: ReplicaTable): Uint8Array {
  const named = renameBatch(batch, (replica) => {
    const name = replica === batch.replica ? 0 : table.indexOf(replica);
    assert(name !== 0 || replica === batch.replica, `replica ${replica} has no name here`);
    return name;
  });
  return encodeClientFrame({ channel: 0, body: { type: 'edit', batches: [named] } });
}
