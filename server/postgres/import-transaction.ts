/**
 * Writes a whole history under a name that was never used, in one transaction: nobody sees any of
 * it before all of it is there, and what breaks off leaves nothing.
 *
 *   begin: takes the name ─▶ rows, a group at a time ─▶ commit
 *
 * Taking the name inserts the head: an append to the same name that comes meanwhile waits for the
 * head's lock, not for a row's, gives up as for any locked head, and finds another epoch
 * afterwards. A connection that stands still is ended by the database, and the name is free again.
 */
import { Client, DatabaseError } from 'pg';
import { assert } from '../../engine/assert.ts';
import type { LogHead, LogRow, SnapshotPointer } from '../../engine/driver/ports.ts';
import type { ExportVersion } from '../../proto/export-format.ts';
import { byteaArray, int8Array, textArray } from './binary-array.ts';

/** Every statement of an import. */
export const importStatements = {
  begin: `
INSERT INTO document_head (document, epoch, state, lsn, at, pruned_lsn)
VALUES ($1, $2, 'live', $3, $4, $5) ON CONFLICT (document) DO NOTHING`,
  taken: 'SELECT state FROM document_head WHERE document = $1',
  rows: `
INSERT INTO log_row (document, lsn, epoch, at, body)
SELECT $1, lsn, $2, at, body
FROM unnest($3::bigint[], $4::bigint[], $5::bytea[]) AS line (lsn, at, body)`,
  versions: `
INSERT INTO version (document, name, lsn, at, created_at, created_by)
SELECT $1, name, lsn, at, created_at, created_by
FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
  AS line (name, lsn, at, created_at, created_by)
WHERE lsn <= $2 OR at = (
  SELECT log_row.at FROM log_row WHERE log_row.document = $1 AND log_row.lsn = line.lsn)`,
  snapshot: `
INSERT INTO snapshot (document, key, epoch, lsn, at, bytes, checksum)
VALUES ($1, $2, $3, $4, $5, $6, $7)`,
} as const;

const connectTimeoutMs = 10_000;
const lockTimeoutMs = 5_000;
/** Of one statement, and of standing still between two. */
const statementTimeoutMs = 60_000;

export class ImportTransaction {
  readonly #client: Client;
  readonly #document: string;
  readonly #epoch: number;
  readonly #prunedLsn: number;

  /** Of a transaction that has taken the name: see `begin`. */
  constructor(
    client: Client,
    document: string,
    { epoch, prunedLsn = 0 }: Pick<LogHead, 'epoch' | 'prunedLsn'>,
  ) {
    this.#client = client;
    this.#document = document;
    this.#epoch = epoch;
    this.#prunedLsn = prunedLsn;
  }

  /**
   * Takes the name for a document with this head. `live`, `deleted`: it was taken before. Rejects
   * if the database does not answer, or somebody else is about to take the name.
   */
  static async begin(
    url: string,
    document: string,
    head: Omit<LogHead, 'state'>,
  ): Promise<ImportTransaction | LogHead['state']> {
    const client = new Client({
      connectionString: url,
      application_name: 'sync-vector-engine import',
      connectionTimeoutMillis: connectTimeoutMs,
      lock_timeout: lockTimeoutMs,
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + lockTimeoutMs,
      keepAlive: true,
    });
    // One that breaks between two statements says so here; the next statement fails with it.
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('BEGIN');
      const { epoch, lsn, at, prunedLsn = 0 } = head;
      const values = [document, epoch, lsn, at, prunedLsn];
      const { rowCount } = await client.query(importStatements.begin, values);
      if (rowCount === 1) return new ImportTransaction(client, document, head);
      const { rows } = await client.query<{ state: string }>(importStatements.taken, [document]);
      await client.end();
      return rows[0]?.state === 'deleted' ? 'deleted' : 'live';
    } catch (error) {
      await client.end().catch(() => {});
      const isLocked = error instanceof DatabaseError && error.code === '55P03';
      if (!isLocked) throw error;
      throw new Error('somebody else imports or creates it: wait', { cause: error });
    }
  }

  /** Of rows that come right after those before. */
  async addRows(rows: readonly LogRow[]): Promise<void> {
    const { rowCount } = await this.#client.query(importStatements.rows, [
      this.#document,
      this.#epoch,
      int8Array(rows.map(({ lsn }) => lsn)),
      int8Array(rows.map(({ at }) => at)),
      byteaArray(rows.map(({ body }) => body)),
    ]);
    assert(rowCount === rows.length, `${rows.length} rows, the database took ${rowCount}`);
  }

  /**
   * After all rows. Returns how many there are of: those whose row is pruned, or has their time.
   */
  async addVersions(versions: readonly ExportVersion[]): Promise<number> {
    const { rowCount } = await this.#client.query(importStatements.versions, [
      this.#document,
      this.#prunedLsn,
      textArray(versions.map(({ name }) => name)),
      int8Array(versions.map(({ lsn }) => lsn)),
      int8Array(versions.map(({ at }) => at)),
      int8Array(versions.map(({ createdAt }) => createdAt)),
      textArray(versions.map(({ principal }) => principal)),
    ]);
    return rowCount ?? 0;
  }

  /** Its body is stored already. */
  async addSnapshot({ key, lsn, at, bytes, checksum }: SnapshotPointer): Promise<void> {
    const values = [this.#document, key, this.#epoch, lsn, at, bytes, checksum];
    await this.#client.query(importStatements.snapshot, values);
  }

  /** Makes all of it visible. If it rejects, it may be there or not. */
  async commit(): Promise<void> {
    await this.#client.query('COMMIT');
    await this.#client.end();
  }

  /** Leaves nothing. The database does the same when the connection ends. */
  async abandon(): Promise<void> {
    await this.#client.end().catch(() => {});
  }
}
