/**
 * Prunes the beginning of a document's history up to a snapshot, which is then all that is left of
 * it. So its body is read first, and must be what its pointer promises; one that is not is told,
 * and the one before it is taken.
 *
 *   newest snapshot at or before the moment ─▶ read, compared ─▶ rows up to it ─▶ older snapshots
 */
import type { SnapshotPointer } from '../../engine/driver/ports.ts';
import {
  type BadSnapshot,
  type LoadedSnapshot,
  loadSnapshot,
} from '../../engine/driver/snapshot-loader.ts';
import type { Moment } from '../../engine/sync/playback.ts';
import {
  type MaintenanceOptions,
  type PruneResult,
  pruneDocument,
} from '../postgres/log-maintenance.ts';
import type { ListedSnapshot } from '../postgres/snapshot-statements.ts';
import { removeSnapshot, type SnapshotStores } from './remove-snapshots.ts';
import { snapshotBody } from './snapshot-body.ts';

export interface PruningOptions extends MaintenanceOptions, SnapshotStores {
  /** A snapshot that was passed over. */
  readonly onBad?: (bad: BadSnapshot) => void;
}

/**
 * - no-snapshot: there is none at or before the moment that can be read, or no such document;
 *   nothing was changed.
 * - The others as in PruneResult.
 */
export type PruningResult =
  | {
      readonly outcome: 'pruned';
      /** What the history begins with now. */
      readonly snapshot: SnapshotPointer;
      readonly rowsRemoved: number;
      readonly snapshotsRemoved: number;
    }
  | { readonly outcome: 'no-snapshot' }
  | Exclude<PruneResult, { readonly outcome: 'pruned' }>;

/**
 * Moments at and after the one that is given stay as they are; those before the snapshot are gone
 * for good. Rejects if the database or the object store fails; the same call again does the rest.
 */
export async function pruneToSnapshot(
  document: string,
  moment: Moment,
  options: PruningOptions,
): Promise<PruningResult> {
  const found = await loadVerified(document, moment, options);
  if (found === null) return { outcome: 'no-snapshot' };
  const { pointer } = found;
  // While the rows can tell: of a pruned row nobody can say any more that a pointer is not its.
  await removeWhere(options, document, ({ isOfThisLog }) => !isOfThisLog);
  const result = await pruneDocument(document, pointer, options);
  if (result.outcome !== 'pruned') return result;
  const isOlder = (each: ListedSnapshot): boolean => each.pointer.lsn < pointer.lsn;
  const snapshotsRemoved = await removeWhere(options, document, isOlder);
  return { ...result, snapshot: pointer, snapshotsRemoved };
}

async function loadVerified(
  document: string,
  moment: Moment,
  { index, objects, onBad = () => {} }: PruningOptions,
): Promise<LoadedSnapshot | null> {
  const source = { index, objects, ...snapshotBody, onBad };
  const found = await new Promise<LoadedSnapshot | null | 'failed'>((done) =>
    loadSnapshot(source, document, moment, done),
  );
  if (found === 'failed') throw new Error('the database did not tell which snapshots there are');
  return found;
}

/** Returns how many there were. */
async function removeWhere(
  stores: SnapshotStores,
  document: string,
  goes: (each: ListedSnapshot) => boolean,
): Promise<number> {
  const { snapshots = [] } = (await stores.index.list(document)) ?? {};
  const gone = snapshots.filter(goes);
  for (const { pointer } of gone) await removeSnapshot(stores, pointer.key);
  return gone.length;
}
