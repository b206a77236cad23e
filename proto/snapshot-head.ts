/**
 * The SnapshotHead message: what is known of a document before its text and columns are read, and
 * how those two sections are stored.
 */
import { checkBinding, writeBinding } from './batch-codec.ts';
import type { CompressionName } from './compression.ts';
import { principalUnitsMax, snapshotColumnsBytesMax, snapshotTextBytesMax } from './limits.ts';
import type { SnapshotHead, SnapshotReplica, VoidedBatch } from './snapshot-state.ts';
import type { Reader, Writer } from './wire.ts';

const compressionNames: readonly (CompressionName | null)[] = [null, 'deflate', 'brotli'];

/** How the sections are stored. */
export interface Storage {
  /** Of both sections; null = none. */
  readonly compression: CompressionName | null;
  /** UTF-8 bytes of the visible text, at the start of the text section. */
  readonly visibleBytes: number;
  /** UTF-8 bytes of the hidden text, after it; null: saved without history. */
  readonly hiddenBytes: number | null;
  /** Bytes of the SnapshotColumns message. */
  readonly columnsBytes: number;
  /** CRC-32 of the sections as they are stored. */
  readonly textChecksum: number;
  readonly columnsChecksum: number;
}

export function writeHead(writer: Writer, head: SnapshotHead, storage: Storage): void {
  writer.uint(1, head.epoch);
  writer.uint(2, head.lsn);
  writer.uint(3, head.at);
  writer.uint(4, head.operations);
  for (const replica of head.replicas) {
    const mark = writer.open(5);
    writeReplica(writer, replica);
    writer.close(mark);
  }
  writer.packed(6, voidedColumn(head.voided));
  writer.uint(7, compressionNames.indexOf(storage.compression));
  writer.uint(8, storage.visibleBytes);
  writer.uint(9, storage.hiddenBytes ?? 0);
  writer.bool(10, storage.hiddenBytes === null);
  writer.uint(11, storage.columnsBytes);
  // Of an empty section it is 0, and left out as any 0.
  if (storage.textChecksum !== 0) writer.fixed32(12, storage.textChecksum);
  if (storage.columnsChecksum !== 0) writer.fixed32(13, storage.columnsChecksum);
}

function writeReplica(writer: Writer, replica: SnapshotReplica): void {
  writer.uint(1, replica.id);
  writer.uint(2, replica.last);
  if (replica.binding !== undefined) writeBinding(writer, replica.binding, 3, 4);
  writer.uint(5, replica.since);
}

function voidedColumn(voided: readonly VoidedBatch[]): number[] {
  let before = 0;
  return voided.flatMap(({ lsn, position }) => {
    const distance = lsn - before;
    before = lsn;
    return [distance, position];
  });
}

/** Reads the message to its end. */
export function readHead(reader: Reader): { head: SnapshotHead; storage: Storage } {
  const numbers = { epoch: 0, lsn: 0, at: 0, operations: 0 };
  const sizes = { visibleBytes: 0, columnsBytes: 0, textChecksum: 0, columnsChecksum: 0 };
  const replicas: SnapshotReplica[] = [];
  let voided: readonly number[] = [];
  let compression = 0;
  let hiddenBytes = 0;
  let isWithoutHistory = false;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) numbers.epoch = reader.uint('epoch');
    else if (field === 2) numbers.lsn = reader.uint('lsn');
    else if (field === 3) numbers.at = reader.uint('at');
    else if (field === 4) numbers.operations = reader.uint('operations');
    else if (field === 5) {
      replicas.push(reader.message('replicas', readReplica, replicas.length));
    } else if (field === 6) voided = reader.packed('voided');
    else if (field === 7) compression = reader.uint('compression', compressionNames.length - 1);
    else if (field === 8) sizes.visibleBytes = reader.uint('visible_bytes', snapshotTextBytesMax);
    else if (field === 9) hiddenBytes = reader.uint('hidden_bytes', snapshotTextBytesMax);
    else if (field === 10) isWithoutHistory = reader.bool('without_history');
    else if (field === 11) {
      sizes.columnsBytes = reader.uint('columns_bytes', snapshotColumnsBytesMax);
    } else if (field === 12) sizes.textChecksum = reader.fixed32('text_checksum');
    else if (field === 13) sizes.columnsChecksum = reader.fixed32('columns_checksum');
    else reader.skip();
  }
  if (sizes.visibleBytes + hiddenBytes > snapshotTextBytesMax) {
    throw reader.error('hidden_bytes', `a text of ${snapshotTextBytesMax} bytes`, hiddenBytes);
  }
  if (isWithoutHistory && hiddenBytes > 0) {
    throw reader.error('hidden_bytes', 'none without history', hiddenBytes);
  }
  checkReplicas(reader, replicas, numbers.lsn);
  return {
    head: { ...numbers, replicas, voided: readVoided(reader, voided, numbers.lsn) },
    storage: {
      ...sizes,
      compression: compressionNames[compression] ?? null,
      hiddenBytes: isWithoutHistory ? null : hiddenBytes,
    },
  };
}

function readReplica(reader: Reader): SnapshotReplica {
  const numbers = { id: 0, last: 0, since: 0 };
  let secretHash: Uint8Array | null = null;
  let principal = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) numbers.id = reader.uint('id');
    else if (field === 2) numbers.last = reader.uint('last');
    else if (field === 3) secretHash = reader.bytes('secret_hash');
    else if (field === 4) principal = reader.string('principal', principalUnitsMax * 3);
    else if (field === 5) numbers.since = reader.uint('since');
    else reader.skip();
  }
  const binding = checkBinding(reader, secretHash, principal);
  return binding === null ? numbers : { ...numbers, binding };
}

function checkReplicas(reader: Reader, replicas: readonly SnapshotReplica[], lsn: number): void {
  const ids = new Set<number>();
  for (const [index, { id, since }] of replicas.entries()) {
    if (id === 0 || ids.has(id)) throw reader.error(`replicas[${index}].id`, 'a new id', id);
    if (since > lsn) throw reader.error(`replicas[${index}].since`, `at most ${lsn}`, since);
    ids.add(id);
  }
}

function readVoided(reader: Reader, column: readonly number[], last: number): VoidedBatch[] {
  if (column.length % 2 !== 0) throw reader.error('voided', 'pairs', column.length);
  const voided: VoidedBatch[] = [];
  let lsn = 0;
  for (let i = 0; i < column.length; i += 2) {
    lsn += column[i] ?? 0;
    if (lsn < 1 || lsn > last) throw reader.error(`voided[${i}]`, `an LSN 1 … ${last}`, lsn);
    voided.push({ lsn, position: column[i + 1] ?? 0 });
  }
  return voided;
}
