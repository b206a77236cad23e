/** Cutting, joining and renaming batches: what each timestamp means stays what it was. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Batch, OpId } from './batch.ts';
import {
  batchLast,
  batchOperations,
  canCut,
  joinBatches,
  opLength,
  renameBatch,
  sliceBatch,
} from './batch.ts';
import { batch as arbitraryBatch } from './testing/arbitraries.ts';

const names = [3, 4, 2 ** 53 - 1];
// Long deletions are kept short here: the meaning is spelled out unit by unit.
const shortBatch = arbitraryBatch(names, 'update').filter((batch) => batchOperations(batch) < 200);

/** What a batch means, one line per timestamp; `right` is what the author's previous insert had. */
function meaning(batches: readonly Batch[]): string[] {
  const lines: string[] = [];
  const show = (id: OpId | null): string => (id ? `${id.timestamp}@${id.replica}` : '-');
  let right = '?';
  for (const batch of batches) {
    for (const op of batch.ops) {
      if (op.type === 'insert') {
        right = op.right === 'same' ? right : show(op.right);
        for (let unit = 0; unit < op.text.length; unit++) {
          const timestamp = op.timestamp + unit;
          const left = unit === 0 ? op.left : { timestamp: timestamp - 1, replica: batch.replica };
          lines.push(`${timestamp} +${op.text.charCodeAt(unit)} ${show(left)} ${right}`);
        }
      } else {
        for (let unit = 0; unit < op.count; unit++) {
          const at = op.target.timestamp + (op.reversed ? op.count - 1 - unit : unit);
          lines.push(`${op.timestamp + unit} -${at}@${op.target.replica}`);
        }
      }
    }
  }
  return lines;
}

/** A batch and places to cut it, ascending. */
const cutBatch = fc
  .tuple(shortBatch, fc.array(fc.nat(), { maxLength: 4 }))
  .map(([batch, numbers]) => {
    const cuts = numbers.map((number) => batch.first + (number % batchOperations(batch)));
    const inside = new Set(cuts.filter((cut) => cut > batch.first && canCut(batch, cut)));
    return { batch, cuts: [...inside].sort((a, b) => a - b) };
  });

describe('a batch', () => {
  test('spans one timestamp per unit', () => {
    fc.assert(
      fc.property(shortBatch, (batch) => {
        const units = meaning([batch]);
        expect(batchOperations(batch)).toBe(units.length);
        expect(batchLast(batch)).toBe(batch.first + units.length - 1);
      }),
    );
  });

  test('means the same in slices, and again when they are joined', () => {
    fc.assert(
      fc.property(cutBatch, ({ batch, cuts }) => {
        const edges = [batch.first, ...cuts];
        const slices = edges.map((edge, index) => sliceBatch(batch, edge, edges[index + 1]));
        expect(meaning(slices)).toEqual(meaning([batch]));
        for (const [index, slice] of slices.entries()) {
          expect(slice.first).toBe(edges[index]);
          expect(slice.base).toBe(batch.base);
          expect(slice.heldMs).toBe(batch.heldMs);
          expect(slice.gap).toBe(index === 0 ? batch.gap : 0);
          expect(slice.binding).toBe(index === 0 ? batch.binding : undefined);
        }
        const joined = slices.reduce((a, b) => {
          const both = joinBatches(a, b);
          if (both === null) throw new Error(`not joined at ${b.first}`);
          return both;
        });
        expect(meaning([joined])).toEqual(meaning([batch]));
        expect(joined.ops.length).toBeLessThanOrEqual(batch.ops.length);
        expect({ ...joined, ops: [] }).toEqual({ ...batch, ops: [] });
      }),
    );
  });

  test('is not cut outside of itself or inside a surrogate pair', () => {
    const batch: Batch = {
      replica: 1,
      first: 10,
      gap: 2,
      base: 5,
      ops: [{ type: 'insert', timestamp: 10, left: null, right: null, text: 'a😀b' }],
    };
    expect([10, 11, 12, 13, 14].map((cut) => canCut(batch, cut))).toEqual([
      true,
      true,
      false,
      true,
      true,
    ]);
    expect(() => sliceBatch(batch, 12)).toThrow(/surrogate/);
    expect(() => sliceBatch(batch, 10, 12)).toThrow(/surrogate/);
    expect(() => sliceBatch(batch, 9)).toThrow(/not inside/);
    expect(() => sliceBatch(batch, 11, 15)).toThrow(/not inside/);
    expect(() => sliceBatch(batch, 11, 11)).toThrow(/not inside/);
    expect(sliceBatch(batch, 13)).toEqual({
      replica: 1,
      first: 13,
      gap: 0,
      base: 5,
      ops: [
        {
          type: 'insert',
          timestamp: 13,
          left: { timestamp: 12, replica: 1 },
          right: 'same',
          text: 'b',
        },
      ],
    });
  });

  test('renamed there and back is itself', () => {
    fc.assert(
      fc.property(shortBatch, (batch) => {
        const away = renameBatch(batch, (name) => names.indexOf(name));
        expect(away.replica).toBe(names.indexOf(batch.replica));
        const used = new Set(
          meaning([away])
            .join(' ')
            .match(/(?<=@)\d+/g) ?? [],
        );
        for (const name of used) expect(Number(name)).toBeLessThan(names.length);
        expect(renameBatch(away, (index) => names[index] ?? -1)).toEqual(batch);
      }),
    );
  });
});

