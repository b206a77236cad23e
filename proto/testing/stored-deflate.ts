/**
 * Raw deflate without any compression: "stored" blocks only, so that its bytes are the same with
 * every version of zlib. Reads only what it has written.
 */
import type { Compression } from '../compression.ts';

const blockBytesMax = 0xffff;

export const storedDeflate: Compression = {
  name: 'deflate',
  compress(bytes) {
    const blocks: number[] = [];
    for (let at = 0; at < bytes.length; at += blockBytesMax) {
      const block = bytes.subarray(at, at + blockBytesMax);
      const { length } = block;
      const isLast = at + length === bytes.length;
      const complement = length ^ 0xffff;
      blocks.push(isLast ? 1 : 0, length & 0xff, length >> 8, complement & 0xff, complement >> 8);
      blocks.push(...block);
    }
    return Uint8Array.from(blocks);
  },
  decompress(bytes, lengthMax) {
    const plain: number[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = (bytes[at + 1] ?? 0) + (bytes[at + 2] ?? 0) * 0x100;
      plain.push(...bytes.subarray(at + 5, at + 5 + length));
      if (plain.length > lengthMax) throw new RangeError(`more than ${lengthMax} bytes`);
      at += 5 + length;
    }
    return Uint8Array.from(plain);
  },
};
