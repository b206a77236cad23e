/** Node's compressions as the snapshot format needs them: exact, and bounded when they unpack. */
import { expect, test } from 'vitest';
import { brotli, deflate } from './compression.ts';

const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * index) % 7);

for (const compression of [deflate, brotli]) {
  test(`${compression.name} gives back what it was given, and the same bytes each time`, () => {
    const packed = compression.compress(bytes);
    expect(packed.length).toBeLessThan(bytes.length / 10);
    expect(compression.compress(bytes)).toEqual(packed);
    expect(new Uint8Array(compression.decompress(packed, bytes.length))).toEqual(bytes);
  });

  test(`${compression.name} refuses what would be longer than allowed, or is damaged`, () => {
    const packed = compression.compress(bytes);
    expect(() => compression.decompress(packed, bytes.length - 1)).toThrow();
    expect(() => compression.decompress(packed, 0)).toThrow();
    expect(() => compression.decompress(packed.subarray(0, -4), bytes.length)).toThrow();
  });
}
