/**
 * Job: from a request for an edit to the row that does it, or to the row that has done it already.
 * It changes nothing: who asks again gets the present answer.
 */
import { assert } from '../../engine/assert.ts';
import { Fold } from '../../engine/sync/fold.ts';
import {
  composeEdits,
  composeRestore,
  countsOf,
  EditRefusedError,
} from '../../engine/sync/server-edit.ts';
import type { Batch } from '../../proto/batch.ts';
import { clientFrameBytesMax } from '../../proto/limits.ts';
import { encodeUpdate } from '../../proto/update-codec.ts';
import type { PastMoment } from './asked-moment.ts';
import { type EditRequest, editBinding, editReplica, findEdit } from './edit-identity.ts';
import type { JobTools } from './history-job.ts';
import { HistoryRefusal } from './history-refusal.ts';

/** As many as a client may make in one frame: nodes and clients are known to bear that. */
const operationsMax = 2 ** 22;
const bodyBytesMax = clientFrameBytesMax;

export type ComposedEdit =
  | {
      readonly type: 'append';
      readonly epoch: number;
      /** The last row that was looked at. */
      readonly headLsn: number;
      readonly replica: number;
      readonly body: Uint8Array;
      readonly inserted: number;
      readonly deleted: number;
    }
  | {
      readonly type: 'done';
      readonly epoch: number;
      readonly lsn: number;
      readonly replica: number;
    }
  /** The text is as wanted without a row. Of a document that is not there: all 0. */
  | {
      readonly type: 'unchanged';
      readonly epoch: number;
      readonly lsn: number;
      readonly at: number;
    };

export interface EditJob {
  readonly type: 'edit';
  readonly request: EditRequest;
  /** Of the document, if this edit creates it. */
  readonly newEpoch: number;
}

export interface EditAnswer {
  readonly type: 'edit';
  readonly edit: ComposedEdit;
}

/** Throws HistoryRefusal. */
export async function composeEdit(
  { request, newEpoch }: EditJob,
  tools: JobTools,
): Promise<EditAnswer> {
  const { document, wish } = request;
  const head = await headOf(document, wish.type === 'edits' ? newEpoch : 0, tools);
  try {
    return { type: 'edit', edit: await composeAt(head, request, tools) };
  } catch (error) {
    throw error instanceof EditRefusedError ? refusalOf(error) : error;
  } finally {
    tools.source.giveBack(document, head);
  }
}

async function composeAt(head: Fold, request: EditRequest, tools: JobTools): Promise<ComposedEdit> {
  const { epoch, lsn, at } = head;
  const found = findEdit(head, request);
  if (found === 'reused') {
    const detail = 'this key was used for another request to this document; take a new one';
    throw new HistoryRefusal('idempotency-key-reused', detail);
  }
  if (found !== null) return { type: 'done', epoch, ...found };
  const replica = editReplica(request, epoch);
  const batch = await batchOf(head, request, replica, tools);
  if (batch === null) return { type: 'unchanged', epoch: lsn === 0 ? 0 : epoch, lsn, at };
  const body = encodeUpdate({ batches: [{ ...batch, binding: editBinding(request, batch) }] });
  if (body.length > bodyBytesMax) {
    const detail = `a row of ${body.length} bytes, ${bodyBytesMax} is the limit`;
    throw new HistoryRefusal('too-large', detail);
  }
  return { type: 'append', epoch, headLsn: lsn, replica, body, ...countsOf(batch) };
}

function refusalOf({ code, message }: EditRefusedError): HistoryRefusal {
  return new HistoryRefusal(code, message);
}

/** The fold at the head; empty and of `newEpoch` (0 = a refusal) if nothing was ever written. */
async function headOf(
  document: string,
  newEpoch: number,
  { source, deadline }: JobTools,
): Promise<Fold> {
  try {
    return (await source.foldAt(document, { type: 'now' }, deadline)).fold;
  } catch (error) {
    const isAbsent = error instanceof HistoryRefusal && error.code === 'unknown-document';
    if (!isAbsent || newEpoch === 0) throw error;
    return new Fold(newEpoch);
  }
}

/** The batch of the request; null if it changes nothing. */
async function batchOf(
  head: Fold,
  request: EditRequest,
  replica: number,
  { source, deadline }: JobTools,
): Promise<Batch | null> {
  const { document, wish } = request;
  const bounds = { replica, operationsMax };
  const isNow = wish.type === 'edits' && (wish.base === null || wish.base === head.lsn);
  if (isNow) return composeEdits(head, wish.edits, bounds);
  const moment: PastMoment =
    wish.type === 'edits' ? { type: 'lsn', lsn: wish.base ?? head.lsn } : wish.moment;
  const { fold: past } = await source.foldAt(document, moment, deadline);
  try {
    if (past.epoch !== head.epoch || past.lsn > head.lsn) {
      throw new HistoryRefusal('history-changed', 'the history changed just now; ask again');
    }
    if (wish.type === 'restore') return composeRestore(head, past.committed, bounds);
    const batch = composeEdits(past, wish.edits, bounds);
    const verdict = batch && head.judge(batch);
    assert(verdict?.type !== 'void', `an edit at row ${past.lsn} is void`);
    return batch;
  } finally {
    source.giveBack(document, past);
  }
}
