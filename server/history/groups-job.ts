/**
 * Job: the history as groups of edits (edit-groups.ts), one answer of bounded work at a time. The
 * cursor says after which row the next answer goes on; a group that goes on there is told again as
 * a new one.
 */
import type { PastMoment } from './asked-moment.ts';
import { type AuthorFilter, EditGroups } from './edit-groups.ts';
import { encodeJson, type JobTools, type WholeAnswer } from './history-job.ts';
import { momentBody } from './resolved-moment.ts';
import { RowRange } from './row-range.ts';

/** Pages of the log that one answer looks through: where few rows count, most find nothing. */
const pagesMax = 16;

export interface GroupsJob {
  readonly type: 'groups';
  readonly document: string;
  readonly from: PastMoment;
  readonly to: PastMoment;
  /** Of the cursor; null without one. */
  readonly epoch: number | null;
  readonly author: AuthorFilter;
  readonly groupsMax: number;
}

export async function groupsOf(job: GroupsJob, tools: JobTools): Promise<WholeAnswer> {
  const { document, author, groupsMax } = job;
  const range = await RowRange.open(job, tools);
  const { fold, start } = range;
  const groups = new EditGroups(author, fold.table);
  let isFull = false;
  for (let page = 0; page < pagesMax && !range.isDone && !isFull; page++) {
    await range.next({
      isWanted: (row) => {
        isFull = groups.count >= groupsMax && groups.begins(row);
        return !isFull;
      },
      onRow: (row) => groups.add(row),
    });
  }
  const { end, isDone } = range;
  // What is cut is final: it ends before a row that is there.
  const through = { ...end, closed: end.closed || !isDone };
  const next = isDone ? null : cursorText(end);
  const body = encodeJson({
    document,
    from: momentBody(start),
    to: momentBody(through),
    groups: groups.body(),
    next,
  });
  range.close();
  return { type: 'whole', resolved: [start, through], body, hash: null };
}

interface Cursor {
  readonly epoch: number;
  readonly lsn: number;
}

/** As it stands in an answer and in the address of the next question. */
function cursorText({ epoch, lsn }: Cursor): string {
  return `${epoch}.${lsn}`;
}

/** null: it is none. */
export function readCursor(text: string): Cursor | null {
  const [, epoch = '', lsn = ''] = /^(\d{1,16})\.(\d{1,16})$/.exec(text) ?? [];
  const cursor = { epoch: Number(epoch), lsn: Number(lsn) };
  const isCursor = epoch !== '' && Object.values(cursor).every(Number.isSafeInteger);
  return isCursor ? cursor : null;
}
