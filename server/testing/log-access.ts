/** Promises around a log, for tests and measurements. */
import type { AppendResult, LogPage, LogPort, LogRow } from '../../engine/driver/ports.ts';
import { PostgresLog, type PostgresLogOptions } from '../postgres/postgres-log.ts';

/** For code that must not import the server itself. */
export function openPostgresLog(options: PostgresLogOptions): PostgresLog {
  return new PostgresLog(options);
}

/** Appends `body`; text stands for its UTF-8 bytes. */
export function appendTo(
  log: LogPort,
  document: string,
  body: Uint8Array | string = 'row',
  epoch = 1,
): Promise<AppendResult> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return new Promise((done) => log.append(document, epoch, bytes, done));
}

/** One page; null = failed. */
export function readFrom(
  log: LogPort,
  document: string,
  afterLsn = 0,
  bytesMax = 1e6,
): Promise<LogPage | null> {
  return new Promise((done) => log.read(document, afterLsn, bytesMax, done));
}

/** Every row of the document, page by page; throws when a page fails or the rows leave a hole. */
export async function readAll(log: LogPort, document: string): Promise<readonly LogRow[]> {
  const rows: LogRow[] = [];
  for (;;) {
    const page = await readFrom(log, document, rows.length);
    if (page === null) throw new Error(`no page of ${document} after ${rows.length}`);
    for (const row of page.rows) {
      if (row.lsn !== rows.length + 1) {
        throw new Error(`${document}: row ${rows.length + 1} expected, got ${row.lsn}`);
      }
      rows.push(row);
    }
    if (rows.length === (page.head?.lsn ?? 0)) return rows;
    if (page.rows.length === 0) throw new Error(`${document}: no rows after ${rows.length}`);
  }
}
