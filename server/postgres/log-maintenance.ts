/**
 * What an operator does to the log: delete a document, prune the beginning of its history. Nothing
 * else ever removes rows.
 *
 *   delete   head: deleted, another epoch, all pruned ─▶ pointers, versions, rows cleared away
 *   prune    head: pruned up to N                     ─▶ rows cleared away, batch by batch
 *
 * The first step waits for the head and is short; when it is committed nobody reads the rows any
 * more, and no append reaches a deleted head. The rows go in statements of bounded size,
 * each a transaction of its own: none holds the head, and none is long. A crash leaves rows that
 * nobody reads; the same call again clears them away.
 */
import { Client, type ClientBase, DatabaseError } from 'pg';
import { assert } from '../../engine/assert.ts';
import { readHeads } from './log-statements.ts';
import { snapshotStatements } from './snapshot-statements.ts';
import { versionStatements } from './version-statements.ts';

export interface MaintenanceOptions {
  readonly url: string;
  /** Rows that one statement removes at most. */
  readonly batchRowsMax?: number;
  /** How long to wait for a locked head. */
  readonly lockTimeoutMs?: number;
}

export interface DeletionOptions extends MaintenanceOptions {
  /** It is deleted; its rows are yet to be removed, which may take long. */
  readonly onDeleted?: () => void;
}

export type DeleteResult =
  | { readonly outcome: 'deleted'; readonly rowsRemoved: number }
  | { readonly outcome: 'absent' };

/**
 * - epoch: the document has another history than the one that was meant; `beyond`: it has no such
 *   row yet; `no-snapshot`: the pointer that was named is gone. Nothing was changed.
 */
export type PruneResult =
  | { readonly outcome: 'pruned'; readonly rowsRemoved: number }
  | { readonly outcome: 'absent' | 'deleted' | 'epoch' | 'beyond' | 'no-snapshot' };

/** Every statement of the maintenance, beside those of log-statements.ts. */
export const maintenanceStatements = {
  delete: `
UPDATE document_head SET state = 'deleted', epoch = $2, pruned_lsn = lsn
WHERE document = $1 AND state = 'live'`,
  prune: `
UPDATE document_head SET pruned_lsn = $3
WHERE document = $1 AND state = 'live' AND epoch = $2 AND lsn >= $3 AND pruned_lsn < $3`,
  lock: 'SELECT FROM document_head WHERE document = $1 FOR UPDATE',
  oldest: 'SELECT lsn FROM log_row WHERE document = $1 ORDER BY lsn LIMIT 1',
  clear: 'DELETE FROM log_row WHERE document = $1 AND lsn BETWEEN $2 AND $3',
} as const;

/** Some ten milliseconds of work. */
const batchRowsDefault = 1_000;
const lockTimeoutDefaultMs = 5_000;
const statementTimeoutMs = 60_000;
const connectTimeoutMs = 10_000;

/**
 * Deletes the document for ever: its name is not given again. Appends are refused from the moment
 * at which the head says so. The bodies of its snapshots are left (snapshots/deletion.ts). Also
 * finishes what an earlier call left. Rejects when the head stays locked or the database does not
 * answer; then call again.
 */
export async function deleteDocument(
  document: string,
  options: DeletionOptions,
): Promise<DeleteResult> {
  return await withClient(document, options, async (client) => {
    await client.query(maintenanceStatements.delete, [document, randomEpoch()]);
    const head = (await readHeads(client, [document])).get(document);
    if (head === undefined) return { outcome: 'absent' };
    assert(head.state === 'deleted', `a deleted head, got ${head.state}`);
    options.onDeleted?.();
    // Statements of their own: they see what was added while the first waited for the head.
    await client.query(snapshotStatements.removeAll, [document]);
    await client.query(versionStatements.removeAll, [document]);
    return { outcome: 'deleted', rowsRemoved: await clear(client, document, options) };
  });
}

