/**
 * The surface of Sequence: local edits and their errors, what each obstacle is, what changes are
 * reported; and the cases B4 … B8 of one state. B14 does not apply: tombstones are never collected.
 */
import { describe, expect, test } from 'vitest';
import { expectSame } from '../../properties/same-state.ts';
import type { Batch, InsertOp, Op, OpId } from '../../proto/batch.ts';
import { decodeUpdate, encodeUpdate } from '../../proto/update-codec.ts';
import { must } from '../assert.ts';
import { VersionVector } from '../causal/version-vector.ts';
import { ReferenceDocument } from './reference.ts';
import { Sequence } from './sequence.ts';
import type { TextChange } from './text-change.ts';

/** A sequence with `text`, written by replica 1 from timestamp 1 on. */
function sequenceOf(text: string): Sequence {
  const sequence = new Sequence();
  if (text !== '') write(sequence, 1, 0, 0, text);
  return sequence;
}

function write(sequence: Sequence, replica: number, index: number, deleted: number, inserted = '') {
  return must(sequence.edit(replica, [{ index, deleted, inserted }], 0), 'a change');
}

function copyOf(sequence: Sequence): Sequence {
  return Sequence.fromSnapshot(sequence.toSnapshot());
}

function id(timestamp: number, replica = 1): OpId {
  return { timestamp, replica };
}

function insertion(timestamp: number, left: OpId | null, right: InsertOp['right'], text = 'x'): Op {
  return { type: 'insert', timestamp, left, right, text };
}

function deletion(timestamp: number, target: OpId, count = 1, reversed = false): Op {
  return { type: 'delete', timestamp, target, count, reversed };
}

/** A batch of replica 2, its first, after a document of `gap` timestamps. */
function batchOf(...ops: readonly Op[]): Batch {
  const first = must(ops[0], 'an operation').timestamp;
  return { replica: 2, first, gap: first - 1, base: 0, ops };
}

