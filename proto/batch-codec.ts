/**
 * The Batch message: read and written inside an Update, an edit frame or a row of a server frame.
 * The places differ in how replicas are named and in three fields:
 *
 *   |          | names                    | base | binding | held |
 *   | update   | positions in a table     | yes  | yes     | yes  |
 *   | lone     | positions in a table     | yes  | yes     | yes  |
 *   | edit     | indexes, 0 = the sender  | yes  | refused | yes  |
 *   | row      | indexes                  | no   | refused | no   |
 *
 * A *lone* batch is the only one of an update. Its author has position 0 and is not named, and its
 * fields are those of the update itself, with numbers higher by `loneShift`.
 *
 * A batch that comes out keeps the rules of batch.ts and op-stream.ts; one that breaks them cannot
 * be written, because a row of the log that no node can read would stop its document. Both ways go
 * through OpColumns; a frame's batches, few and small, become objects.
 */
import type { Batch, Binding } from './batch.ts';
import { DecodeError } from './decode-error.ts';
import { principalUnitsMax, secretHashBytes } from './limits.ts';
import {
  batchBase,
  batchFirst,
  batchGap,
  batchName,
  batchStride,
  batchTextEnd,
  OpColumns,
} from './op-columns.ts';
import {
  addTyping,
  checkTyping,
  goesOn,
  type ReadNames,
  readOps,
  type WrittenNames,
  writeOps,
  writtenName,
} from './op-stream.ts';
import { readUnits } from './unit-text.ts';
import type { Reader, Writer } from './wire.ts';

const fieldReplica = 1;
const fieldFirst = 2;
const fieldGap = 3;
const fieldBase = 4;
const fieldOps = 5;
const fieldText = 6;
const fieldSecretHash = 7;
const fieldPrincipal = 8;
const fieldHeldMs = 9;

/** Number of a lone batch's field in the update minus that in a Batch message. */
const loneShift = 2;
/** Numbers in the update of the fields of a lone batch: from first to held_ms. */
export const loneFieldMin = fieldFirst + loneShift;
export const loneFieldMax = fieldHeldMs + loneShift;

/** Where a batch stands. */
export type BatchPlace = 'update' | 'lone' | FramePlace;
export type FramePlace = 'edit' | 'row';

/** Where a frame's batch is while it is converted; empty in between. */
const frameColumns = new OpColumns();

/**
 * Writes the content of the Batch message of the batch at `position`, or its fields if it is lone.
 * RangeError if the batch breaks a rule of the format; what was written before is of no use then.
 */
export function writeBatch(
  writer: Writer,
  columns: OpColumns,
  position: number,
  place: BatchPlace,
  names: WrittenNames,
): void {
  const { batches } = columns;
  const at = position * batchStride;
  const shift = place === 'lone' ? loneShift : 0;
  const first = batches[at + batchFirst] ?? 0;
  const gap = batches[at + batchGap] ?? 0;
  if (gap >= first) throw new RangeError(`batch ${first}: gap of ${gap}`);
  if (shift === 0) writer.uint32(fieldReplica, writtenName(batches[at + batchName] ?? 0, names));
  writer.uint(fieldFirst + shift, first);
  writer.uint(fieldGap + shift, gap);
  if (place !== 'row') writer.uint(fieldBase + shift, batches[at + batchBase] ?? 0);
  if (goesOn(columns, position)) checkTyping(columns, position);
  else {
    const mark = writer.open(fieldOps + shift);
    writeOps(writer, columns, position, names);
    writer.close(mark);
  }
  writer.units(
    fieldText + shift,
    columns.text,
    columns.textStart(position),
    batches[at + batchTextEnd] ?? 0,
  );
  if (place === 'row') return;
  if (place !== 'edit' && columns.bindings.size > 0) {
    const binding = columns.bindings.get(position);
    if (binding) writeBinding(writer, binding, fieldSecretHash + shift, fieldPrincipal + shift);
  }
  if (columns.heldMs.size > 0) {
    writer.uint(fieldHeldMs + shift, columns.heldMs.get(position) ?? 0);
  }
}

/** Writes a batch whose replicas are indexes, as `writeBatch` does; its binding is left out. */
export function writeFrameBatch(writer: Writer, batch: Batch, place: FramePlace): void {
  try {
    frameColumns.addBatch(batch);
    writeBatch(writer, frameColumns, 0, place, frameColumns.replicas);
  } finally {
    frameColumns.clear();
  }
}

/**
 * Reads a Batch message to its end, or the update whose lone batch it is, adding the batch to the
 * columns. `begun`: number of its first field, which the reader has come to.
 */
