/**
 * CRC-32 as in zlib and Ethernet (ISO-HDLC: polynomial 0xedb88320 reflected, all ones before and
 * after). It finds storage damage; it is no defence against a forger.
 */

const table = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder & 1) === 1 ? (remainder >>> 1) ^ 0xedb8_8320 : remainder >>> 1;
  }
  table[byte] = remainder;
}

/** Checksum of `bytes`, 0 … 2^32-1. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffff_ffff) >>> 0;
}
