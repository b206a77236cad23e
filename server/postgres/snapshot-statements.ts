/**
 * The statements about pointers to snapshots, and what their answers mean. No connection is held
 * here.
 *
 * A pointer is of the present history if the head is live, has its epoch and has come as far, and
 * the log's row at its LSN has its time, or was pruned: then the pointer, which was only added
 * while the row was there, is what is left of it. Whatever asks, asks that in the same statement.
 */
import type { ClientBase } from 'pg';
import type { SnapshotPointer } from '../../engine/driver/ports.ts';
import type { Moment } from '../../engine/sync/playback.ts';
import { int8Array, textArray } from './binary-array.ts';
import { clock, integer } from './log-statements.ts';

/** A subquery of its own for each pointer: EXISTS, PostgreSQL may answer from all rows at once. */
const isOfThisLog = `
  snapshot.epoch = head.epoch AND snapshot.lsn <= head.lsn AND (
    snapshot.lsn <= head.pruned_lsn OR snapshot.at = (
      SELECT log_row.at FROM log_row
      WHERE log_row.document = snapshot.document AND log_row.lsn = snapshot.lsn))`;

const newestText = `
SELECT snapshot.epoch, snapshot.lsn, snapshot.at, snapshot.key, snapshot.bytes, snapshot.checksum
FROM document_head AS head JOIN snapshot USING (document)
WHERE head.document = $1 AND head.state = 'live' AND snapshot.document = $1
  AND snapshot.lsn <= $2 AND snapshot.at <= $3 AND ${isOfThisLog}
ORDER BY snapshot.lsn DESC LIMIT $4`;

/**
 * The head is locked against whoever changes it, appends as well: a deletion, another epoch or a
 * prune comes before this as a whole, or after it and finds the pointer. What was there before is
 * told, too: the answer to an earlier call may have been lost.
 */
const addText = `
WITH head AS (
  SELECT document FROM document_head
  WHERE document = $1 AND state = 'live' AND epoch = $3 AND pruned_lsn < $4 FOR SHARE
), added AS (
  INSERT INTO snapshot (document, key, epoch, lsn, at, bytes, checksum)
  SELECT document, $2, $3, $4, $5, $6, $7 FROM head
  WHERE $5 = (SELECT log_row.at FROM log_row WHERE log_row.document = $1 AND log_row.lsn = $4)
  ON CONFLICT (key) DO NOTHING RETURNING key
)
SELECT EXISTS (SELECT FROM added) OR EXISTS (SELECT FROM snapshot WHERE key = $2)`;

const listText = `
SELECT head.epoch, head.pruned_lsn, ${clock}, snapshot.epoch, snapshot.lsn, snapshot.at,
  snapshot.key, snapshot.bytes, snapshot.checksum, snapshot.made_at,
  coalesce(head.state = 'live' AND ${isOfThisLog}, false)
FROM document_head AS head LEFT JOIN snapshot ON snapshot.document = $1
WHERE head.document = $1 ORDER BY snapshot.lsn LIMIT $2`;

/** One look-up in the index for each key; see `heads` in log-statements.ts. */
const pointedText = `
SELECT found.key FROM unnest($1::text[]) AS asked (key) CROSS JOIN LATERAL (
  SELECT key FROM snapshot WHERE key = asked.key COLLATE "C" LIMIT 1
) AS found`;

/**
 * $1 and $2: documents and the epochs that they had. Where the log was put back without its
 * pointers, some are not of it: those stay in the old epoch, and are nobody's.
 */
const carryText = `
UPDATE snapshot SET epoch = (
  SELECT head.epoch FROM document_head AS head WHERE head.document = snapshot.document)
WHERE key = ANY (ARRAY (
  SELECT found.key
  FROM unnest($1::text[], $2::bigint[]) AS was (document, epoch) CROSS JOIN LATERAL (
    SELECT head.document, was.epoch, head.lsn, head.pruned_lsn
    FROM document_head AS head WHERE head.document = was.document COLLATE "C" LIMIT 1
  ) AS head CROSS JOIN LATERAL (
    SELECT snapshot.key FROM snapshot
    WHERE snapshot.document = head.document AND ${isOfThisLog} ORDER BY lsn LIMIT $3
  ) AS found))`;

/**
 * Only if nothing was pruned since the pointer was found superfluous: what the history begins with
 * is not. The head is locked as by `add`; who prunes locks it before looking for the pointer.
 */
const thinText = `
WITH head AS (
  SELECT document FROM document_head WHERE document = $1 AND pruned_lsn = $2 FOR SHARE
)
DELETE FROM snapshot WHERE key = $3 AND EXISTS (SELECT FROM head)`;

