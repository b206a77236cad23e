/**
 * CRC-32 as in zlib and Ethernet (ISO-HDLC: polynomial 0xedb88320 reflected, all ones before and
 * after). It finds storage damage; it is no defence against a forger.
 */

/** Four tables of 256: the remainder of each byte, alone and with one to three zero bytes after. */
const table = new Uint32Array(1024);
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder & 1) === 1 ? (remainder >>> 1) ^ 0xedb8_8320 : remainder >>> 1;
  }
  table[byte] = remainder;
}
for (let index = 256; index < 1024; index++) {
  const before = table[index - 256] as number;
  table[index] = (table[before & 0xff] as number) ^ (before >>> 8);
}

/** Checksum of `bytes`, 0 … 2^32-1. Goes four bytes a step: three times as fast as one by one. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  let at = 0;
  for (const end = bytes.length - 3; at < end; at += 4) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    crc =
      (table[0x300 | (crc & 0xff)] as number) ^
      (table[0x200 | ((crc >>> 8) & 0xff)] as number) ^
      (table[0x100 | ((crc >>> 16) & 0xff)] as number) ^
      (table[crc >>> 24] as number);
  }
  for (; at < bytes.length; at++) {
    crc = (table[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return (crc ^ -1) >>> 0;
}
