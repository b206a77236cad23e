/**
 * Taking snapshots away: the pointer first, then the body, so that no pointer is ever left without
 * its body. What fails in between leaves a body that nobody reads (orphans.ts).
 */
import type { ObjectStorePort } from '../../engine/driver/ports.ts';
import { superfluousSnapshots, type ThinningPolicy } from '../../engine/sync/snapshot-thinning.ts';
import type { SnapshotIndex } from '../postgres/snapshot-index.ts';

export interface SnapshotStores {
  readonly index: SnapshotIndex;
  readonly objects: ObjectStorePort;
}

/** Rejects if the database or the object store fails. */
export async function removeSnapshot(
  { index, objects }: SnapshotStores,
  key: string,
): Promise<void> {
  await index.remove(key);
  await removeBody(objects, key);
}

export async function removeBody(objects: ObjectStorePort, key: string): Promise<void> {
  const isRemoved = await new Promise<boolean>((done) => objects.remove(key, done));
  if (!isRemoved) throw new Error(`the object store did not remove ${key}`);
}

/**
 * Removes what the policy lets go, and what is of no history any more. Returns how many. Stops when
 * somebody else thins or prunes at this moment. Rejects as above.
 */
export async function thinSnapshots(
  stores: SnapshotStores,
  document: string,
  policy: ThinningPolicy,
): Promise<number> {
  const list = await stores.index.list(document);
  if (list === null) return 0;
  const { snapshots, prunedLsn, now } = list;
  const of = (isOfThisLog: boolean) =>
    snapshots.filter((each) => each.isOfThisLog === isOfThisLog).map(({ pointer }) => pointer);
  const pointers = of(true);
  const gone = [...of(false), ...superfluousSnapshots({ pointers, prunedLsn, now }, policy)];
  for (const [removed, { key }] of gone.entries()) {
    if (!(await stores.index.thin(document, key, prunedLsn))) return removed;
    await removeBody(stores.objects, key);
  }
  return gone.length;
}
