/**
 * What the outside world does to a document: updates twice, too early, overlapping, from two copies
 * of one replica, or not updates at all. B1, B2, B3, B9 and B10 of the acceptance cases.
 */
import { describe, expect, test } from 'vitest';
import type { Batch } from '../../proto/batch.ts';
import { DecodeError } from '../../proto/decode-error.ts';
import { decodeUpdate, encodeUpdate } from '../../proto/update-codec.ts';
import { must } from '../assert.ts';
import { VersionVector } from '../causal/version-vector.ts';
import { BufferFullError, InvalidBatchError, ReplicaForkedError } from '../errors.ts';
import { Document } from './document.ts';

function typed(replica: number, ...parts: readonly string[]): [Document, Uint8Array[]] {
  const document = Document.create({ replica });
  return [document, parts.map((part) => document.insert(document.length, part))];
}

function batchesOf(update: Uint8Array): readonly Batch[] {
  return decodeUpdate(update).batches;
}

describe('an update', () => {
  test('B1 that arrives again, in part or as a whole, changes nothing', () => {
    const [a, updates] = typed(1, 'abc', 'def', 'ghi');
    const b = Document.create({ replica: 2 });
    b.apply(must(updates[0], 'an update'));
    b.apply(must(updates[1], 'an update'));
    const merged = Document.mergeUpdates(updates);
    expect(batchesOf(merged)).toHaveLength(1);
    expect(b.apply(merged)).toEqual([{ index: 6, deleted: 0, inserted: 'ghi' }]);
    for (const update of [...updates, merged]) expect(b.apply(update)).toEqual([]);
    expect(b.digest()).toBe(a.digest());
  });

  test('B2 whose causes are missing waits, and is released in order', () => {
    const [a, updates] = typed(1, 'a', 'b', 'c', 'd');
    const b = Document.create({ replica: 2 });
    const [first, ...rest] = updates;
    for (const update of rest.toReversed()) expect(b.apply(update)).toEqual([]);
    for (const update of rest) b.apply(update);
    expect([b.pending, b.text]).toEqual([3, '']);
    expect(b.apply(must(first, 'an update'))).toEqual([{ index: 0, deleted: 0, inserted: 'abcd' }]);
    expect(b.pending).toBe(0);
    expect(b.digest()).toBe(a.digest());
  });

  test("B3 with a deletion that comes before its character's insertion never shows it", () => {
    const [a, [insertion]] = typed(1, 'abc');
    const b = Document.create({ replica: 2 });
    b.apply(must(insertion, 'an update'));
    const deletion = b.delete(1, 1);
    const c = Document.create({ replica: 3 });
    expect(c.apply(deletion)).toEqual([]);
    c.apply(must(insertion, 'an update'));
    expect(c.text).toBe('ac');
    a.apply(deletion);
    expect(c.digest()).toBe(a.digest());
  });

  test('is empty for an edit that changes nothing', () => {
    const [a] = typed(1, 'abc');
    expect(batchesOf(a.edit([]))).toEqual([]);
    expect(batchesOf(a.insert(1, ''))).toEqual([]);
    expect(a.apply(a.delete(1, 0))).toEqual([]);
  });

  test('since a version has the rest and nothing else', () => {
    const [a] = typed(1, 'abc');
    const b = Document.decode(a.encode(), { replica: 2 });
    const version = a.versionVector;
    b.delete(0, 1);
    a.insert(3, 'd');
    a.apply(b.updateSince(version));
    b.apply(a.updateSince(version));
    expect([a.text, b.text]).toEqual(['bcd', 'bcd']);
    expect(batchesOf(b.updateSince(version)).map(({ first }) => first)).toEqual([4, 4]);
    expect(batchesOf(b.updateSince(b.versionVector))).toEqual([]);
  });
});

