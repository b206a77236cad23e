/**
 * Batches through the columns: objects in, objects or bytes out, the same; and what is left when
 * the columns are cleared or a reading fails half-way.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Batch } from './batch.ts';
import { DecodeError } from './decode-error.ts';
import {
  batchOpEnd,
  batchStride,
  batchTextEnd,
  kindDeleteReversed,
  nameEdge,
  nameSame,
  OpColumns,
  opStride,
} from './op-columns.ts';
import { updateBatches } from './testing/arbitraries.ts';
import { encodeUpdate, readUpdate, writeUpdate } from './update-codec.ts';

const numRuns = 500;

function columnsOf(batches: readonly Batch[]): OpColumns {
  const columns = new OpColumns();
  for (const batch of batches) columns.addBatch(batch);
  return columns;
}

function batchesOf(columns: OpColumns): Batch[] {
  return Array.from({ length: columns.batchCount }, (_, position) => columns.batchAt(position));
}

describe('batches', () => {
  test('go through the columns unchanged', () => {
    fc.assert(
      fc.property(updateBatches, (batches) => {
        expect(batchesOf(columnsOf(batches))).toEqual(batches);
      }),
      { numRuns },
    );
  });

  test('go through bytes unchanged, into columns that hold others already', () => {
    fc.assert(
      fc.property(updateBatches, updateBatches, (before, batches) => {
        const columns = columnsOf(before);
        readUpdate(writeUpdate(columnsOf(batches)), columns);
        expect(batchesOf(columns)).toEqual([...before, ...batches]);
      }),
      { numRuns },
    );
  });

  test('have the same bytes whatever names their replicas have', () => {
    fc.assert(
      fc.property(updateBatches, fc.array(fc.maxSafeNat()), (batches, others) => {
        const columns = new OpColumns();
        for (const replica of others) columns.nameOf(replica);
        for (const batch of batches.toReversed()) columns.nameOf(batch.replica);
        for (const batch of batches) columns.addBatch(batch);
        const bytes = encodeUpdate({ batches });
        expect(writeUpdate(columns)).toEqual(bytes);
        columns.clear();
        readUpdate(bytes, columns);
        expect(writeUpdate(columns)).toEqual(bytes);
      }),
      { numRuns },
    );
  });
});

describe('columns', () => {
  test('hold a batch as the header draws it', () => {
    const columns = new OpColumns();
    const me = columns.nameOf(2 ** 53 - 1);
    const other = columns.nameOf(7);
    columns.beginBatch(me, 10, 2, 4);
    columns.addInsert(other, 3, nameEdge, 0);
    columns.appendText('añ');
    columns.appendUnits(Uint16Array.of(1, 0xd83d, 0xde00, 2), 1, 3);
    columns.addInsert(me, 13, nameSame, 0);
    columns.appendText('z');
    columns.addDelete(kindDeleteReversed, other, 5, 2);
    expect(columns.endBatch()).toBe(0);

    expect(columns.replicas).toEqual([2 ** 53 - 1, 7]);
    expect([...columns.batches.subarray(0, batchStride)]).toEqual([me, 10, 2, 4, 3, 5]);
    expect([...columns.ops.subarray(0, 3 * opStride)]).toEqual(
      [
        [0, 4, other, 3, nameEdge, 0],
        [0, 1, me, 13, nameSame, 0],
        [2, 2, other, 5, nameEdge, 0],
      ].flat(),
    );
    expect(String.fromCharCode(...columns.text.subarray(0, columns.textLength))).toBe('añ😀z');
  });

  test('begin a batch where the one before it ends', () => {
    const columns = new OpColumns();
    for (const first of [1, 3]) {
      columns.beginBatch(columns.nameOf(5), first, 0, 0);
      columns.addInsert(nameEdge, 0, nameEdge, 0);
      columns.appendText('ab');
      columns.endBatch();
    }
    expect([columns.opStart(0), columns.textStart(0)]).toEqual([0, 0]);
    expect([columns.opStart(1), columns.textStart(1)]).toEqual([1, 2]);
    expect(columns.batches[batchStride + batchOpEnd]).toBe(2);
    expect(columns.batches[batchStride + batchTextEnd]).toBe(4);
  });

  test('give a replica one name, however many there are', () => {
    const columns = new OpColumns();
    const replicas = Array.from({ length: 100 }, (_, index) => 2 ** 40 + index);
    for (const replica of replicas) columns.nameOf(replica);
    expect(replicas.toReversed().map((replica) => columns.nameOf(replica))).toEqual(
      replicas.map((_, name) => name).toReversed(),
    );
    columns.clear();
    expect(columns.nameOf(2 ** 40 + 50)).toBe(0);
    expect(columns.replicas).toEqual([2 ** 40 + 50]);
  });

  test('give back large arrays when they are cleared', () => {
    const columns = new OpColumns();
    const small = columns.text.length + columns.ops.length + columns.batches.length;
    for (let first = 1; first <= 10_000; first++) {
      columns.beginBatch(0, first, 0, 0);
      columns.addInsert(nameEdge, 0, nameEdge, 0);
      columns.appendText('some text');
      columns.endBatch();
    }
    columns.clear();
    expect(columns.text.length + columns.ops.length + columns.batches.length).toBe(small);
    expect([columns.batchCount, columns.opCount, columns.textLength]).toEqual([0, 0, 0]);
  });

  test('refuse a batch whose timestamps have a hole', () => {
    const op = { type: 'insert', timestamp: 6, left: null, right: null, text: 'x' } as const;
    const batch = { replica: 1, first: 5, gap: 0, base: 0, ops: [op] };
    expect(() => columnsOf([batch])).toThrow('operation at 6, expected at 5');
  });

  test('are empty after an update that cannot be read to its end', () => {
    const binding = { secretHash: new Uint8Array(32), principal: 'a' };
    const op = { type: 'insert', timestamp: 5, left: null, right: null, text: 'x' } as const;
    const batch = { replica: 1, first: 5, gap: 0, base: 0, ops: [op], binding, heldMs: 9 };
    const bytes = encodeUpdate({ batches: [batch, batch] });
    const columns = columnsOf([batch]);
    expect(() => readUpdate(bytes.subarray(0, -1), columns)).toThrow(DecodeError);
    expect([columns.batchCount, columns.opCount, columns.textLength]).toEqual([0, 0, 0]);
    const { replicas, bindings, heldMs } = columns;
    expect([replicas.length, bindings.size, heldMs.size]).toEqual([0, 0, 0]);
  });
});
