/**
 * Job: the next piece of what happened between two moments, for a player. Each line is a JSON text:
 *
 *   {"type":"start", …}    which row the first moment is; only in the first piece
 *   {"type":"row", …}      one row: who changed what, as splices in the order in which they apply
 *   {"type":"end", …}      which row the second moment is; only in the last piece
 *
 * A piece is one page of the log. It remembers nothing for the next one, which says where it goes
 * on; the fold that it left behind is found again.
 */
import type { FoldedRow } from '../../engine/sync/fold.ts';
import type { ReplicaTable } from '../../engine/sync/replica-table.ts';
import type { PastMoment } from './asked-moment.ts';
import type { JobTools } from './history-job.ts';
import { momentBody, timeOf } from './resolved-moment.ts';
import { RowRange } from './row-range.ts';
import { typedAtMs, typedTime } from './typed-time.ts';

export interface ChangesJob {
  readonly type: 'changes';
  readonly document: string;
  readonly from: PastMoment;
  readonly to: PastMoment;
  /** Of the history that the pieces before were of; null in the first. */
  readonly epoch: number | null;
}

export interface ChangesPiece {
  readonly type: 'piece';
  readonly lines: Uint8Array;
  /** The job that goes on; null: this was the last piece. */
  readonly next: ChangesJob | null;
}

export async function nextChanges(job: ChangesJob, tools: JobTools): Promise<ChangesPiece> {
  const { document, to } = job;
  const range = await RowRange.open(job, tools);
  const lines: object[] = [];
  if (job.epoch === null) lines.push({ type: 'start', document, ...momentBody(range.start) });
  await range.next({
    isWanted: () => true,
    onRow: (row) => lines.push(lineOf(row, range.fold.table)),
  });
  const { end, isDone } = range;
  if (isDone) lines.push({ type: 'end', ...momentBody(end) });
  range.close();
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const from = { type: 'lsn', lsn: end.lsn } as const;
  const next = isDone ? null : { type: 'changes' as const, document, from, to, epoch: end.epoch };
  return { type: 'piece', lines: Buffer.from(text), next };
}

function lineOf({ lsn, at, batches }: FoldedRow, table: ReplicaTable): object {
  const edits = batches.flatMap(({ batch, changes }) => {
    if (changes.length === 0) return [];
    const { replica } = batch;
    const principal = table.entryOf(replica)?.binding?.principal ?? null;
    return [{ replica, principal, typedAt: typedTime(typedAtMs(at, batch)), splices: changes }];
  });
  return { type: 'row', lsn, at, time: timeOf({ lsn, at }), edits };
}
