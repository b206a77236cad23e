/** Damaged snapshots whose checksum is right again, so that damage reaches what is behind it. */
import { crc32 } from '../crc32.ts';

/** A copy whose last five bytes are a checksum field that fits; too short a one stays as it is. */
export function reseal(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 9) return bytes;
  const sealed = bytes.slice();
  const end = bytes.length - 5;
  sealed[end] = 0x7d;
  new DataView(sealed.buffer).setUint32(end + 1, crc32(sealed.subarray(4, end)), true);
  return sealed;
}
