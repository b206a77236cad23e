/**
 * The statements of the log, and what their answers and errors mean. No connection is held here.
 *
 * Invariant of the append: one statement is one implicit transaction. It is sent whole, and it
 * commits or not without another word from this side, so a node that freezes or dies never keeps a
 * head locked.
 */
import { type ClientBase, DatabaseError } from 'pg';
import { assert } from '../../engine/assert.ts';
import type { LogHead, LogPage, LogRow } from '../../engine/driver/ports.ts';
import type { PendingAppend } from './append-queue.ts';
import { byteaArray, int8Array, textArray } from './binary-array.ts';

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
  SELECT document, epoch, 'live', 1, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
  FROM input ORDER BY document
  ON CONFLICT (document) DO UPDATE SET
    lsn = head.lsn + 1,
    at = greatest(head.at, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)
  WHERE head.epoch = excluded.epoch AND head.state = 'live'
  RETURNING document, epoch, lsn, at
)
INSERT INTO log_row (document, lsn, epoch, at, body)
SELECT document, head.lsn, head.epoch, head.at, input.body FROM head JOIN input USING (document)
RETURNING document, lsn, at`;

const headsText = `
SELECT document, epoch, state, lsn, at FROM document_head WHERE document = ANY ($1::text[])`;

/**
 * Head and rows from one snapshot. `through` is the size of the page up to and with a row: rows are
 * taken while it fits, and the first in any case. Sizes are known without fetching what is stored
 * out of line.
 */
const readText = `
SELECT head.epoch, head.state, head.lsn, head.at, page.lsn, page.at, page.body
FROM document_head AS head LEFT JOIN (
  SELECT lsn, at, body, sum(octet_length(body)) OVER (ORDER BY lsn) AS through
  FROM (
    SELECT lsn, at, body FROM log_row WHERE document = $1 AND lsn > $2 ORDER BY lsn LIMIT $4
  ) AS next
) AS page ON page.through <= $3 OR page.through = octet_length(page.body)
WHERE head.document = $1
ORDER BY page.lsn`;

/** Rows that one page may have, however small they are: bounds the work of one read. */
const pageRowsMax = 4096;

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
    text: appendText,
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
  const result = await client.query<[string, string, string, string, string]>({
    name: 'heads',
    text: headsText,
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
  type Columns = [string, string, string, string, string | null, string | null, Buffer | null];
  const { rows: lines } = await client.query<Columns>({
    name: 'read',
    text: readText,
    values: [document, afterLsn, bytesMax, pageRowsMax],
    rowMode: 'array',
  });
  let head: LogHead | null = null;
  const rows: LogRow[] = [];
  for (const [epoch, state, headLsn, headAt, lsn, at, body] of lines) {
    head ??= headOf([epoch, state, headLsn, headAt]);
    if (lsn === null || at === null || body === null) continue;
    rows.push({ lsn: integer(lsn), at: integer(at), body });
  }
  return { head, rows };
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

function headOf([epoch, state, lsn, at]: readonly [string, string, string, string]): LogHead {
  return {
    epoch: integer(epoch),
    lsn: integer(lsn),
    at: integer(at),
    state: state === 'deleted' ? 'deleted' : 'live',
  };
}

/** `pg` leaves a bigint as text. The schema keeps every one exact as a number. */
function integer(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), `an integer up to 2^53-1, got ${text}`);
  return value;
}