/**
 * Removes the rows up to `through` of the history `epoch`. There must be a snapshot at or after
 * that LSN, without which nobody can read the document any more: `key` is that of its pointer
 * (absent: the caller has one elsewhere). Less than was pruned before changes nothing. Also
 * finishes what an earlier call left. Rejects as `deleteDocument` does.
 */
export async function pruneDocument(
  document: string,
  through: { readonly epoch: number; readonly lsn: number; readonly key?: string },
  options: MaintenanceOptions,
): Promise<PruneResult> {
  const { epoch, lsn, key } = through;
  assert(Number.isSafeInteger(lsn) && lsn >= 0, `an LSN, got ${lsn}`);
  return await withClient(document, options, async (client) => {
    await client.query('BEGIN');
    // Before the pointer is looked for: from here on nobody takes it away (snapshot-statements.ts).
    await client.query(maintenanceStatements.lock, [document]);
    if (key !== undefined) {
      const { rowCount } = await client.query(snapshotStatements.has, [key]);
      if (rowCount === 0) return { outcome: 'no-snapshot' };
    }
    await client.query(maintenanceStatements.prune, [document, epoch, lsn]);
    await client.query('COMMIT');
    const head = (await readHeads(client, [document])).get(document);
    if (head === undefined) return { outcome: 'absent' };
    if (head.state === 'deleted') return { outcome: 'deleted' };
    if (head.epoch !== epoch) return { outcome: 'epoch' };
    if (head.lsn < lsn) return { outcome: 'beyond' };
    return { outcome: 'pruned', rowsRemoved: await clear(client, document, options) };
  });
}

/** Removes the rows that the head says were pruned; returns how many there were. */
async function clear(
  client: ClientBase,
  document: string,
  { batchRowsMax = batchRowsDefault }: MaintenanceOptions,
): Promise<number> {
  const head = (await readHeads(client, [document])).get(document);
  const end = head?.prunedLsn ?? 0;
  // Asked for once: while nothing vacuums them, the next look would pass all that was removed.
  const oldest = await client.query<{ lsn: string }>(maintenanceStatements.oldest, [document]);
  const start = Number(oldest.rows[0]?.lsn ?? end + 1);
  let removed = 0;
  for (let first = start; first <= end; first += batchRowsMax) {
    const last = Math.min(first + batchRowsMax - 1, end);
    const { rowCount } = await client.query(maintenanceStatements.clear, [document, first, last]);
    removed += rowCount ?? 0;
  }
  return removed;
}

/** A connection for one action. Errors say which document, and what to do about a locked head. */
async function withClient<T>(
  document: string,
  { url, lockTimeoutMs = lockTimeoutDefaultMs }: MaintenanceOptions,
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  const client = new Client({
    connectionString: url,
    application_name: 'sync-vector-engine maintenance',
    connectionTimeoutMillis: connectTimeoutMs,
    lock_timeout: lockTimeoutMs,
    statement_timeout: statementTimeoutMs,
    // A process that is stopped between two statements must not keep a head for long.
    idle_in_transaction_session_timeout: lockTimeoutMs,
    query_timeout: statementTimeoutMs + lockTimeoutMs,
    keepAlive: true,
  });
  // One that breaks between two statements says so here; the next statement fails with it.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    const isLocked = error instanceof DatabaseError && error.code === '55P03';
    const advice = isLocked
      ? `its head stayed locked for ${lockTimeoutMs} ms; see who holds it in pg_locks`
      : 'it may be half done';
    throw new Error(`${document}: ${advice}, and try again (${String(error)})`, { cause: error });
  } finally {
    await client.end().catch(() => {});
  }
}

/** For a history that is a new one: 53 bits, not 0. */
export function randomEpoch(): number {
  const [bits = 0n] = crypto.getRandomValues(new BigUint64Array(1));
  return Number(bits >> 11n) || 1;
}