describe('a local edit', () => {
  test('is one batch with the timestamps after the clock', () => {
    const sequence = sequenceOf('hello');
    const splices = [
      { index: 4, deleted: 1, inserted: '' },
      { index: 0, deleted: 2, inserted: 'J' },
    ];
    expect(sequence.edit(2, splices, 17)).toEqual({
      replica: 2,
      first: 6,
      gap: 5,
      base: 17,
      ops: [deletion(6, id(5)), deletion(7, id(1), 2), insertion(9, null, id(1), 'J')],
    });
    expect(sequence.text).toBe('Jll');
    expect(sequence.clock).toBe(9);
    expect(sequence.versionVector.entries()).toEqual([
      [1, 5],
      [2, 9],
    ]);
  });

  test('begins above a clock that is ahead', () => {
    const batch = sequenceOf('a').edit(1, [{ index: 1, deleted: 0, inserted: 'b' }], 0, 41);
    expect(batch).toMatchObject({ first: 42, gap: 40 });
  });

  test('typing goes on with the right origin of the character before', () => {
    const sequence = sequenceOf('ab');
    expect(write(sequence, 1, 1, 0, 'x').ops).toEqual([insertion(3, id(1), id(2))]);
    expect(write(sequence, 1, 2, 0, 'y').ops).toEqual([insertion(4, id(3), 'same', 'y')]);
    expect([...sequence.runs()]).toHaveLength(3);
  });

  test('splices of one batch that continue each other are one operation', () => {
    const sequence = new Sequence();
    const splices = [...'abc'].map((inserted, index) => ({ index, deleted: 0, inserted }));
    expect(sequence.edit(1, splices, 0)?.ops).toEqual([insertion(1, null, null, 'abc')]);
    const backspaces = [2, 1, 0].map((index) => ({ index, deleted: 1, inserted: '' }));
    expect(sequence.edit(1, backspaces, 0)?.ops).toEqual([deletion(4, id(1), 3, true)]);
  });

  test('that changes nothing is no batch', () => {
    const sequence = sequenceOf('a');
    expect(sequence.edit(1, [], 0)).toBeNull();
    expect(sequence.edit(1, [{ index: 1, deleted: 0, inserted: '' }], 0)).toBeNull();
    expect(sequence.clock).toBe(1);
  });

  const smile: TextChange[] = [{ index: 0, deleted: 0, inserted: 'a😀b' }];
  test.each<[string, readonly TextChange[]]>([
    ['ends behind the text', [{ index: 4, deleted: 1, inserted: '' }]],
    ['begins before it', [{ index: -1, deleted: 0, inserted: 'x' }]],
    ['is not whole', [{ index: 0.5, deleted: 0, inserted: 'x' }]],
    ['inserts inside a pair', [{ index: 2, deleted: 0, inserted: 'x' }]],
    ['deletes half a pair', [{ index: 1, deleted: 1, inserted: '' }]],
    ['deletes the other half', [{ index: 2, deleted: 1, inserted: '' }]],
    ['inserts a lone surrogate', [{ index: 0, deleted: 0, inserted: '\ud83d' }]],
    ['inserts a pair the wrong way round', [{ index: 0, deleted: 0, inserted: '\ude00\ud83d' }]],
    [
      'cuts a pair that the splice before inserted',
      [
        { index: 4, deleted: 0, inserted: '-😀' },
        { index: 6, deleted: 0, inserted: 'x' },
      ],
    ],
    [
      'cuts a pair that the splice before moved',
      [
        { index: 0, deleted: 1, inserted: 'long' },
        { index: 5, deleted: 1, inserted: '' },
      ],
    ],
  ])('that %s is a RangeError and changes nothing', (_, splices) => {
    const sequence = new Sequence();
    sequence.edit(1, smile, 0);
    const before = sequence.digest();
    expect(() => sequence.edit(1, splices, 0)).toThrow(RangeError);
    expect(sequence.digest()).toBe(before);
    expect(sequence.clock).toBe(4);
  });

  test('behind the last timestamp is a RangeError', () => {
    const sequence = sequenceOf('a');
    sequence.integrate(batchOf(insertion(Number.MAX_SAFE_INTEGER - 2, null, null)));
    const before = sequence.digest();
    expect(() => write(sequence, 1, 0, 2, 'y')).toThrow(RangeError);
    expect(sequence.digest()).toBe(before);
    expect(write(sequence, 1, 0, 0, 'y').first).toBe(Number.MAX_SAFE_INTEGER - 1);
  });

  test('at the edges of pairs and between the characters that earlier splices left is fine', () => {
    const sequence = new Sequence();
    sequence.edit(1, smile, 0);
    const splices = [
      { index: 1, deleted: 2, inserted: '😀😀' },
      { index: 3, deleted: 0, inserted: '|' },
      { index: 6, deleted: 1, inserted: '' },
    ];
    sequence.edit(1, splices, 0);
    expect(sequence.text).toBe('a😀|😀');
    sequence.check();
  });
});

