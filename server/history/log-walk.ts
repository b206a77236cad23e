/**
 * A document's rows, in order, a page at a time, up to where its head was at the beginning: what is
 * appended meanwhile is not looked at, and a history that becomes another one ends the walk.
 */
import type { LogHead, LogPage, LogPort, LogRow } from '../../engine/driver/ports.ts';
import { HistoryRefusal } from './history-refusal.ts';

/** What is in memory of the rows: about this much, and one more row. */
const pageBytesDefault = 1_048_576;

/** A place in the log: a row and its time; LSN 0 = before the first. */
export interface RowPlace {
  readonly lsn: number;
  readonly at: number;
}

/** The head of a document that is there. Rejects with HistoryRefusal. */
export async function findHead(log: Pick<LogPort, 'read'>, document: string): Promise<LogHead> {
  const head = await findHeadOrTombstone(log, document);
  if (head.state === 'live') return head;
  throw new HistoryRefusal('document-deleted', `${document} was deleted`);
}

/** The head of a document that is or was there. Rejects with HistoryRefusal. */
export async function findHeadOrTombstone(
  log: Pick<LogPort, 'read'>,
  document: string,
): Promise<LogHead> {
  const head = await findAnyHead(log, document);
  if (head !== null) return head;
  throw new HistoryRefusal('unknown-document', `there is no document ${document}`);
}

/** null: nothing was ever written under the name. Rejects with HistoryRefusal. */
export async function findAnyHead(
  log: Pick<LogPort, 'read'>,
  document: string,
): Promise<LogHead | null> {
  return (await readPage(log, document, { afterLsn: 0, bytesMax: 1 })).head;
}

export interface Walk {
  /** As it was at the beginning: the walk ends there. */
  readonly head: LogHead;
  /** Rows after this one, no less than what was pruned. */
  readonly afterLsn: number;
  readonly pageBytesMax?: number;
}

/** Rows as they are stored, up to the head. Rejects with HistoryRefusal. */
export async function* walkLog(
  log: Pick<LogPort, 'read'>,
  document: string,
  { head, afterLsn, pageBytesMax = pageBytesDefault }: Walk,
): AsyncGenerator<readonly LogRow[]> {
  for (let after = afterLsn; after < head.lsn; ) {
    const page = await readPage(log, document, { afterLsn: after, bytesMax: pageBytesMax });
    const isSame = page.head?.epoch === head.epoch && page.head.state === 'live';
    if (!isSame || page.head?.prunedLsn !== head.prunedLsn) {
      const what = `${document} was deleted, pruned or restored meanwhile: try again`;
      throw new HistoryRefusal('history-changed', what);
    }
    const rows = page.rows.filter(({ lsn }) => lsn <= head.lsn);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = last.lsn;
  }
}

/** Why the row cannot come after that place; null: it can. */
export function orderProblem(before: RowPlace, row: RowPlace): string | null {
  if (row.lsn !== before.lsn + 1) return missing(before.lsn + 1, row.lsn - 1);
  if (row.at >= before.at) return null;
  const [time, earlier] = [timeText(row.at), timeText(before.at)];
  return `row ${row.lsn} has time ${time}, which falls from ${earlier} of row ${before.lsn}`;
}

/** Why the log cannot end with that row; null: it can. */
export function endProblem(last: RowPlace, head: RowPlace): string | null {
  if (last.lsn !== head.lsn) return missing(last.lsn + 1, head.lsn);
  if (last.at <= head.at) return null;
  return `the head has time ${timeText(head.at)}, row ${last.lsn} ${timeText(last.at)}`;
}

/** As people and programs read it; never loses a millisecond. */
export function timeText(at: number): string {
  return new Date(at).toISOString();
}

function missing(first: number, last: number): string {
  if (last < first) return `row ${first} is expected, not row ${last + 1}`;
  return first === last ? `row ${first} is missing` : `rows ${first} … ${last} are missing`;
}

async function readPage(
  log: Pick<LogPort, 'read'>,
  document: string,
  place: { readonly afterLsn: number; readonly bytesMax: number },
): Promise<LogPage> {
  const page = await new Promise<LogPage | null>((done) =>
    log.read(document, place.afterLsn, place.bytesMax, done),
  );
  if (page !== null) return page;
  throw new HistoryRefusal('unavailable', `the log of ${document} could not be read: try again`);
}
