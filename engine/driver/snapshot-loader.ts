/**
 * Finds the newest snapshot that is no later than a moment and can be read. A body that is absent,
 * damaged or of an unknown format is told to the operator and passed over: the one before it and
 * more rows make the same document.
 */
import type { Compression } from '../../proto/compression.ts';
import { DecodeError } from '../../proto/decode-error.ts';
import type { Fold } from '../sync/fold.ts';
import { foldOf } from '../sync/fold-snapshot.ts';
import type { Moment } from '../sync/playback.ts';
import type { ObjectStorePort, SnapshotIndexPort, SnapshotPointer } from './ports.ts';

/** How many are tried: more bad ones in a row are not an accident of one body. */
const attemptsMax = 4;

/** Why a snapshot was passed over. */
export interface BadSnapshot {
  readonly document: string;
  readonly pointer: SnapshotPointer;
  /** `unreachable`: the store did not answer; the others are about the body. */
  readonly reason: 'unreachable' | 'absent' | 'checksum' | 'unreadable';
  readonly detail: string;
}

export interface SnapshotSource {
  readonly index: SnapshotIndexPort;
  readonly objects: ObjectStorePort;
  /** As in SnapshotPointer. */
  readonly checksumOf: (bytes: Uint8Array) => string;
  /** Those with which bodies may be stored. */
  readonly compressions: readonly Compression[];
  readonly onBad: (bad: BadSnapshot) => void;
}

/** What loading needs of it. */
interface ReadableSource extends Omit<SnapshotSource, 'objects'> {
  readonly objects: Pick<ObjectStorePort, 'get'>;
}

export interface LoadedSnapshot {
  readonly pointer: SnapshotPointer;
  /** Of its own: it may be taken over and changed. */
  readonly fold: Fold;
}

/** null: there is none that can be read; 'failed': the index did not answer. */
export function loadSnapshot(
  source: ReadableSource,
  document: string,
  moment: Moment,
  done: (found: LoadedSnapshot | null | 'failed') => void,
): void {
  source.index.newest(document, moment, attemptsMax, (pointers) => {
    if (pointers === null) done('failed');
    else tryNext(source, document, pointers, done);
  });
}

function tryNext(
  source: ReadableSource,
  document: string,
  [pointer, ...others]: readonly SnapshotPointer[],
  done: (found: LoadedSnapshot | null) => void,
): void {
  if (pointer === undefined) {
    done(null);
    return;
  }
  source.objects.get(pointer.key, (bytes) => {
    const read = readBody(source, pointer, bytes);
    if ('fold' in read) {
      done({ pointer, fold: read.fold });
      return;
    }
    source.onBad({ document, pointer, ...read });
    tryNext(source, document, others, done);
  });
}

/** The fold that a pointer promises, or why its body is not it. */
export function readBody(
  { checksumOf, compressions }: Pick<SnapshotSource, 'checksumOf' | 'compressions'>,
  pointer: SnapshotPointer,
  bytes: Uint8Array | null | 'failed',
): { readonly fold: Fold } | Pick<BadSnapshot, 'reason' | 'detail'> {
  if (bytes === 'failed') return { reason: 'unreachable', detail: 'the object store failed' };
  if (bytes === null) return { reason: 'absent', detail: `there is no ${pointer.key}` };
  const checksum = checksumOf(bytes);
  if (bytes.length !== pointer.bytes || checksum !== pointer.checksum) {
    const found = `${bytes.length} bytes with checksum ${checksum}`;
    const promised = `${pointer.bytes} with ${pointer.checksum}`;
    return { reason: 'checksum', detail: `${found} in place of ${promised}` };
  }
  try {
    const fold = foldOf(bytes, { compressions });
    if (fold.lsn !== pointer.lsn || fold.at !== pointer.at) {
      const detail = `row ${fold.lsn} of ${fold.at} in place of ${pointer.lsn} of ${pointer.at}`;
      return { reason: 'unreadable', detail };
    }
    // An operator may have given the document a new epoch: the pointer knows, the body does not.
    fold.epoch = pointer.epoch;
    return { fold };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { reason: 'unreadable', detail: error.message };
  }
}