describe('joining', () => {
  const typed = (first: number, text: string, gap = 0, base = 0): Batch => ({
    replica: 1,
    first,
    gap,
    base,
    ops: [{ type: 'insert', timestamp: first, left: id(first - 1), right: 'same', text }],
  });
  const deleted = (first: number, target: number, count = 1, reversed = false): Batch => ({
    replica: 1,
    first,
    gap: 0,
    base: 0,
    ops: [{ type: 'delete', timestamp: first, target: id(target), count, reversed }],
  });
  const id = (timestamp: number, replica = 1): OpId => ({ timestamp, replica });

  test('merges typing into one run', () => {
    expect(joinBatches(typed(5, 'ab', 3), typed(7, 'c'))).toEqual(typed(5, 'abc', 3));
  });

  test('needs the next timestamp, no gap, one replica, one base, no binding', () => {
    const a = typed(5, 'ab');
    expect(joinBatches(a, typed(8, 'c'))).toBeNull();
    expect(joinBatches(a, typed(7, 'c', 1))).toBeNull();
    expect(joinBatches(a, typed(7, 'c', 0, 1))).toBeNull();
    expect(joinBatches(a, { ...typed(7, 'c'), replica: 2 })).toBeNull();
    const binding = { secretHash: new Uint8Array(32), principal: 'ann' };
    expect(joinBatches(a, { ...typed(7, 'c'), binding })).toBeNull();
  });

  test('keeps the longer of two held times', () => {
    const held = (batch: Batch, heldMs: number): Batch => ({ ...batch, heldMs });
    const [a, b, both] = [typed(5, 'ab'), typed(7, 'c'), typed(5, 'abc')];
    expect(joinBatches(held(a, 9), b)).toEqual(held(both, 9));
    expect(joinBatches(a, held(b, 9))).toEqual(held(both, 9));
    expect(joinBatches(held(a, 8), held(b, 9))).toEqual(held(both, 9));
  });

  test('keeps an insert at another place apart', () => {
    const elsewhere: Batch = {
      ...typed(7, 'c'),
      ops: [{ type: 'insert', timestamp: 7, left: id(6, 2), right: null, text: 'c' }],
    };
    const joined = joinBatches(typed(5, 'ab'), elsewhere);
    expect(joined?.ops.map(opLength)).toEqual([2, 1]);
  });

  test('keeps a deletion of what came meanwhile apart, as no operation may name it', () => {
    const joined = joinBatches(deleted(20, 18, 2), deleted(22, 20, 2));
    expect(joined?.ops.length).toBe(2);
    expect(joinBatches(deleted(20, 16, 2), deleted(22, 18, 2))).toEqual(deleted(20, 16, 4));
  });

  test('merges deletions forwards and backwards, single ones either way', () => {
    expect(joinBatches(deleted(20, 5), deleted(21, 6))).toEqual(deleted(20, 5, 2));
    expect(joinBatches(deleted(20, 5), deleted(21, 4))).toEqual(deleted(20, 4, 2, true));
    expect(joinBatches(deleted(20, 5, 2), deleted(22, 7, 2))).toEqual(deleted(20, 5, 4));
    expect(joinBatches(deleted(20, 5, 2, true), deleted(22, 3, 2, true))).toEqual(
      deleted(20, 3, 4, true),
    );
    const others: Batch = {
      ...deleted(22, 7),
      ops: [{ type: 'delete', timestamp: 22, target: id(7, 2), count: 1, reversed: false }],
    };
    for (const next of [deleted(22, 7, 2, true), deleted(22, 3, 2), deleted(22, 9), others]) {
      expect(joinBatches(deleted(20, 5, 2), next)?.ops.length).toBe(2);
    }
  });
});
