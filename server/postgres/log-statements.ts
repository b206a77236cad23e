/**
 * The statements of the log, and what their answers and errors mean. No connection is held here.
 *
 * Invariant of the append: one statement is one implicit transaction. It is sent whole, and it
 * commits or not without another word from this side, so a node that freezes or dies never keeps a
 * head locked.
 */
import { type ClientBase, DatabaseError } from 'pg';
import { assert } from '../../engine/assert.ts';
import type { CloseOutcome, LogHead, LogPage, LogRow } from '../../engine/driver/ports.ts';
import type { PendingAppend } from './append-queue.ts';
import { byteaArray, int8Array, textArray } from './binary-array.ts';

/** The database's clock: milliseconds since 1970. */
export const clock = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/**
 * 1. `input`: one line per document.
 * 2. `head`: takes the head rows in document order, which is the same on every node, so that two
 *    groups cannot wait for each other. The clock is read in the update, when the row is locked:
 *    read before it, a statement that waited would write an earlier time than the row it waited
 *    for. A head with another epoch or state is left as it is and returns nothing.
 * 3. The rows, for the heads that were raised.
 */
const appendText = `
WITH input AS (
  SELECT document COLLATE "C" AS document, epoch, body
  FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS line (document, epoch, body)
), head AS (
  INSERT INTO document_head AS head (document, epoch, state, lsn, at)
  SELECT document, epoch, 'live', 1, ${clock}
  FROM input ORDER BY document
  ON CONFLICT (document) DO UPDATE SET
    lsn = head.lsn + 1,
    at = greatest(head.at, ${clock})
  WHERE head.epoch = excluded.epoch AND head.state = 'live'
  RETURNING document, epoch, lsn, at
)
INSERT INTO log_row (document, lsn, epoch, at, body)
SELECT document, head.lsn, head.epoch, head.at, input.body FROM head JOIN input USING (document)
RETURNING document, lsn, at`;

/**
 * One look-up in the index for each name. With `document = ANY ($1)`, a thousand names among a
 * hundred thousand made PostgreSQL read the whole table; the LIMIT keeps it from joining so.
 */
const headsText = `
SELECT head.document, head.epoch, head.state, head.lsn, head.at, head.pruned_lsn
FROM unnest($1::text[]) AS asked (document) CROSS JOIN LATERAL (
  SELECT document, epoch, state, lsn, at, pruned_lsn
  FROM document_head WHERE document = asked.document COLLATE "C" LIMIT 1
) AS head`;

/**
 * Head and rows from one snapshot. `through` is the size of the page up to and with a row: rows are
 * taken while it fits, and the first in any case. Sizes are known without fetching what is stored
 * out of line. Rows after an LSN that was pruned may be half removed: a page has none of them.
 */
const readText = `
SELECT head.epoch, head.state, head.lsn, head.at, head.pruned_lsn, page.lsn, page.at, page.body
FROM document_head AS head LEFT JOIN (
  SELECT lsn, at, body, sum(octet_length(body)) OVER (ORDER BY lsn) AS through
  FROM (
    SELECT lsn, at, body FROM log_row WHERE document = $1 AND lsn > $2 ORDER BY lsn LIMIT $4
  ) AS next
) AS page ON $2 >= head.pruned_lsn
  AND (page.through <= $3 OR page.through = octet_length(page.body))
WHERE head.document = $1
ORDER BY page.lsn`;

/**
 * `raised`: waits for whoever holds the head and looks again then. A head that is late enough
 * already is not even locked: nothing is written. The rest is the head as it was before.
 */
const closeText = `
WITH raised AS (
  UPDATE document_head SET at = $2::bigint + 1
  WHERE document = $1 AND state = 'live' AND at <= $2 AND $2 < ${clock}
  RETURNING document
)
SELECT head.state, head.at > $2, raised.document IS NOT NULL, $2 < ${clock}
FROM document_head AS head LEFT JOIN raised USING (document) WHERE document = $1`;

/** Whether rows can be written; and asks for the log's table by its index: '' names no document. */
const readyText = `
SELECT current_setting('transaction_read_only') = 'off',
  (SELECT lsn FROM document_head WHERE document = '')`;

/** Every statement of the log, under the name that a session prepares it by. */
export const logStatements = {
  append: appendText,
  heads: headsText,
  read: readText,
  close: closeText,
  ready: readyText,
} as const;

/** Rows that one page may have, however small they are: bounds the work of one read. */
const pageRowsMax = 4096;

/** One more for a clock that ticks within the statement, one for a head that somebody moves. */
const closeLooksMax = 3;

/** Epoch, state, LSN, time and pruned LSN, as they come. */
type HeadColumns = [string, string, string, string, string];

