/**
 * Under which keys bodies of snapshots lie:
 *
 *   snapshots/<document>/<epoch>-<lsn>-<ms since 1970, base 36>-<random>
 *
 * Random: nodes that make one of the same row make two. The time, by the clock of the node that
 * made it, tells how old a body without a pointer is. The document `.` or `..`, which no key has as
 * a part, has a folder beside.
 */
import { randomBytes } from 'node:crypto';

/** Of all of them, and of no other object. */
export const snapshotPrefix = 'snapshots';

/** Below which all bodies of a document lie, and no others. */
export function snapshotFolder(document: string): string {
  const isDots = document === '.' || document === '..';
  return isDots ? `${snapshotPrefix}-dots/${document.length}/` : `${snapshotPrefix}/${document}/`;
}

export function newSnapshotKey(
  document: string,
  { epoch, lsn }: { readonly epoch: number; readonly lsn: number },
): string {
  const time = Date.now().toString(36);
  return `${snapshotFolder(document)}${epoch}-${lsn}-${time}-${randomBytes(8).toString('hex')}`;
}

/** When the body was made, ms since 1970; null: the key is none of a snapshot. */
export function snapshotKeyTime(key: string): number | null {
  const found = /^snapshots(?:-dots)?\/[^/]+\/\d+-\d+-([0-9a-z]{1,10})-[0-9a-f]{16}$/.exec(key);
  return found === null ? null : Number.parseInt(found[1] ?? '', 36);
}
