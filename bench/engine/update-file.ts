/**
 * Many updates in one file: their number, their lengths, their bytes one after another. Numbers are
 * 32-bit, little-endian (this machine's; the file does not leave it).
 */
import { readFileSync, writeFileSync } from 'node:fs';

export function writeUpdates(path: string, updates: readonly Uint8Array[]): void {
  const numbers = new Uint32Array([updates.length, ...updates.map(({ length }) => length)]);
  writeFileSync(path, Buffer.concat([new Uint8Array(numbers.buffer), ...updates]));
}

/** Each in a buffer of its own, as they come from a network. */
export function readUpdates(path: string): Uint8Array[] {
  const file = new Uint8Array(readFileSync(path));
  const count = new Uint32Array(file.buffer, 0, 1)[0] ?? 0;
  const lengths = new Uint32Array(file.buffer, 4, count);
  let start = 4 * (1 + count);
  return Array.from(lengths, (length) => {
    start += length;
    return file.slice(start - length, start);
  });
}
