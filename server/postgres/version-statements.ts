/**
 * The statements about named versions, and what their answers mean. No connection is held here.
 *
 * A version can be shown if the head is live and the log's row at its LSN has its time. Where the
 * row was pruned nobody can say any more, and whoever asks for that moment is told that it is gone.
 */
import type { ClientBase, QueryConfig } from 'pg';
import { must } from '../../engine/assert.ts';
import { integer } from './log-statements.ts';

/** A subquery of its own for each version: EXISTS, PostgreSQL may answer from all rows at once. */
const isOfThisLog = `
  version.lsn <= head.lsn AND (
    version.lsn <= head.pruned_lsn OR version.at = (
      SELECT log_row.at FROM log_row
      WHERE log_row.document = version.document AND log_row.lsn = version.lsn))`;

const columns = `
head.state, version.name, version.lsn, version.at, version.created_at, version.created_by,
${isOfThisLog}`;

/**
 * The head is locked against whoever changes it, appends as well: a deletion comes before this as a
 * whole, or after it and finds the version.
 */
const addText = `
WITH head AS (
  SELECT document FROM document_head
  WHERE document = $1 AND state = 'live' AND pruned_lsn < $3 FOR SHARE
), named AS (
  SELECT count(*) >= $6 AS are_many FROM (SELECT FROM version WHERE document = $1 LIMIT $6) AS those
), added AS (
  INSERT INTO version (document, name, lsn, at, created_by)
  SELECT document, $2, $3, $4, $5 FROM head CROSS JOIN named
  WHERE NOT named.are_many AND $4 = (
    SELECT log_row.at FROM log_row WHERE log_row.document = $1 AND log_row.lsn = $3)
  ON CONFLICT (document, name) DO NOTHING RETURNING name
)
SELECT EXISTS (SELECT FROM added), (SELECT are_many FROM named)`;

/** A line also of a document that has none, to tell that it is there. */
const findText = `
SELECT ${columns}
FROM document_head AS head LEFT JOIN version ON version.document = $1 AND version.name = $2
WHERE head.document = $1`;

const listText = `
SELECT ${columns}
FROM document_head AS head LEFT JOIN version ON version.document = $1 AND version.name > $2
WHERE head.document = $1 ORDER BY version.name LIMIT $3`;

/** Every statement about versions. */
export const versionStatements = {
  add: addText,
  find: findText,
  list: listText,
  remove: 'DELETE FROM version WHERE document = $1 AND name = $2',
  removeAll: 'DELETE FROM version WHERE document = $1',
} as const;

export interface NamedVersion {
  readonly name: string;
  readonly lsn: number;
  /** Commit time of its row. */
  readonly at: number;
  /** By the database's clock; ms since 1970. */
  readonly createdAt: number;
  readonly createdBy: string;
  /** False: the log has another row there, or none: a backup was restored. */
  readonly isOfThisLog: boolean;
}

/** Versions of a document, if it is there. */
export interface FoundVersions {
  readonly state: 'live' | 'deleted' | 'absent';
  readonly versions: readonly NamedVersion[];
}

type VersionColumns = [string, string, string, string, string, boolean];
type Columns = [state: string, ...(VersionColumns | [null, null, null, null, null, null])];

/**
 * Adds a version unless there is one of the name, the row is another one, or the document has
 * `versionsMax` of them.
 */
export async function addVersion(
  client: ClientBase,
  document: string,
  version: Pick<NamedVersion, 'name' | 'lsn' | 'at' | 'createdBy'>,
  versionsMax: number,
): Promise<{ readonly isNew: boolean; readonly areMany: boolean }> {
  const { name, lsn, at, createdBy } = version;
  const { rows } = await client.query<[boolean, boolean]>({
    name: 'version-add',
    text: versionStatements.add,
    values: [document, name, lsn, at, createdBy, versionsMax],
    rowMode: 'array',
  });
  const [isNew, areMany] = must(rows[0], 'a line');
  return { isNew, areMany };
}

/** One or none of the name. */
export function findVersion(
  client: ClientBase,
  document: string,
  name: string,
): Promise<FoundVersions> {
  const { find: text } = versionStatements;
  return readVersions(client, { name: 'version-find', text, values: [document, name] });
}

/** Those whose names come after `afterName` ('' = all), by name, at most `max`. */
export function listVersions(
  client: ClientBase,
  document: string,
  afterName: string,
  max: number,
): Promise<FoundVersions> {
  const { list: text } = versionStatements;
  return readVersions(client, { name: 'version-list', text, values: [document, afterName, max] });
}

/** Whether there was one of the name. */
export async function removeVersion(
  client: ClientBase,
  document: string,
  name: string,
): Promise<boolean> {
  const { rowCount } = await client.query(versionStatements.remove, [document, name]);
  return rowCount === 1;
}

async function readVersions(client: ClientBase, query: QueryConfig): Promise<FoundVersions> {
  const { rows } = await client.query<Columns>({ ...query, rowMode: 'array' });
  const [first] = rows;
  if (first === undefined) return { state: 'absent', versions: [] };
  const versions = rows.flatMap(([, ...version]) =>
    version[0] === null ? [] : [versionOf(version)],
  );
  return first[0] === 'live' ? { state: 'live', versions } : { state: 'deleted', versions: [] };
}

function versionOf([
  name,
  lsn,
  at,
  createdAt,
  createdBy,
  isOfThisLog,
]: VersionColumns): NamedVersion {
  const place = { lsn: integer(lsn), at: integer(at) };
  return { name, ...place, createdAt: integer(createdAt), createdBy, isOfThisLog };
}
