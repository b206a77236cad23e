/**
 * Under which replica an edit of an HTTP caller is made, and what the log binds that replica to:
 * how an idempotency key works on every node and for ever without an index of its own.
 *
 *   replica      53 bits of SHA-256(document, epoch, key)
 *   secretHash   16 bytes of SHA-256(key, request) | 16 bytes of SHA-256(the batch)
 *
 * A fold that knows the replica has the edit, at the row in which the replica first appears. Two
 * nodes may get one key at once, each with another head: the fold applies the row that comes first.
 * The other one's batch is covered if it is the same, and void if not: a part of the hash is about
 * the batch, so that one which only begins like the first is not taken for its continuation.
 *
 * The epoch is in it because an id must never stand for two characters: after a backup was
 * restored the edit may be gone, and is then made again by another replica. If it is not gone, the
 * first half of the hash tells that it is the same request.
 *
 * Nobody can connect as such a replica: there is no secret with that hash.
 */
import { createHash } from 'node:crypto';
import type { Fold } from '../../engine/sync/fold.ts';
import type { Moment } from '../../engine/sync/playback.ts';
import type { ServerEdit } from '../../engine/sync/server-edit.ts';
import type { Batch, Binding } from '../../proto/batch.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';

export interface EditRequest {
  readonly document: string;
  /** Who asks, as the log keeps it. */
  readonly principal: string;
  /** The same when the request is made again; of the document, so callers should make it random. */
  readonly key: string;
  readonly wish: EditWish;
}

export type EditWish =
  /** `base`: LSN at which the caller saw the text; null = the head. */
  | { readonly type: 'edits'; readonly edits: readonly ServerEdit[]; readonly base: number | null }
  /** The text shall be again what it was. */
  | { readonly type: 'restore'; readonly moment: Moment };

/** Bytes of each half of a binding's hash. */
const halfBytes = 16;

/** The replica of the request in a history. */
export function editReplica({ document, key }: EditRequest, epoch: number): number {
  const hash = sha256(JSON.stringify([document, epoch, key]));
  return Number(hash.readBigUInt64BE() >> 11n) || 1;
}

/** What the batch of the request carries; `batch` has no binding yet. */
export function editBinding(request: EditRequest, batch: Batch): Binding {
  const content = sha256(encodeUpdate({ batches: [batch] })).subarray(0, halfBytes);
  const secretHash = Buffer.concat([requestHash(request), content]);
  return { secretHash, principal: request.principal };
}

/**
 * Where the fold has the edit of this request: the row and its replica. `reused`: the key was used
 * for something else. null: it is not there.
 */
export function findEdit(
  fold: Fold,
  request: EditRequest,
): { readonly lsn: number; readonly replica: number } | 'reused' | null {
  const hash = requestHash(request);
  const isSame = (binding: Binding | null): boolean =>
    binding !== null && hash.equals(binding.secretHash.subarray(0, halfBytes));
  const own = fold.table.entryOf(editReplica(request, fold.epoch));
  if (own !== null && !isSame(own.binding)) return 'reused';
  const found = own ?? fold.table.entries.find(({ binding }) => isSame(binding));
  return found === undefined ? null : { lsn: found.since, replica: found.replica };
}

function requestHash({ key, principal, wish }: EditRequest): Buffer {
  return sha256(JSON.stringify([key, principal, canonical(wish)])).subarray(0, halfBytes);
}

/** In one order, whatever the order of the caller's fields. */
function canonical(wish: EditWish): unknown {
  if (wish.type === 'restore') {
    const { moment } = wish;
    return ['restore', moment.type, moment.type === 'lsn' ? moment.lsn : moment.at];
  }
  const edits = wish.edits.map((edit) => [
    edit.type,
    'index' in edit ? edit.index : null,
    'length' in edit ? edit.length : null,
    'text' in edit ? edit.text : null,
  ]);
  return ['edits', wish.base, edits];
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}