describe('what cannot be applied is refused by name', () => {
  test('bytes that are no update', () => {
    const [a] = typed(1, 'abc');
    expect(() => a.apply(new Uint8Array([0xff, 1, 2]))).toThrow(DecodeError);
    expect(() => Document.decode(new Uint8Array([1, 2, 3]), { replica: 1 })).toThrow(DecodeError);
    expect(a.text).toBe('abc');
  });

  test('a batch that breaks a rule', () => {
    const [a] = typed(1, 'abc');
    const [left, right] = [a.idAt(2), a.idAt(0)];
    const op = { type: 'insert', timestamp: 4, left, right, text: 'x' } as const;
    const update = encodeUpdate({
      batches: [{ replica: 2, first: 4, gap: 3, base: 0, ops: [op] }],
    });
    expect(() => a.apply(update)).toThrow(InvalidBatchError);
    expect(() => a.apply(update)).toThrow('batch 4 of replica 2: the left origin');
  });

  test.each([
    ['the same ids with other content', ['ax'], ['ay']],
    ['a longer batch that begins otherwise', ['a'], ['xyz']],
    ['a cut through the middle of a pair', ['a', 'b'], ['😀']],
    ['operations where the other copy had none', ['abc'], ['x', 'abc']],
  ])('B9 two copies of one replica: %s', (_, mine, theirs) => {
    const [a] = typed(1, ...mine);
    const [, updates] = typed(1, ...theirs);
    const refused = () => {
      for (const update of updates) a.apply(update);
    };
    expect(refused).toThrow(ReplicaForkedError);
    expect(a.text).toBe(mine.join(''));
    a.check();
  });

  test('B9 a gap that lies: operations that are here are said not to exist', () => {
    const [a] = typed(1, 'abc');
    const op = { type: 'insert', timestamp: 9, left: null, right: null, text: 'x' } as const;
    const update = encodeUpdate({
      batches: [{ replica: 1, first: 9, gap: 8, base: 0, ops: [op] }],
    });
    expect(() => a.apply(update)).toThrow(ReplicaForkedError);
  });

  test('more batches than may wait', () => {
    const [, updates] = typed(1, 'a', 'b', 'c', 'd');
    const b = Document.create({ replica: 2, bufferedMax: 2 });
    b.apply(must(updates[3], 'an update'));
    b.apply(must(updates[2], 'an update'));
    const refused = () => b.apply(must(updates[1], 'an update'));
    expect(refused).toThrow(BufferFullError);
    b.apply(must(updates[0], 'an update'));
    expect(b.text).toBe('a');
    b.apply(must(updates[1], 'an update'));
    expect(b.text).toBe('abcd');
  });

  test('a replica id that is none', () => {
    for (const replica of [0, -1, 0.5, 2 ** 53]) {
      expect(() => Document.create({ replica })).toThrow(RangeError);
    }
  });

  test('a version that is not here yet', () => {
    const [a] = typed(1, 'abc');
    expect(() => a.textAt(VersionVector.from([[1, 4]]))).toThrow(RangeError);
    expect(a.textAt(VersionVector.from([[1, 2]]))).toBe('ab');
  });
});

describe('a document', () => {
  test('B10 goes on after encode and decode with the same operations', () => {
    const [a, [first]] = typed(1, 'hello');
    const b = Document.create({ replica: 2 });
    b.apply(must(first, 'an update'));
    a.apply(b.edit([{ index: 1, deleted: 2, inserted: '😀' }]));
    const again = Document.decode(a.encode(), { replica: 1 });
    expect(again.digest()).toBe(a.digest());
    for (const index of [0, 3, 1]) {
      expect(again.insert(index, 'x')).toEqual(a.insert(index, 'x'));
      expect(again.delete(index, 1)).toEqual(a.delete(index, 1));
    }
    expect(again.encode()).toEqual(a.encode());
    again.check();
  });

  test('tells where a character is, and that it does not know one', () => {
    const [a] = typed(1, 'ab\ncd');
    const id = must(a.idAt(4), 'a character');
    a.insert(0, 'x');
    expect(a.indexOf(id)).toBe(5);
    expect(a.lineColumnOf(id)).toEqual({ line: 2, column: 2 });
    expect(a.lineColumnOf({ timestamp: 99, replica: 1 })).toBeNull();
    expect([a.length, a.replica]).toEqual([6, 1]);
  });
});