describe('an obstacle', () => {
  const text = 'a😀b';
  test.each<[string, Batch, unknown]>([
    ['a gap', { ...batchOf(insertion(5, null, null)), gap: 2 }, { type: 'gap' }],
    ['a left origin', batchOf(insertion(9, id(7), null)), { type: 'missing', id: id(7) }],
    ['a right origin', batchOf(insertion(9, null, id(7, 3))), { type: 'missing', id: id(7, 3) }],
    ['a target', batchOf(deletion(9, id(4), 2)), { type: 'missing', id: id(5) }],
  ])('is %s that is not here', (_, batch, obstacle) => {
    expect(sequenceOf(text).obstacle(batch)).toEqual(obstacle);
  });

  test.each<[string, Batch]>([
    ['a left origin behind the right one', batchOf(insertion(5, id(4), id(1)))],
    ['equal origins', batchOf(insertion(5, id(1), id(1)))],
    ['a left origin that is a high half', batchOf(insertion(5, id(2), id(4)))],
    ['a right origin that is a low half', batchOf(insertion(5, id(1), id(3)))],
    ['a deletion of a high half', batchOf(deletion(5, id(1), 2))],
    ['a deletion of a low half', batchOf(deletion(5, id(3), 2))],
    ['a reference to an operation that is not earlier', batchOf(insertion(4, id(4), null))],
    ['a deletion that is not after its target', batchOf(deletion(4, id(4)))],
    ['no text', batchOf(insertion(5, null, null, ''))],
    ['a lone surrogate', batchOf(insertion(5, null, null, '\ud800'))],
    ['a deletion of nothing', batchOf(deletion(5, id(1), 0))],
    ["'same' without a character before", batchOf(insertion(5, id(4), 'same'))],
    ["'same' after a deletion", batchOf(deletion(5, id(1)), insertion(6, id(5, 2), 'same'))],
    ['a reference to a deletion', batchOf(deletion(5, id(1)), insertion(6, id(5, 2), null))],
    ['a reference into the own gap', batchOf(insertion(5, id(3, 2), null))],
    ['timestamps with a hole', batchOf(insertion(5, null, null), insertion(7, null, null))],
    ['no operation', { ...batchOf(insertion(5, null, null)), ops: [] }],
    ['too high a timestamp', batchOf(insertion(2 ** 53 - 1, null, null, 'xy'))],
    [
      'characters of its own the wrong way round',
      batchOf(insertion(5, null, id(1), 'xy'), insertion(7, id(6, 2), id(5, 2))),
    ],
    [
      'a character of its own before one that stands before it',
      batchOf(insertion(5, id(4), null), insertion(6, id(5, 2), id(1))),
    ],
  ])('is invalid: %s', (_, batch) => {
    const sequence = sequenceOf(text);
    const before = sequence.digest();
    expect(sequence.obstacle(batch)).toMatchObject({ type: 'invalid' });
    expect(sequence.digest()).toBe(before);
  });

  test('is none for a deletion that went on as later characters came', () => {
    const sequence = sequenceOf('abc');
    expect(sequence.obstacle(batchOf(deletion(2, id(1), 3)))).toBeNull();
    const backwards = batchOf(deletion(2, id(1), 3, true));
    expect(sequence.obstacle(backwards)).toMatchObject({ type: 'invalid' });
  });

  test('is none for references to what the same batch inserted', () => {
    const sequence = sequenceOf(text);
    const batch = batchOf(
      insertion(5, id(1), id(2), 'xyz'),
      insertion(8, id(5, 2), id(6, 2), 'p'),
      insertion(9, id(1), id(5, 2), 'q'),
      deletion(10, id(6, 2), 2, true),
      insertion(12, id(8, 2), id(6, 2), 'r'),
      insertion(13, id(12, 2), 'same', 's'),
    );
    expect(sequence.obstacle(batch)).toBeNull();
    sequence.integrate(batch);
    expect(sequence.text).toBe('aqxprs😀b');
    sequence.check();
  });

  test('is found by trying where only the order of concurrent insertions tells', () => {
    const sequence = sequenceOf('ab');
    write(sequence, 3, 1, 0, '-');
    // The same place as the other one: 2 has the higher timestamp and stands behind it.
    const after = batchOf(insertion(4, id(1), id(2)), insertion(5, id(3, 3), id(4, 2), 'y'));
    const before = batchOf(insertion(4, id(1), id(2)), insertion(5, id(4, 2), id(3, 3), 'y'));
    expect(sequence.obstacle(after)).toBeNull();
    expect(sequence.obstacle(before)).toMatchObject({ type: 'invalid' });
    sequence.integrate(after);
    expect(sequence.text).toBe('a-yxb');
  });
});

describe('operations that arrive again', () => {
  test('are held if and only if content, origins and targets are the same', () => {
    const sequence = sequenceOf('abcd');
    const mine = batchOf(
      insertion(5, id(1), id(2), 'xy'),
      insertion(7, id(6, 2), 'same', 'z'),
      deletion(8, id(2), 2),
    );
    sequence.integrate(mine);
    write(sequence, 1, 2, 1);
    expect(sequence.holds(mine)).toBe(true);
    expect(sequence.holds(batchOf(insertion(5, id(1), id(2), 'xyz'), deletion(8, id(2), 2)))).toBe(
      true,
    );
    const others: readonly (readonly Op[])[] = [
      [insertion(5, id(1), id(2), 'xx')],
      [insertion(5, null, id(2), 'xy')],
      [insertion(5, id(1), id(3), 'xy')],
      [insertion(5, id(1), id(2), 'xyzz')],
      [insertion(6, id(4), id(2), 'y')],
      [insertion(5, id(4), 'same', 'x')],
      [deletion(5, id(2))],
      [deletion(8, id(2), 2, true)],
      [deletion(8, id(2, 3), 2)],
      [insertion(8, id(1), id(2), 'x')],
    ];
    for (const ops of others)
      expect(sequence.holds(batchOf(...ops)), JSON.stringify(ops)).toBe(false);
  });
});

