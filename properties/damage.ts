/**
 * Damage to what goes over a wire or lies on a disk: to bytes, blindly and with an eye for varints,
 * and to the meaning of batches that are encoded again.
 */
import type { Random } from '../engine/random.ts';
import { type Batch, type Op, type OpId, opLength } from '../proto/batch.ts';

/** One to three damages; `other` is a message that pieces may come from. The inputs stay. */
export function damageBytes(original: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = original.slice();
  for (let count = random.between(1, 3); count > 0; count--) {
    bytes = damageOnce(bytes, other, random);
  }
  return bytes;
}

function damageOnce(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  const to = Math.min(at + random.below(8), bytes.length);
  const head = bytes.subarray(0, at);
  switch (random.below(8)) {
    case 0:
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = random.below(256);
      return bytes;
    case 2:
      return bytes.slice(0, at);
    case 3:
      return joined(head, bytes.subarray(to));
    case 4:
      return joined(bytes.subarray(0, to), bytes.subarray(at));
    case 5: {
      const noise = Uint8Array.from({ length: random.between(1, 8) }, () => random.below(256));
      return joined(head, noise, bytes.subarray(at));
    }
    case 6:
      return joined(head, other.subarray(random.below(other.length + 1)));
    default:
      return damageVarint(bytes, at, random);
  }
}

/** Another number where one may stand: a neighbour, or one of any size. */
function damageVarint(bytes: Uint8Array, start: number, random: Random): Uint8Array {
  let end = start;
  let value = 0n;
  while (end < bytes.length && end - start < 9) {
    const byte = bytes[end] ?? 0;
    value |= BigInt(byte & 0x7f) << BigInt(7 * (end - start));
    end++;
    if (byte < 0x80) break;
  }
  const sizes = [value + 1n, value - 1n, value * 2n, value ^ 1n, 1n << BigInt(random.below(64))];
  let rest = BigInt.asUintN(64, random.pick(sizes));
  const varint: number[] = [];
  for (; rest >= 0x80n; rest >>= 7n) varint.push(Number(rest & 0x7fn) | 0x80);
  varint.push(Number(rest));
  return joined(bytes.subarray(0, start), Uint8Array.from(varint), bytes.subarray(end));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/**
 * Batches that say something else: other ids, origins, targets, counts, orders. Timestamps within a
 * batch still run without a hole; the encoder may refuse what comes out.
 */
export function damageBatches(batches: readonly Batch[], random: Random): Batch[] {
  const ids = batches.flatMap((batch) => batch.ops.map((op) => idIn(batch, op, random)));
  const damaged = [...batches];
  for (let count = random.between(1, 3); count > 0; count--) {
    const position = random.below(damaged.length);
    const batch = damaged[position];
    if (batch === undefined) break;
    const chance = random.below(8);
    if (chance === 0) damaged.splice(position, 1);
    else if (chance === 1) damaged.splice(random.below(damaged.length), 0, batch);
    else damaged[position] = damageBatch(batch, ids, random);
  }
  return damaged;
}

function damageBatch(batch: Batch, ids: readonly OpId[], random: Random): Batch {
  const position = random.below(batch.ops.length);
  const op = batch.ops[position];
  if (op === undefined) return batch;
  switch (random.below(8)) {
    case 0:
      return numbered({ ...batch, first: Math.max(1, batch.first + random.between(-3, 3)) });
    case 1:
      return { ...batch, gap: clamp(batch.gap + random.between(-2, 3), 0, batch.first - 1) };
    case 2:
      return { ...batch, replica: random.pick(ids).replica };
    case 3:
      if (batch.ops.length === 1) return batch;
      return numbered({ ...batch, ops: batch.ops.toSpliced(position, 1) });
    case 4:
      return numbered({ ...batch, ops: batch.ops.toSpliced(position, 0, op) });
    default:
      return numbered({ ...batch, ops: batch.ops.with(position, damageOp(op, ids, random)) });
  }
}

function damageOp(op: Op, ids: readonly OpId[], random: Random): Op {
  if (op.type === 'delete') {
    const chance = random.below(3);
    const target = near(random.pick(ids), op.timestamp, random);
    if (chance === 0 && target !== null) return { ...op, target };
    if (chance === 1) return { ...op, count: Math.max(1, op.count + random.between(-2, 4)) };
    return { ...op, reversed: !op.reversed };
  }
  const chance = random.below(7);
  if (chance === 0) return { ...op, left: null };
  if (chance === 1) return { ...op, right: null };
  if (chance === 2 && op.left?.timestamp === op.timestamp - 1) return { ...op, right: 'same' };
  if (chance === 3) return { ...op, text: random.pick(['x', '😀', 'lengthy '.repeat(9), '\n']) };
  const id = near(random.pick(ids), op.timestamp, random);
  return chance < 5 ? { ...op, left: id } : { ...op, right: id };
}

/** An id of the operation's own characters. */
function idIn(batch: Batch, op: Op, random: Random): OpId {
  return { timestamp: op.timestamp + random.below(opLength(op)), replica: batch.replica };
}

/** An id about there, but older than `timestamp`; null if none can be. */
function near(id: OpId, timestamp: number, random: Random): OpId | null {
  if (timestamp === 1) return null;
  return { ...id, timestamp: clamp(id.timestamp + random.between(-1, 1), 1, timestamp - 1) };
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(value, max));
}

function numbered(batch: Batch): Batch {
  let timestamp = batch.first;
  const ops = batch.ops.map((op): Op => {
    const own = { ...op, timestamp };
    timestamp += opLength(op);
    return own;
  });
  return { ...batch, ops };
}
