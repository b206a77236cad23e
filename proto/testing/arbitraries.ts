/**
 * fast-check arbitraries of everything that proto/ encodes: well-formed values only, with the edges
 * of every range (timestamps near 2^53, text outside the BMP) not rare. For tests; no product file
 * imports this.
 */
import fc from 'fast-check';
import type { Batch, Op, OpId } from '../batch.ts';
import { opLength } from '../batch.ts';
import { principalUnitsMax } from '../limits.ts';

const max = Number.MAX_SAFE_INTEGER;

/** 0 … 2^53-1, small and large ones alike. */
export const uint = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 2 ** 28 }),
  fc.maxSafeNat(),
  fc.constantFrom(0, 127, 128, 2 ** 32 - 1, 2 ** 32, 2 ** 49 - 1, 2 ** 49, max),
);
export const uint32 = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
);
/** A full replica id. */
export const replicaId = uint.map((value) => Math.max(value, 1));
/** Well-formed text, any code point. */
export function text(minLength: number, maxLength: number): fc.Arbitrary<string> {
  const units = fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'binary' }));
  return units
    .map((value) => trim(value.padEnd(minLength, 'x'), maxLength))
    .filter((value) => value.length >= minLength);
}

/** At most `length` UTF-16 units, without half a pair at the end. */
function trim(value: string, length: number): string {
  const cut = value.slice(0, length);
  const last = cut.charCodeAt(cut.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut;
}

const binding = fc.record({
  secretHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  principal: text(0, principalUnitsMax),
});

/** The free choices of one operation; what they mean depends on the timestamp it gets. */
const opSpec = fc.record({
  kind: fc.constantFrom('type', 'insert', 'insert', 'delete'),
  text: text(1, 12),
  left: fc.constantFrom('previous', 'id', 'start'),
  right: fc.constantFrom('same', 'id', 'end'),
  back: fc.oneof(fc.integer({ min: 0, max: 3 }), uint),
  backRight: fc.oneof(fc.integer({ min: 0, max: 3 }), uint),
  count: fc.oneof(fc.constantFrom(1, 2), uint),
  reversed: fc.boolean(),
  pick: fc.nat(),
});
type OpSpec = typeof opSpec extends fc.Arbitrary<infer T> ? T : never;

function buildOp(spec: OpSpec, timestamp: number, author: number, names: readonly number[]): Op {
  const pick = (number: number): number => names[number % names.length] ?? author;
  const id = (back: number, name: number): OpId | null =>
    timestamp === 1
      ? null
      : { timestamp: timestamp - 1 - (back % (timestamp - 1)), replica: pick(name) };
  const room = Math.min(timestamp - 1, Math.floor((max - timestamp) / 2));
  if (spec.kind === 'delete' && room >= 1) {
    const count = 1 + (spec.count % room);
    const target = { timestamp: 1 + (spec.back % (timestamp - count)), replica: pick(spec.pick) };
    return { type: 'delete', timestamp, target, count, reversed: spec.reversed };
  }
  const previous = timestamp > 1 && (spec.kind === 'type' || spec.left === 'previous');
  const left = previous
    ? { timestamp: timestamp - 1, replica: author }
    : spec.left === 'id'
      ? id(spec.back, spec.pick)
      : null;
  const explicit = spec.right === 'id' ? id(spec.backRight, Math.floor(spec.pick / 7)) : null;
  const right = previous && (spec.kind === 'type' || spec.right === 'same') ? 'same' : explicit;
  return { type: 'insert', timestamp, left, right, text: spec.text };
}

/**
 * A well-formed batch whose author and references are among `names`; `place` as in batch-codec.ts.
 */
export function batch(
  names: readonly number[],
  place: 'update' | 'edit' | 'row',
): fc.Arbitrary<Batch> {
  return fc
    .record({
      author: place === 'edit' ? fc.constant(0) : fc.constantFrom(...names),
      first: fc.oneof(
        fc.integer({ min: 1, max: 4 }),
        uint.map((value) => Math.max(value, 1)),
      ),
      gap: fc.oneof(fc.constant(0), uint),
      base: place === 'row' ? fc.constant(0) : fc.oneof(fc.constant(0), uint),
      specs: fc.array(opSpec, { minLength: 1, maxLength: 6 }),
      binding: place === 'update' ? fc.option(binding, { nil: undefined }) : fc.constant(undefined),
    })
    .map(({ author, first: wanted, gap, base, specs, binding }) => {
      const first = Math.min(wanted, max - 200);
      const ops: Op[] = [];
      let timestamp = first;
      for (const spec of specs) {
        if (timestamp > max - 100) break;
        const op = buildOp(spec, timestamp, author, names);
        ops.push(op);
        timestamp += opLength(op);
      }
      const fitted = gap % first;
      const plain = { replica: author, first, gap: fitted, base, ops };
      return binding === undefined ? plain : { ...plain, binding };
    });
}

/** Up to four batches of an update: full ids, as few of them as real updates have. */
export const updateBatches = fc
  .uniqueArray(replicaId, { minLength: 1, maxLength: 4 })
  .chain((names) => fc.array(batch(names, 'update'), { maxLength: 4 }));
