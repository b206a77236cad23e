/**
 * Bodies of snapshots without a pointer: what a crash between two steps, or a body that could not
 * be removed, has left. Nobody reads them.
 *
 * One that is young may be about to get its pointer: it is none yet. Its age is by the time in its
 * key, which a node's clock wrote, and the database's clock. A store that serves several databases
 * needs a prefix for each: what another database points to is an orphan here.
 */
import type { ObjectStorePort } from '../../engine/driver/ports.ts';
import { removeBody, type SnapshotStores } from './remove-snapshots.ts';
import { snapshotKeyTime, snapshotPrefix } from './snapshot-key.ts';

export interface OrphanOptions {
  /** Younger bodies are left alone: far longer than making one takes, and than clocks differ. */
  readonly graceMs?: number;
  /** Called after each step. */
  readonly onProgress?: (done: number, all: number) => void;
}

export interface FoundOrphans {
  /** Bodies of snapshots that there are. */
  readonly bodies: number;
  /** Keys of those without a pointer, in their order. */
  readonly orphans: readonly string[];
  /** How many have none either, but are too young to tell. */
  readonly young: number;
}

const defaultGraceMs = 3_600_000;
/** Keys that one statement asks for. */
const batchKeys = 1_000;

/** Rejects if the database or the object store fails. */
export async function findOrphans(
  { index, objects }: SnapshotStores,
  { graceMs = defaultGraceMs, onProgress = () => {} }: OrphanOptions = {},
): Promise<FoundOrphans> {
  const keys = await bodiesOf(objects);
  // Before the pointers are asked for: what gets one meanwhile is young.
  const now = await index.now();
  const orphans: string[] = [];
  let young = 0;
  for (let start = 0; start < keys.length; start += batchKeys) {
    const batch = keys.slice(start, start + batchKeys);
    const pointed = await index.pointed(batch);
    for (const key of batch) {
      if (pointed.has(key)) continue;
      if (now - (snapshotKeyTime(key) ?? now) > graceMs) orphans.push(key);
      else young += 1;
    }
    onProgress(start + batch.length, keys.length);
  }
  return { bodies: keys.length, orphans, young };
}

/** Removes what `findOrphans` found. Rejects at the first that the object store does not remove. */
export async function removeOrphans(
  { objects }: Pick<SnapshotStores, 'objects'>,
  { orphans }: Pick<FoundOrphans, 'orphans'>,
  { onProgress = () => {} }: Pick<OrphanOptions, 'onProgress'> = {},
): Promise<void> {
  for (const [done, key] of orphans.entries()) {
    await removeBody(objects, key);
    onProgress(done + 1, orphans.length);
  }
}

/** Keys of every body of a snapshot; other objects are not looked at. */
async function bodiesOf(objects: ObjectStorePort): Promise<readonly string[]> {
  const keys = await new Promise<readonly string[] | null>((done) =>
    objects.list(snapshotPrefix, done),
  );
  if (keys === null) throw new Error('the object store did not tell which objects there are');
  return keys.filter((key) => snapshotKeyTime(key) !== null);
}