export function readBatch(
  reader: Reader,
  begun: number,
  place: BatchPlace,
  names: ReadNames,
  columns: OpColumns,
): void {
  const shift = place === 'lone' ? loneShift : 0;
  const textStart = columns.textLength;
  let name = 0;
  let first = 0;
  let gap = 0;
  let base = 0;
  let opsStart = -1;
  let opsEnd = 0;
  let secretHash: Uint8Array | null = null;
  let principal = '';
  for (let field = begun; field !== 0; field = reader.next()) {
    if (field <= shift + fieldReplica && shift > 0) throw afterLone(reader);
    switch (field - shift) {
      case fieldReplica:
        name = reader.uint32('replica');
        break;
      case fieldFirst:
        first = reader.uint('first');
        break;
      case fieldGap:
        gap = reader.uint('gap');
        break;
      case fieldBase:
        base = reader.uint('base');
        break;
      case fieldOps:
        opsStart = reader.content('ops');
        opsEnd = reader.offset;
        break;
      case fieldText:
        readText(reader, columns, textStart);
        break;
      case fieldSecretHash:
        secretHash = reader.bytes('secret_hash');
        break;
      case fieldPrincipal:
        principal = reader.string('principal', principalUnitsMax * 3);
        break;
      case fieldHeldMs:
        columns.heldMs.set(columns.batchCount, reader.uint('held_ms'));
        break;
      default:
        reader.skip();
    }
  }
  const author = names === null ? columns.nameOf(name) : names[name];
  if (author === undefined) throw reader.error('replica', `below ${names?.length}`, name);
  checkPlace(reader, place, name, base, columns.heldMs);
  if (gap >= first) throw reader.error('first', `above the gap of ${gap}`, first);
  columns.beginBatch(author, first, gap, base);
  if (opsStart === -1) addTyping(reader, columns, author, first, textStart);
  else {
    const { end } = reader;
    reader.seek(opsStart, opsEnd);
    readOps(reader, columns, author, first, textStart, names);
    reader.seek(end, end);
  }
  const position = columns.endBatch();
  if (secretHash === null && principal === '') return;
  const binding = bindingAt(reader, place, secretHash, principal);
  if (binding !== null) columns.bindings.set(position, binding);
}

/**
 * Refuses what a frame does not have. `heldMs` of a row holds nothing of other batches: they come
 * into the columns one by one.
 */
function checkPlace(
  reader: Reader,
  place: BatchPlace,
  name: number,
  base: number,
  heldMs: ReadonlyMap<number, number>,
): void {
  if (place === 'edit' && name !== 0) throw reader.error('replica', 'the sender, 0', name);
  if (place !== 'row') return;
  if (base !== 0) throw reader.error('base', 'none in a row', base);
  const held = heldMs.get(0) ?? 0;
  if (held !== 0) throw reader.error('held_ms', 'none in a row', held);
}

function bindingAt(
  reader: Reader,
  place: BatchPlace,
  secretHash: Uint8Array | null,
  principal: string,
): Binding | null {
  const binding = checkBinding(reader, secretHash, principal);
  if (place === 'update' || place === 'lone') return binding;
  throw reader.error('secret_hash', 'none in a frame', 'one');
}

function afterLone(reader: Reader): DecodeError {
  return reader.error('first', 'the end of the update behind its only batch', 'more of an update');
}

/** The text goes where the columns end, in place of one that came before in the same message. */
function readText(reader: Reader, columns: OpColumns, textStart: number): void {
  const start = reader.content('text');
  const end = reader.offset;
  columns.textLength = textStart;
  columns.reserveText(end - start);
  const textEnd = readUnits(reader.source, start, end, columns.text, textStart);
  if (textEnd === -1) throw new DecodeError('text', start, 'expected UTF-8, found other bytes');
  columns.textLength = textEnd;
}

/** Reads a batch whose replicas are indexes and stay so, as `readBatch` does. */
export function readFrameBatch(reader: Reader, place: FramePlace): Batch {
  try {
    readBatch(reader, reader.next(), place, null, frameColumns);
    return frameColumns.batchAt(0);
  } finally {
    frameColumns.clear();
  }
}

/** Writes the two fields of a binding. RangeError if they break their limits. */
export function writeBinding(
  writer: Writer,
  binding: Binding,
  hashField: number,
  principalField: number,
): void {
  const { secretHash, principal } = binding;
  if (secretHash.length !== secretHashBytes || principal.length > principalUnitsMax) {
    const lengths = `${secretHash.length} bytes, ${principal.length} units`;
    throw new RangeError(`binding of ${lengths} (hash, principal)`);
  }
  writer.bytes(hashField, secretHash);
  writer.string(principalField, principal);
}

/** The binding of the two fields as they were read (null and empty: absent), or null. */
export function checkBinding(
  reader: Reader,
  secretHash: Uint8Array | null,
  principal: string,
): Binding | null {
  if (principal.length > principalUnitsMax) {
    throw reader.error('principal', `at most ${principalUnitsMax} units`, principal.length);
  }
  if (secretHash === null) {
    if (principal === '') return null;
    throw reader.error('principal', 'none without secret_hash', JSON.stringify(principal));
  }
  if (secretHash.length !== secretHashBytes) {
    throw reader.error('secret_hash', `${secretHashBytes} bytes`, secretHash.length);
  }
  return { secretHash, principal };
}
