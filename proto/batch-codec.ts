/**
 * The Batch message: read and written inside an Update, an edit frame or a row of a server frame.
 * The three differ in how replicas are named and in two fields:
 *
 *   |          | names                    | base | binding |
 *   | update   | positions in a table     | yes  | yes     |
 *   | edit     | indexes, 0 = the sender  | yes  | refused |
 *   | row      | indexes                  | no   | refused |
 *
 * A batch that comes out keeps the rules of batch.ts and op-stream.ts; one that breaks them cannot
 * be written, because a row of the log that no node can read would stop its document.
 */
import type { Batch, Binding } from './batch.ts';
import { opLength } from './batch.ts';
import { principalUnitsMax, secretHashBytes } from './limits.ts';
import { goesOn, nameOf, readOps, type WrittenNames, writeOps } from './op-stream.ts';
import type { Reader, Writer } from './wire.ts';

const fieldReplica = 1;
const fieldFirst = 2;
const fieldGap = 3;
const fieldBase = 4;
const fieldOps = 5;
const fieldText = 6;
const fieldSecretHash = 7;
const fieldPrincipal = 8;

/** Where a batch stands. */
export type BatchPlace = 'update' | 'edit' | 'row';

/**
 * Writes the content of a Batch message. `names`: see WrittenNames.
 * RangeError if the batch breaks a rule of the format.
 */
export function writeBatch(
  writer: Writer,
  batch: Batch,
  place: BatchPlace,
  names: WrittenNames,
): void {
  const text = checkedText(batch);
  writer.uint32(fieldReplica, nameOf(batch.replica, names));
  writer.uint(fieldFirst, batch.first);
  writer.uint(fieldGap, batch.gap);
  if (place !== 'row') writer.uint(fieldBase, batch.base);
  if (!goesOn(batch)) {
    const mark = writer.open(fieldOps);
    writeOps(writer, batch, names);
    writer.close(mark);
  }
  writer.string(fieldText, text);
  if (place === 'update' && batch.binding !== undefined) {
    writeBinding(writer, batch.binding, fieldSecretHash, fieldPrincipal);
  }
}

/** The text of all inserts, if the batch is one that `readBatch` will accept. */
function checkedText(batch: Batch): string {
  let text = '';
  let next = batch.first;
  for (const op of batch.ops) {
    const length = opLength(op);
    // Subtracted, because a sum above 2^53 is rounded.
    if (op.timestamp !== next || length < 1 || length > Number.MAX_SAFE_INTEGER - next + 1) {
      throw new RangeError(`operation of ${length} at ${op.timestamp}, expected at ${next}`);
    }
    if (op.type === 'insert') text += op.text;
    next += length;
  }
  if (next === batch.first || batch.first < 1) {
    throw new RangeError(`batch of ${batch.ops.length} operations from ${batch.first} on`);
  }
  if (batch.gap >= batch.first) {
    throw new RangeError(`batch ${batch.first}: gap of ${batch.gap}`);
  }
  return text;
}

/**
 * Reads the content of a Batch message. `names` gives the meaning of the names by position; null:
 * they stay as they are.
 */
export function readBatch(
  reader: Reader,
  place: BatchPlace,
  names: readonly number[] | null,
): Batch {
  let name = 0;
  let first = 0;
  let gap = 0;
  let base = 0;
  let stream: Reader | null = null;
  let text = '';
  let secretHash: Uint8Array | null = null;
  let principal = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
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
        stream = reader.inner('ops');
        break;
      case fieldText:
        text = reader.string('text');
        break;
      case fieldSecretHash:
        secretHash = reader.bytes('secret_hash');
        break;
      case fieldPrincipal:
        principal = reader.string('principal', principalUnitsMax * 3);
        break;
      default:
        reader.skip();
    }
  }
  const replica = names === null ? name : names[name];
  if (replica === undefined) throw reader.error('replica', `below ${names?.length}`, name);
  if (place === 'edit' && name !== 0) throw reader.error('replica', 'the sender, 0', name);
  if (gap >= first) throw reader.error('first', `above the gap of ${gap}`, first);
  if (place === 'row' && base !== 0) throw reader.error('base', 'none in a row', base);
  const ops = readOps(reader, { stream, text, first, author: replica, names });
  const batch = { replica, first, gap, base, ops };
  const binding = checkBinding(reader, secretHash, principal);
  if (binding === null) return batch;
  if (place !== 'update') throw reader.error('secret_hash', 'none in a frame', 'one');
  return { ...batch, binding };
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