/** Where an append went. */
export interface Place {
  readonly lsn: number;
  readonly at: number;
}

/**
 * Appends the group, of which every document occurs once; resolves, when the server has reported
 * the end of the transaction, with the places by document. A document that is missing was refused
 * for its head.
 */
export async function appendGroup(
  client: ClientBase,
  group: readonly PendingAppend[],
): Promise<ReadonlyMap<string, Place>> {
  const result = await client.query<[string, string, string]>({
    name: 'append',
    text: logStatements.append,
    values: [
      textArray(group.map((append) => append.document)),
      int8Array(group.map((append) => append.epoch)),
      byteaArray(group.map((append) => append.body)),
    ],
    rowMode: 'array',
  });
  return new Map(
    result.rows.map(([document, lsn, at]) => [document, { lsn: integer(lsn), at: integer(at) }]),
  );
}

/** The heads that exist, by document. */
export async function readHeads(
  client: ClientBase,
  documents: readonly string[],
): Promise<ReadonlyMap<string, LogHead>> {
  const result = await client.query<[string, ...HeadColumns]>({
    name: 'heads',
    text: logStatements.heads,
    values: [textArray(documents)],
    rowMode: 'array',
  });
  return new Map(result.rows.map(([document, ...head]) => [document, headOf(head)]));
}

/** The head, and rows after `afterLsn` up to `bytesMax` bytes of bodies but at least one. */
export async function readPage(
  client: ClientBase,
  document: string,
  afterLsn: number,
  bytesMax: number,
): Promise<LogPage> {
  type Columns = [...HeadColumns, string | null, string | null, Buffer | null];
  const { rows: lines } = await client.query<Columns>({
    name: 'read',
    text: logStatements.read,
    values: [document, afterLsn, bytesMax, pageRowsMax],
    rowMode: 'array',
  });
  let head: LogHead | null = null;
  const rows: LogRow[] = [];
  for (const [epoch, state, headLsn, headAt, prunedLsn, lsn, at, body] of lines) {
    head ??= headOf([epoch, state, headLsn, headAt, prunedLsn]);
    if (lsn === null || at === null || body === null) continue;
    rows.push({ lsn: integer(lsn), at: integer(at), body });
  }
  return { head, rows };
}

/** Closes time `at` of the document; rejects when the head stays locked. */
export async function closeTime(
  client: ClientBase,
  document: string,
  at: number,
): Promise<CloseOutcome> {
  // Between the look at the head and its lock somebody changed it, or the time became past: the
  // next look shows how. A head's time never falls within an epoch.
  for (let look = 1; look <= closeLooksMax; look++) {
    const { rows } = await client.query<[string, boolean, boolean, boolean]>({
      name: 'close',
      text: logStatements.close,
      values: [document, at],
      rowMode: 'array',
    });
    const [head] = rows;
    if (head === undefined) return 'absent';
    const [state, isLater, isRaised, isPast] = head;
    if (state === 'deleted') return 'deleted';
    if (isLater || isRaised) return 'closed';
    if (!isPast) return 'future';
  }
  return 'unknown';
}

/** Whether the database can be asked for a document, and takes rows: a standby does not. */
export async function askReady(client: ClientBase): Promise<boolean> {
  const text = logStatements.ready;
  const { rows } = await client.query<[boolean, string | null]>({ text, rowMode: 'array' });
  return rows[0]?.[0] === true;
}

/**
 * What an error of the append says about its group:
 * - row: the database refused a row for what it holds; nothing of the group was written;
 * - busy: a head stayed locked too long; nothing was written;
 * - broken: anything else, a lost connection included: the group may be there.
 */
export function classifyError(error: unknown): 'row' | 'busy' | 'broken' {
  if (!(error instanceof DatabaseError) || error.code === undefined) return 'broken';
  // lock_not_available, deadlock_detected, serialization_failure.
  if (['55P03', '40P01', '40001'].includes(error.code)) return 'busy';
  // Data exception, integrity constraint violation, program limit exceeded.
  return ['22', '23', '54'].includes(error.code.slice(0, 2)) ? 'row' : 'broken';
}

function headOf([epoch, state, lsn, at, prunedLsn]: Readonly<HeadColumns>): LogHead {
  return {
    epoch: integer(epoch),
    lsn: integer(lsn),
    at: integer(at),
    state: state === 'deleted' ? 'deleted' : 'live',
    ...(prunedLsn === '0' ? {} : { prunedLsn: integer(prunedLsn) }),
  };
}

/** `pg` leaves a bigint as text. The schema keeps every one exact as a number. */
export function integer(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), `an integer up to 2^53-1, got ${text}`);
  return value;
}
