/**
 * The Update message: a log row's body, a client's update, an outbox. Self-contained: it has its
 * own table of full replica ids, in order of first use, and batches name replicas by position in
 * it.
 *
 *   format (0 is left out) | id, id, … | batch, batch, …      other orders are refused
 *
 * The format number also stands for the rules by which the fold judges the batches. A number that
 * is not known here ends the reading: a node must not guess what a newer one meant.
 */
import type { Batch } from './batch.ts';
import { readBatch, writeBatch } from './batch-codec.ts';
import { UnreadableFormatError } from './decode-error.ts';
import { Reader, Writer } from './wire.ts';

const fieldFormat = 1;
const fieldReplicas = 2;
const fieldBatches = 3;

/** Highest format number that is read, and the one that is written unless told otherwise. */
const updateFormat = 0;

/** Operations under full replica ids. */
export interface Update {
  readonly format: number;
  readonly batches: readonly Batch[];
}

/** Encodes batches with full replica ids. RangeError if one breaks a rule of the format. */
export function encodeUpdate(update: {
  readonly format?: number;
  readonly batches: readonly Batch[];
}): Uint8Array {
  const names = nameTable(update.batches);
  const writer = new Writer();
  writer.uint32(fieldFormat, update.format ?? updateFormat);
  for (const replica of names.keys()) {
    if (replica === 0) throw new RangeError('a replica id is 1 … 2^53-1, got 0');
    writer.uint(fieldReplicas, replica);
  }
  for (const batch of update.batches) {
    const mark = writer.open(fieldBatches);
    writeBatch(writer, batch, 'update', names);
    writer.close(mark);
  }
  return writer.finish();
}

/** Replica id → position, in order of first use. */
function nameTable(batches: readonly Batch[]): Map<number, number> {
  const names = new Map<number, number>();
  for (const batch of batches) {
    use(names, batch.replica);
    for (const op of batch.ops) {
      if (op.type === 'delete') use(names, op.target.replica);
      else {
        if (op.left !== null) use(names, op.left.replica);
        if (op.right !== null && op.right !== 'same') use(names, op.right.replica);
      }
    }
  }
  return names;
}

function use(names: Map<number, number>, replica: number): void {
  if (!names.has(replica)) names.set(replica, names.size);
}

/**
 * Decodes an update into full replica ids. UnreadableFormatError if its format is not known,
 * DecodeError if the bytes are not an update. Shares no memory with `bytes`.
 */
export function decodeUpdate(bytes: Uint8Array): Update {
  const reader = new Reader(bytes);
  const replicas: number[] = [];
  const batches: Batch[] = [];
  let format = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case fieldFormat:
        format = reader.uint32('format');
        if (format > updateFormat) throw new UnreadableFormatError(reader.offset, format);
        break;
      case fieldReplicas:
        replicas.push(readReplica(reader, replicas.length, batches.length));
        break;
      case fieldBatches:
        batches.push(
          reader.message(
            'batches',
            (inner) => readBatch(inner, 'update', replicas),
            batches.length,
          ),
        );
        break;
      default:
        reader.skip();
    }
  }
  return { format, batches };
}

function readReplica(reader: Reader, index: number, batchCount: number): number {
  const replica = reader.uint(`replicas[${index}]`);
  if (replica === 0) throw reader.error(`replicas[${index}]`, 'a replica id', replica);
  if (batchCount > 0) throw reader.error(`replicas[${index}]`, 'a batch', 'a replica id after one');
  return replica;
}
