/**
 * An edit on behalf of an HTTP caller, from the request to a row that everybody has.
 *
 *   compose ── done ─────────────────────────────────▶ answered from its row
 *      │  ▲
 *      │  └── unknown, another epoch, something came between: again, at most attemptsMax times
 *      ▼
 *   append ── committed ──▶ other nodes and the own sessions are told ──▶ answered
 *
 * An append whose outcome is unknown may still come to the log after the next one: both have the
 * same replica, and the fold takes the first (edit-identity.ts). So the answer is read from the
 * fold unless no other row can have come between, and whoever asks again with the same key gets the
 * same answer.
 */
import { assert } from '../../engine/assert.ts';
import type { AppendResult, LogPage, LogPort } from '../../engine/driver/ports.ts';
import type { Random } from '../../engine/random.ts';
import { Backoff } from '../../engine/sync/backoff.ts';
import { CommitLedger, type DurableRow, rowFromLog } from '../../engine/sync/durability.ts';
import { countsOf } from '../../engine/sync/server-edit.ts';
import type { ProblemCode } from '../../proto/codes.ts';
import type { EditRequest } from './edit-identity.ts';
import type { ComposedEdit, EditJob } from './edit-job.ts';
import { HistoryRefusal } from './history-refusal.ts';

/** With the waits between them, as long as a database takes to be back after a restart. */
const attemptsMax = 8;
const retryMinMs = 50;
const retryMaxMs = 2_000;

/** Whatever was appended before has done nothing, and will not. */
const finalCodes: readonly ProblemCode[] = ['document-deleted', 'idempotency-key-reused'];

export interface EditParts {
  /** See composeEdit. Rejects with HistoryRefusal. */
  readonly compose: (job: EditJob) => Promise<ComposedEdit>;
  readonly log: LogPort;
  /** For the other nodes and the own gateway: a row is in the log. */
  readonly announce: (document: string, row: DurableRow) => void;
  readonly random: Random;
  readonly wait: (ms: number) => Promise<void>;
}

export interface EditDone {
  readonly type: 'done';
  readonly epoch: number;
  /** The row that did it. To restore the one before it takes it back. */
  readonly lsn: number;
  readonly replica: number;
  /** What the row tells; null: it was removed from the log since. */
  readonly row: {
    readonly at: number;
    readonly inserted: number;
    readonly deleted: number;
  } | null;
}

export type EditOutcome = EditDone | Extract<ComposedEdit, { type: 'unchanged' }>;

/**
 * Makes the edit once, however often and wherever it is asked for. Throws HistoryRefusal; with the
 * code `outcome-unknown` the edit may be done or not, and the same request may be made again.
 */
export async function editDocument(parts: EditParts, request: EditRequest): Promise<EditOutcome> {
  const { random, wait } = parts;
  const backoff = new Backoff(retryMinMs, retryMaxMs);
  const job: EditJob = { type: 'edit', request, newEpoch: random.id() };
  /** A row of this call is in the log, or may be, or may come. */
  let mayBeDone = false;
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const composed = await compose(parts, job, { mayBeDone });
    if (composed?.type === 'unchanged' && !mayBeDone) return composed;
    if (composed?.type === 'done') {
      const done = await readDone(parts, request, composed, { isAnnounced: !mayBeDone });
      if (done !== null) return done;
    }
    if (composed?.type === 'append') {
      const outcome = await append(parts, request, composed);
      if (typeof outcome === 'object') return outcome;
      mayBeDone ||= outcome !== 'epoch';
      if (outcome !== 'unknown') continue;
    }
    if (attempt < attemptsMax) await wait(backoff.next(random));
  }
  if (!mayBeDone) throw new HistoryRefusal('unavailable', 'the database did not answer; ask again');
  const detail = 'the edit may be done or not; make the same request with the same key';
  throw new HistoryRefusal('outcome-unknown', detail);
}

/** null: later it may be possible. */
async function compose(
  parts: EditParts,
  job: EditJob,
  { mayBeDone }: { readonly mayBeDone: boolean },
): Promise<ComposedEdit | null> {
  try {
    return await parts.compose(job);
  } catch (error) {
    if (!(error instanceof HistoryRefusal)) throw error;
    const mayPass = error.code === 'unavailable' || error.code === 'history-changed';
    // What could not be made at this head may have been made at an earlier one, and still come.
    if (mayPass || (mayBeDone && !finalCodes.includes(error.code))) return null;
    throw error;
  }
}

/** `committed`: something else came between; `unknown`: the row may be there, or come. */
async function append(
  { log, announce }: EditParts,
  { document }: EditRequest,
  composed: Extract<ComposedEdit, { type: 'append' }>,
): Promise<EditDone | 'committed' | 'unknown' | 'epoch'> {
  const { epoch, headLsn, replica, body, inserted, deleted } = composed;
  const ledger = new CommitLedger();
  const id = ledger.begin(epoch, body);
  const result = await new Promise<AppendResult>((done) => log.append(document, epoch, body, done));
  const row = ledger.settle(id, result);
  if (row !== null) {
    announce(document, row);
    const { lsn, at } = row;
    // What came between may have been made with the same key.
    if (lsn !== headLsn + 1) return 'committed';
    return { type: 'done', epoch, lsn, replica, row: { at, inserted, deleted } };
  }
  if (result.outcome !== 'rejected') return 'unknown';
  switch (result.code) {
    case 'epoch':
      return 'epoch';
    case 'deleted':
      throw new HistoryRefusal('document-deleted', `${document} was deleted, with its history`);
    case 'invalid': {
      const detail = `the database refused a row of ${body.length} bytes; make smaller edits`;
      throw new HistoryRefusal('too-large', detail);
    }
  }
}

/** What the row of an edit tells; null: it could not be read. */
async function readDone(
  { log, announce }: EditParts,
  { document }: EditRequest,
  done: Extract<ComposedEdit, { type: 'done' }>,
  { isAnnounced }: { readonly isAnnounced: boolean },
): Promise<EditDone | null> {
  const { epoch, lsn, replica } = done;
  const page = await new Promise<LogPage | null>((read) => log.read(document, lsn - 1, 1, read));
  if (page?.head?.epoch !== epoch) return null;
  const [found] = page.rows;
  if (found === undefined) return { ...done, row: null };
  const row = rowFromLog(epoch, found);
  if (!isAnnounced) announce(document, row);
  const batch = row.batches.find((each) => each.replica === replica);
  assert(batch !== undefined, `row ${lsn} of ${document} has no batch of ${replica}`);
  return { ...done, row: { at: row.at, ...countsOf(batch) } };
}
