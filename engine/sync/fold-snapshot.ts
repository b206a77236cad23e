/**
 * A fold as bytes and back: the snapshot that a newcomer loads, and that later lies in object
 * storage.
 */
import type { OpId } from '../../proto/batch.ts';
import { decodeSnapshot, encodeSnapshot } from '../../proto/snapshot-codec.ts';
import { Sequence } from '../text/sequence.ts';
import { Fold } from './fold.ts';

/**
 * The whole state at the fold's LSN. `bindings`: with secrets' hashes and principals; never to a
 * client.
 */
export function snapshotOf(fold: Fold, options: { readonly bindings: boolean }): Uint8Array {
  const replicas = fold.table.entries.map(({ replica, since, binding }) => ({
    id: replica,
    last: fold.committed.get(replica),
    since,
    ...(options.bindings && binding !== null ? { binding } : {}),
  }));
  const voided = [...fold.voided].flatMap(([lsn, positions]) =>
    positions.map((position) => ({ lsn, position })),
  );
  const { spans, text, deletions } = fold.sequence.toSnapshot();
  // The format wants authors in the order of their names, the sequence has them by id.
  const nameOf = ({ id }: { readonly id: OpId }): number => fold.table.indexOf(id.replica);
  const ordered = deletions.toSorted(
    (a, b) => nameOf(a) - nameOf(b) || a.id.timestamp - b.id.timestamp,
  );
  return encodeSnapshot({ ...fold.cursor, replicas, voided, spans, text, deletions: ordered });
}

/** Throws DecodeError when the bytes are damaged or of a format that this version cannot read. */
export function foldOf(bytes: Uint8Array): Fold {
  const snapshot = decodeSnapshot(bytes);
  return Fold.resume(snapshot, Sequence.fromSnapshot(snapshot));
}
