/** The laws of version vectors, on all small vectors. */
import { expect, test } from 'vitest';
import { VersionVector } from './version-vector.ts';

/** All vectors of two replicas with timestamps 0 … 2. */
const vectors = [0, 1, 2].flatMap((a) =>
  [0, 1, 2].map((b) =>
    VersionVector.from([
      [2 ** 40, a],
      [9, b],
    ]),
  ),
);

test('a replica that was never seen has timestamp 0, and observing never lowers one', () => {
  const vector = new VersionVector();
  expect(vector.get(5)).toBe(0);
  vector.observe(5, 7);
  vector.observe(5, 3);
  expect(vector.get(5)).toBe(7);
  expect(vector.includes({ timestamp: 7, replica: 5 })).toBe(true);
  expect(vector.includes({ timestamp: 8, replica: 5 })).toBe(false);
  expect(() => vector.observe(5, -1)).toThrow('negative');
});

test('entries come by replica, whatever the order of observation', () => {
  expect(
    VersionVector.from([
      [300, 1],
      [20, 2],
      [3, 0],
    ]).entries(),
  ).toEqual([
    [20, 2],
    [300, 1],
  ]);
});

test('join is the least vector above both, meet the greatest below both', () => {
  for (const a of vectors) {
    for (const b of vectors) {
      const above = vectors.filter((v) => isWithin(a, v) && isWithin(b, v));
      const below = vectors.filter((v) => isWithin(v, a) && isWithin(v, b));
      expect(above.every((v) => isWithin(a.join(b), v))).toBe(true);
      expect(isWithin(a, a.join(b)) && isWithin(b, a.join(b))).toBe(true);
      expect(below.every((v) => isWithin(v, a.meet(b)))).toBe(true);
      expect(isWithin(a.meet(b), a) && isWithin(a.meet(b), b)).toBe(true);
    }
  }
});

test('compare tells which vector has more', () => {
  for (const a of vectors) {
    for (const b of vectors) {
      const [below, above] = [isWithin(a, b), isWithin(b, a)];
      const order = below ? (above ? 'equal' : 'before') : above ? 'after' : 'concurrent';
      expect(a.compare(b)).toBe(order);
      expect(a.equals(b)).toBe(order === 'equal');
    }
  }
});

test('a clone is another vector', () => {
  const vector = VersionVector.from([[1, 1]]);
  vector.clone().observe(1, 2);
  expect(vector.get(1)).toBe(1);
});

function isWithin(a: VersionVector, b: VersionVector): boolean {
  return [2 ** 40, 9].every((replica) => a.get(replica) <= b.get(replica));
}
