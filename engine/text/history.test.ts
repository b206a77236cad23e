/**
 * The past of a document in small cases: concurrent versions, halves of pairs, and a document that
 * was saved without history. The rest is properties/history.prop.test.ts.
 */
import { describe, expect, test } from 'vitest';
import { VersionVector } from '../causal/version-vector.ts';
import { ReplicaForkedError } from '../errors.ts';
import { Document } from './document.ts';

/** "one two", of which replica 1 then deletes "one " and replica 2 inserts "and " before "two". */
function concurrent(): { document: Document; one: VersionVector; two: VersionVector } {
  const document = Document.create({ replica: 1 });
  const other = Document.create({ replica: 2 });
  other.apply(document.insert(0, 'one two'));
  document.delete(0, 4);
  const update = other.insert(4, 'and ');
  const one = document.versionVector;
  document.apply(update);
  return { document, one, two: other.versionVector };
}

describe('between versions', () => {
  test('changes go from one branch to the other and back', () => {
    const { document, one, two } = concurrent();
    expect([document.textAt(one), document.textAt(two)]).toEqual(['two', 'one and two']);
    expect(document.changesBetween(one, two)).toEqual([
      { index: 0, deleted: 0, inserted: 'one and ' },
    ]);
    expect(document.changesBetween(two, one)).toEqual([{ index: 0, deleted: 8, inserted: '' }]);
    expect(document.changesBetween(two, document.versionVector)).toEqual([
      { index: 0, deleted: 4, inserted: '' },
    ]);
    expect(document.text).toBe('and two');
  });

  test('a deletion and an insertion at one place are one change', () => {
    const document = Document.create({ replica: 1 });
    document.insert(0, 'abc');
    const before = document.versionVector;
    document.edit([
      { index: 1, deleted: 1, inserted: 'xy' },
      { index: 4, deleted: 0, inserted: 'z' },
    ]);
    expect(document.changesBetween(before, document.versionVector)).toEqual([
      { index: 1, deleted: 1, inserted: 'xy' },
      { index: 4, deleted: 0, inserted: 'z' },
    ]);
  });
});

test('authorship tells who wrote what and when, now and then', () => {
  const { document, two } = concurrent();
  expect(document.authorship()).toEqual([
    { index: 0, length: 4, replica: 2, timestamp: 8 },
    { index: 4, length: 3, replica: 1, timestamp: 5 },
  ]);
  expect(document.authorship(two)).toEqual([
    { index: 0, length: 4, replica: 1, timestamp: 1 },
    { index: 4, length: 4, replica: 2, timestamp: 8 },
    { index: 8, length: 3, replica: 1, timestamp: 5 },
  ]);
  expect(document.authorship(new VersionVector())).toEqual([]);
});

describe('by timestamp', () => {
  test('the text grows and shrinks as it was edited', () => {
    const document = Document.create({ replica: 1 });
    document.insert(0, 'ab');
    document.delete(0, 1);
    document.insert(1, 'c');
    const texts = [0, 1, 2, 3, 4, 99].map((at) => document.textAt(document.versionAt(at)));
    expect(texts).toEqual(['', 'a', 'ab', 'b', 'bc', 'bc']);
    expect(document.clock).toBe(4);
  });

  test('a pair comes and goes as a whole', () => {
    const document = Document.create({ replica: 1 });
    // Long enough that the text is decoded by the platform, which refuses halves.
    const rest = 'x'.repeat(50);
    document.insert(0, `😀${rest}`);
    document.delete(0, 2);
    const texts = [1, 2, 52, 53, 54].map((at) => document.textAt(document.versionAt(at)));
    expect(texts).toEqual(['', '😀', `😀${rest}`, rest, rest]);
    const [half, whole] = [document.versionAt(1), document.versionAt(52)];
    expect(document.changesBetween(half, whole)).toEqual([
      { index: 0, deleted: 0, inserted: `😀${rest}` },
    ]);
  });
});

describe('saved without history', () => {
  function shortened(): { whole: Document; short: Document; update: Uint8Array } {
    const whole = Document.create({ replica: 1 });
    const update = Document.mergeUpdates([whole.insert(0, 'abcd'), whole.delete(1, 2)]);
    const short = Document.decode(whole.encode({ history: 'none' }), { replica: 2 });
    return { whole, short, update };
  }

  test('a document tells its past from there on', () => {
    const { whole, short } = shortened();
    const since = short.historyStart;
    expect(since.entries()).toEqual([[1, 6]]);
    expect(whole.historyStart.entries()).toEqual([]);
    whole.apply(short.insert(1, 'x'));
    whole.apply(short.delete(0, 1));
    expect([short.textAt(since), short.text]).toEqual(['ad', 'xd']);
    expect(short.changesBetween(short.versionVector, since)).toEqual([
      { index: 0, deleted: 1, inserted: 'a' },
    ]);
    expect(short.updateSince(since)).toEqual(whole.updateSince(since));
  });

  test('what is from before is a RangeError that says so', () => {
    const { short } = shortened();
    const before = VersionVector.from([[1, 5]]);
    const now = short.versionVector;
    const asked = [
      () => short.textAt(before),
      () => short.textAt(new VersionVector()),
      () => short.changesBetween(before, now),
      () => short.changesBetween(now, before),
      () => short.authorship(before),
      () => short.updateSince(before),
    ];
    for (const ask of asked) {
      expect(ask).toThrow(RangeError);
      expect(ask).toThrow('saved without history');
    }
  });

  test('updates from before are known, and copies of the replica that differ are seen', () => {
    const { short, update } = shortened();
    expect(short.apply(update)).toEqual([]);
    const copy = Document.create({ replica: 1 });
    const other = Document.mergeUpdates([copy.insert(0, 'abcd'), copy.delete(0, 2)]);
    expect(() => short.apply(other)).toThrow(ReplicaForkedError);
    const third = Document.create({ replica: 1 });
    expect(() => short.apply(third.insert(0, 'xbcd'))).toThrow(ReplicaForkedError);
  });
});

test('a version that is not here yet is a RangeError', () => {
  const { document } = concurrent();
  const later = VersionVector.from([[1, 99]]);
  expect(() => document.textAt(later)).toThrow('operations that are not here');
  expect(() => document.authorship(later)).toThrow(RangeError);
  expect(() => document.changesBetween(later, document.versionVector)).toThrow(RangeError);
});
