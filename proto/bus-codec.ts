/**
 * The BusRow message: what a node publishes after a commit. A hint for other nodes, never the
 * truth: who misses one reads the log.
 */
import { Reader, Writer } from './wire.ts';

/** A committed row of a document's log. */
export interface BusRow {
  readonly epoch: number;
  /** ≥ 1. */
  readonly lsn: number;
  /** Commit time, ms since 1970. */
  readonly at: number;
  /** An encoded Update: the row's bytes in the log. */
  readonly body: Uint8Array;
}

export function encodeBusRow(row: BusRow): Uint8Array {
  const writer = new Writer();
  writer.uint(1, row.epoch);
  writer.uint(2, row.lsn);
  writer.uint(3, row.at);
  writer.bytes(4, row.body);
  return writer.finish();
}

/**
 * Decodes a row, or throws a DecodeError. Shares no memory with `bytes`; leaves the body encoded.
 */
export function decodeBusRow(bytes: Uint8Array): BusRow {
  const reader = new Reader(bytes);
  let epoch = 0;
  let lsn = 0;
  let at = 0;
  let body: Uint8Array | null = null;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) epoch = reader.uint('epoch');
    else if (field === 2) lsn = reader.uint('lsn');
    else if (field === 3) at = reader.uint('at');
    else if (field === 4) body = reader.bytes('body');
    else reader.skip();
  }
  if (lsn === 0) throw reader.error('lsn', 'an LSN', lsn);
  if (body === null) throw reader.error('body', 'an update', 'none');
  return { epoch, lsn, at, body };
}
