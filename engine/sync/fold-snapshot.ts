/**
 * A fold as bytes and back: the snapshot that a newcomer loads, and that later lies in object
 * storage.
 */
import type { Compression } from '../../proto/compression.ts';
import { decodeSnapshot, encodeSnapshot, type ReadOptions } from '../../proto/snapshot-format.ts';
import { Sequence } from '../text/sequence.ts';
import { Fold } from './fold.ts';

/**
 * The whole state at the fold's LSN. `bindings`: with secrets' hashes and principals; never to a
 * client.
 */
export function snapshotOf(
  fold: Fold,
  options: { readonly bindings: boolean; readonly compression?: Compression },
): Uint8Array {
  const replicas = fold.table.entries.map(({ replica, since, binding }) => ({
    id: replica,
    last: fold.committed.get(replica),
    since,
    ...(options.bindings && binding !== null ? { binding } : {}),
  }));
  const voided = [...fold.voided].flatMap(([lsn, positions]) =>
    positions.map((position) => ({ lsn, position })),
  );
  const authors = replicas.map(({ id }) => id);
  const state = { ...fold.cursor, replicas, voided, ...fold.sequence.toSnapshot(authors) };
  return encodeSnapshot(state, options);
}

/** Throws DecodeError when the bytes are damaged or of a format that this version cannot read. */
export function foldOf(bytes: Uint8Array, options: ReadOptions = {}): Fold {
  const state = decodeSnapshot(bytes, options);
  const authors = state.replicas.map(({ id }) => id);
  return Fold.resume(state, Sequence.fromSnapshot({ ...state, authors }));
}