describe('the operations since a version', () => {
  /** Two replicas; 2 wrote 'b', 1 saw it and wrote 'aaaa', 2 went on with 'cd', 1 saw that too. */
  function pair(): Sequence {
    const one = new Sequence();
    const two = new Sequence();
    one.integrate(write(two, 2, 0, 0, 'b'));
    write(one, 1, 0, 0, 'aaaa');
    one.integrate(write(two, 2, 1, 0, 'cd'));
    return one;
  }

  test('end a batch where it would refer to what is not before it', () => {
    const typing = pair();
    write(typing, 1, 7, 0, 'x');
    const backspacing = pair();
    for (const index of [6, 5, 4]) write(backspacing, 1, index, 1);
    const deleting = pair();
    for (let i = 0; i < 3; i++) write(deleting, 1, 4, 1);
    const firsts = [typing, backspacing, deleting].map((sequence) =>
      sequence.batchesSince(new VersionVector()).map(({ first, replica }) => `${first}.${replica}`),
    );
    expect(firsts).toEqual([
      ['1.2', '2.1', '6.1'],
      ['1.2', '2.1', '6.1'],
      ['1.2', '2.1', '7.1'],
    ]);
  });
});

test('what is told of a deletion can be encoded, wherever the rest of its run leads', () => {
  const anna = sequenceOf('a');
  const ben = copyOf(anna);
  write(ben, 2, 1, 0, 'X');
  write(ben, 2, 0, 1); // Timestamp 3 deletes 1.
  ben.integrate(write(anna, 1, 1, 0, '😀')); // 2 and 3.
  write(ben, 2, 0, 2); // 4 and 5 delete 2 and 3: a run from 3 on, to a target that is not older.
  const known = new VersionVector();
  known.observe(1, 3);
  known.observe(2, 2);
  const rest = ben.batchesSince(known);
  expect(decodeUpdate(encodeUpdate({ batches: rest })).batches).toEqual(rest);
});

describe('changes', () => {
  test('of one deletion are one, where its characters stand side by side', () => {
    const a = sequenceOf('abcdef');
    const b = copyOf(a);
    write(a, 1, 2, 1);
    write(a, 1, 3, 0, '-');
    const all = write(b, 2, 0, 6);
    expect(a.text).toBe('abd-ef');
    expect(a.integrate(all)).toEqual([
      { index: 0, deleted: 3, inserted: '' },
      { index: 1, deleted: 2, inserted: '' },
    ]);
    expect(a.text).toBe('-');
  });

  test('of a replacement are one', () => {
    const a = sequenceOf('abc');
    const b = copyOf(a);
    expect(a.integrate(write(b, 2, 1, 1, 'xyz'))).toEqual([
      { index: 1, deleted: 1, inserted: 'xyz' },
    ]);
  });
});

describe('what happens at the same time', () => {
  test('B4 two deletions of one character delete it once', () => {
    const a = sequenceOf('abc');
    const b = copyOf(a);
    const fromA = write(a, 1, 1, 1);
    const fromB = write(b, 2, 1, 1);
    expect(a.integrate(fromB)).toEqual([]);
    expect(b.integrate(fromA)).toEqual([]);
    expect([a.text, b.text]).toEqual(['ac', 'ac']);
    expect(a.digest()).toBe(b.digest());
  });

  test('B5 what is inserted inside a range that is deleted survives between its neighbours', () => {
    const a = sequenceOf('abcdef');
    const b = copyOf(a);
    const fromA = write(a, 1, 1, 4);
    const fromB = write(b, 2, 3, 0, 'new');
    a.integrate(fromB);
    b.integrate(fromA);
    expect([a.text, b.text]).toEqual(['anewf', 'anewf']);
  });

  test('B6 after everything was deleted, what two replicas insert is all there', () => {
    const a = sequenceOf('abc');
    const b = copyOf(a);
    const fromA = [write(a, 1, 0, 3), write(a, 1, 0, 0, 'one')];
    const fromB = [write(b, 2, 0, 3), write(b, 2, 0, 0, 'two')];
    for (const batch of fromB) a.integrate(batch);
    for (const batch of fromA) b.integrate(batch);
    expect([a.text, b.text]).toEqual(['onetwo', 'onetwo']);
    expect(a.digest()).toBe(b.digest());
  });

  test('B8 any well-formed text is kept as it is', () => {
    const text = '😀e\u0301\r\n\0\ufeff\uffff👩‍👩‍👧';
    const a = sequenceOf(text);
    const b = new Sequence();
    for (const batch of a.batchesSince(new VersionVector())) b.integrate(batch);
    expect(b.text).toBe(text);
    expect(b.length).toBe(text.length);
  });
});

