/**
 * Deletes a document with its snapshots: the log first (log-maintenance.ts), after which nobody
 * adds a pointer and none is left, then the bodies.
 *
 * A snapshot that is being made meanwhile gets no pointer, and whoever makes it removes its body.
 */
import type { ObjectStorePort } from '../../engine/driver/ports.ts';
import {
  type DeleteResult,
  type DeletionOptions,
  deleteDocument,
} from '../postgres/log-maintenance.ts';
import { removeBody } from './remove-snapshots.ts';
import { snapshotFolder } from './snapshot-key.ts';

export type DeletionResult =
  | (Extract<DeleteResult, { outcome: 'deleted' }> & { readonly bodiesRemoved: number })
  | Extract<DeleteResult, { outcome: 'absent' }>;

/**
 * As `deleteDocument`, and for ever as well. Also rejects when the object store fails: the document
 * is deleted then, and the same call again removes what is left.
 */
export async function deleteWithSnapshots(
  document: string,
  { objects, ...options }: DeletionOptions & { readonly objects: ObjectStorePort },
): Promise<DeletionResult> {
  const result = await deleteDocument(document, options);
  if (result.outcome === 'absent') return result;
  const keys = await new Promise<readonly string[] | null>((done) =>
    objects.list(snapshotFolder(document), done),
  );
  if (keys === null) {
    throw new Error(
      `${document}: deleted, but the object store did not tell which bodies of snapshots are ` +
        'left: try again',
    );
  }
  for (const key of keys) await removeBody(objects, key);
  return { ...result, bodiesRemoved: keys.length };
}
