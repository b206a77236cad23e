/**
 * Makes a document's next snapshot: from the one before it and the log, never from what a node has
 * in memory.
 *
 *   newest snapshot ─▶ rows after it ─▶ encode ─▶ body under a new key ─▶ pointer
 *
 * A crash between two steps leaves a body without a pointer at worst, which nobody reads. Nodes
 * that do it at once make two snapshots where one would do. The rows may change under the fold when
 * a failover takes some: the index adds the pointer only if the log still has its last row, and
 * then it has all those before it.
 */
import type { Compression } from '../../proto/compression.ts';
import { DecodeError } from '../../proto/decode-error.ts';
import { snapshotOf } from '../sync/fold-snapshot.ts';
import { Playback } from '../sync/playback.ts';
import type { LogPort, SnapshotPointer } from './ports.ts';
import { loadSnapshot, type SnapshotSource } from './snapshot-loader.ts';

export interface SnapshotMakerParts extends SnapshotSource {
  readonly log: Pick<LogPort, 'read'>;
  /** Of one page of the log. */
  readonly pageBytesMax: number;
  /** If less came after the newest snapshot, in rows and in bytes of bodies, none is made. */
  readonly leastGrowth: { readonly rows: number; readonly bytes: number };
  /** With which the body is stored; absent = none. */
  readonly compression?: Compression;
  /** A key that was never used. */
  readonly newKey: (document: string, place: { epoch: number; lsn: number }) => string;
}

export type MakeOutcome =
  | { readonly type: 'made'; readonly pointer: SnapshotPointer }
  /** The newest one is new enough; LSN 0: there is nothing to make one of. */
  | { readonly type: 'fresh'; readonly lsn: number }
  | { readonly type: 'failed'; readonly reason: string };

/** After every row that is there. */
const head = { type: 'lsn', lsn: Number.MAX_SAFE_INTEGER } as const;

export function makeSnapshot(
  parts: SnapshotMakerParts,
  document: string,
  done: (outcome: MakeOutcome) => void,
): void {
  loadSnapshot(parts, document, head, (found) => {
    if (found === 'failed') {
      done({ type: 'failed', reason: 'the database did not tell which snapshots there are' });
      return;
    }
    const playback = found === null ? new Playback(head) : new Playback(head, found.fold);
    replay(parts, { document, playback, since: found?.pointer.lsn ?? 0, bytes: 0, done });
  });
}

interface Making {
  readonly document: string;
  readonly playback: Playback;
  /** LSN of the snapshot before it; 0 = none. */
  readonly since: number;
  /** Of bodies that were read. */
  readonly bytes: number;
  readonly done: (outcome: MakeOutcome) => void;
}

function replay(parts: SnapshotMakerParts, making: Making): void {
  const { document, playback, since, done } = making;
  const { leastGrowth } = parts;
  parts.log.read(document, playback.afterLsn, parts.pageBytesMax, (page) => {
    if (page === null) {
      done({ type: 'failed', reason: 'the log could not be read' });
      return;
    }
    const reason = feed(playback, page);
    const bytes = page.rows.reduce((sum, { body }) => sum + body.length, making.bytes);
    const hasGrown = playback.fold.lsn - since >= leastGrowth.rows || bytes >= leastGrowth.bytes;
    if (reason !== null) done({ type: 'failed', reason });
    else if (playback.answer === null) replay(parts, { ...making, bytes });
    else if (playback.fold.lsn === since || !hasGrown) done({ type: 'fresh', lsn: since });
    else store(parts, making);
  });
}

function feed(playback: Playback, page: Parameters<Playback['feed']>[0]): string | null {
  try {
    return playback.feed(page)
      ? null
      : 'the history changed, or the rows that come next were pruned';
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return error.message;
  }
}

function store(parts: SnapshotMakerParts, { document, playback, done }: Making): void {
  const { fold } = playback;
  const { epoch, lsn, at } = fold;
  const { compression } = parts;
  const bytes = snapshotOf(fold, { bindings: true, ...(compression && { compression }) });
  const key = parts.newKey(document, { epoch, lsn });
  const pointer = { epoch, lsn, at, key, bytes: bytes.length, checksum: parts.checksumOf(bytes) };
  parts.objects.put(key, bytes, (isStored) => {
    if (!isStored) {
      done({ type: 'failed', reason: 'the object store did not take the body' });
      return;
    }
    parts.index.add(document, pointer, (outcome) => {
      if (outcome === 'added') done({ type: 'made', pointer });
      else if (outcome === 'unknown') {
        done({ type: 'failed', reason: 'the database did not take the pointer' });
      } else {
        const failed = { type: 'failed', reason: 'the log has another history now' } as const;
        // Whether or not: without a pointer nobody reads it.
        parts.objects.remove(key, () => done(failed));
      }
    });
  });
}