describe('characters', () => {
  test('keep their id and have a place when they are deleted', () => {
    const sequence = sequenceOf('abc');
    expect(sequence.idAt(1)).toEqual(id(2));
    write(sequence, 1, 1, 1);
    expect(sequence.has(id(2))).toBe(true);
    expect(sequence.isVisible(id(2))).toBe(false);
    expect(sequence.indexOf(id(2))).toBe(1);
    expect(sequence.idAt(1)).toEqual(id(3));
    // 4 is the deletion, 5 is nothing yet.
    expect([id(4), id(5)].map((other) => sequence.has(other))).toEqual([false, false]);
    expect(sequence.indexOf(id(5))).toBeNull();
    expect([-1, 2].map((index) => sequence.idAt(index))).toEqual([null, null]);
  });

  test('stand at a line and a column', () => {
    const sequence = sequenceOf('a\n\nbc\n');
    write(sequence, 1, 1, 1);
    expect(sequence.lineColumnAt(0)).toEqual({ line: 1, column: 1 });
    expect(sequence.lineColumnAt(2)).toEqual({ line: 2, column: 1 });
    expect(sequence.lineColumnAt(4)).toEqual({ line: 2, column: 3 });
    expect(sequence.lineColumnAt(5)).toEqual({ line: 3, column: 1 });
    expect(() => sequence.lineColumnAt(6)).toThrow(RangeError);
  });
});

test('the digest depends on every part of the state', () => {
  const sequence = sequenceOf('abc');
  write(sequence, 2, 1, 0, 'x');
  write(sequence, 2, 0, 1);
  const snapshot = sequence.toSnapshot();
  const { spans, deletions, stretches } = snapshot;
  const others = [
    { ...snapshot, visible: 'xbd' },
    { ...snapshot, hidden: 'y' },
    { ...snapshot, deletions: { ...deletions, target: deletions.target.map((t) => t + 1) } },
    { ...snapshot, spans: { ...spans, right: spans.right.with(1, 2) } },
    { ...snapshot, spans: { ...spans, left: spans.left.with(1, -1) } },
    { ...snapshot, stretches: { ...stretches, first: stretches.first.with(1, 9) } },
  ].map((other) => Sequence.fromSnapshot(other));
  const digests = [sequence, copyOf(sequence), ...others].map((other) => other.digest());
  expect(new Set(digests).size).toBe(others.length + 1);
});

test('thousands of spans in many blocks stay sound', () => {
  const a = new Sequence();
  const b = new Sequence();
  const reference = new ReferenceDocument();
  const batches: Batch[] = [];
  for (let i = 0; i < 1500; i++) {
    const index = (i * 7919) % (a.length + 1);
    const inserted = i % 3 === 0 ? 'x\n' : 'yz';
    batches.push(write(a, 1 + (i % 2), index, 0, inserted));
    if (i % 5 === 4) batches.push(write(a, 1, (i * 31) % (a.length - 3), 3));
  }
  for (const batch of batches) {
    b.integrate(batch);
    reference.integrate(batch);
  }
  expectSame(a, reference);
  expect(b.digest()).toBe(a.digest());
  const lines = a.text.split('\n').length;
  expect(a.lineColumnAt(a.length).line).toBe(lines);
});