/** Every statement about pointers. */
export const snapshotStatements = {
  newest: newestText,
  add: addText,
  list: listText,
  pointed: pointedText,
  carry: carryText,
  thin: thinText,
  has: 'SELECT FROM snapshot WHERE key = $1',
  remove: 'DELETE FROM snapshot WHERE key = $1',
  removeAll: 'DELETE FROM snapshot WHERE document = $1',
  now: `SELECT ${clock}`,
} as const;

/** Thinned, a document has some hundreds; this bounds what one call has in memory. */
const listMax = 100_000;

/** The second sees what somebody else added while the first waited for it. */
const addLooksMax = 2;

/** A pointer, and what the database knows of it. */
export interface ListedSnapshot {
  readonly pointer: SnapshotPointer;
  /** By the database's clock; ms since 1970. */
  readonly madeAt: number;
  /** False: nobody will ever load it. */
  readonly isOfThisLog: boolean;
}

/** All pointers of a document, by LSN, as of one moment. */
export interface SnapshotList {
  /** The database's clock. */
  readonly now: number;
  /** 0: none were. */
  readonly prunedLsn: number;
  readonly snapshots: readonly ListedSnapshot[];
}

type PointerColumns = [string, string, string, string, string, string];

/** See SnapshotIndexPort. */
export async function readNewest(
  client: ClientBase,
  document: string,
  moment: Moment,
  max: number,
): Promise<readonly SnapshotPointer[]> {
  const lsn = moment.type === 'lsn' ? moment.lsn : Number.MAX_SAFE_INTEGER;
  const at = moment.type === 'time' ? moment.at : Number.MAX_SAFE_INTEGER;
  const { rows } = await client.query<PointerColumns>({
    name: 'snapshot-newest',
    text: snapshotStatements.newest,
    values: [document, lsn, at, max],
    rowMode: 'array',
  });
  return rows.map(pointerOf);
}

/** See SnapshotIndexPort; rejects where the outcome is `unknown`. */
export async function addPointer(
  client: ClientBase,
  document: string,
  { key, epoch, lsn, at, bytes, checksum }: SnapshotPointer,
): Promise<'added' | 'stale'> {
  for (let look = 1; look <= addLooksMax; look++) {
    const { rows } = await client.query<[boolean]>({
      name: 'snapshot-add',
      text: snapshotStatements.add,
      values: [document, key, epoch, lsn, at, bytes, checksum],
      rowMode: 'array',
    });
    if (rows[0]?.[0] === true) return 'added';
  }
  return 'stale';
}

/** null: there is no such document. */
export async function listPointers(
  client: ClientBase,
  document: string,
): Promise<SnapshotList | null> {
  type Columns = [
    ...[epoch: string, prunedLsn: string, now: string],
    ...([...PointerColumns, madeAt: string] | [null, null, null, null, null, null, null]),
    isOfThisLog: boolean,
  ];
  const { rows } = await client.query<Columns>({
    name: 'snapshot-list',
    text: snapshotStatements.list,
    values: [document, listMax],
    rowMode: 'array',
  });
  const [first] = rows;
  if (first === undefined) return null;
  const snapshots: ListedSnapshot[] = [];
  for (const [, , , epoch, lsn, at, key, bytes, checksum, madeAt, isPresent] of rows) {
    if (epoch === null) continue;
    const pointer = pointerOf([epoch, lsn, at, key, bytes, checksum]);
    snapshots.push({ pointer, madeAt: integer(madeAt), isOfThisLog: isPresent });
  }
  return { now: integer(first[2]), prunedLsn: integer(first[1]), snapshots };
}

/** Which of these keys have a pointer. */
export async function readPointed(
  client: ClientBase,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<[string]>({
    name: 'snapshot-pointed',
    text: snapshotStatements.pointed,
    values: [textArray(keys)],
    rowMode: 'array',
  });
  return new Set(rows.map(([key]) => key));
}

/**
 * In the transaction that gave documents new epochs: their pointers follow. Returns how many.
 */
export async function carryPointers(
  client: ClientBase,
  was: readonly { readonly document: string; readonly epoch: number }[],
): Promise<number> {
  const { rowCount } = await client.query(snapshotStatements.carry, [
    textArray(was.map(({ document }) => document)),
    int8Array(was.map(({ epoch }) => epoch)),
    listMax,
  ]);
  return rowCount ?? 0;
}

/** The database's clock. */
export async function readNow(client: ClientBase): Promise<number> {
  const text = snapshotStatements.now;
  const { rows } = await client.query<[string]>({ text, rowMode: 'array' });
  return integer(rows[0]?.[0] ?? '');
}

function pointerOf([epoch, lsn, at, key, bytes, checksum]: PointerColumns): SnapshotPointer {
  const place = { epoch: integer(epoch), lsn: integer(lsn), at: integer(at) };
  return { ...place, key, bytes: integer(bytes), checksum };
}
