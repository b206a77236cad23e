/**
 * Small arrays from a common piece of memory, as Node's own Buffer pool: a keystroke's update is a
 * view of 100 bytes instead of an object with memory of its own, which costs twice as much to make
 * and to keep.
 *
 * Such an array shares its `buffer` with others: whoever transfers or detaches that must copy
 * first. One that is kept keeps its piece of 8 KiB alive.
 */
const pieceBytes = 8192;
/** Longer arrays get memory of their own. */
const pooledMax = 256;

let piece = new Uint8Array(0);
let used = 0;

/** An array of `length` bytes, all 0 or left over; the caller writes every one. */
export function takeBytes(length: number): Uint8Array {
  if (length > pooledMax) return new Uint8Array(length);
  if (used + length > piece.length) {
    piece = new Uint8Array(pieceBytes);
    used = 0;
  }
  const start = used;
  used += length;
  return piece.subarray(start, used);
}
