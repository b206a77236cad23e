/** What an operator asks of documents: which there are, and how much their logs hold. */
import type { ClientBase } from 'pg';
import { integer } from './log-statements.ts';

/** Every statement for it. */
export const documentStatements = {
  names: `
SELECT document FROM document_head
WHERE document > $1 AND state = 'live' ORDER BY document LIMIT $2`,
  size: `
SELECT count(*), coalesce(sum(octet_length(body)), 0) FROM log_row
WHERE document = $1 AND lsn > $2`,
} as const;

/** Live documents after this name, in the order of their names; as many as `max` at most. */
export async function readNames(
  client: ClientBase,
  after: string,
  max: number,
): Promise<readonly string[]> {
  const { rows } = await client.query<[string]>({
    text: documentStatements.names,
    values: [after, max],
    rowMode: 'array',
  });
  return rows.map(([document]) => document);
}

/** Rows after an LSN, and bytes of their bodies. */
export async function readLogSize(
  client: ClientBase,
  document: string,
  afterLsn: number,
): Promise<{ readonly rows: number; readonly bytes: number }> {
  const { rows } = await client.query<[string, string]>({
    text: documentStatements.size,
    values: [document, afterLsn],
    rowMode: 'array',
  });
  const [count = '', bytes = ''] = rows[0] ?? [];
  return { rows: integer(count), bytes: integer(bytes) };
}
