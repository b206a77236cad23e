/**
 * Text between UTF-8 bytes and arrays of UTF-16 units, without a string in between.
 *
 * Keeps the rule of text.ts: what is not well-formed is refused, never replaced. Our own loops: for
 * a keystroke a call into the platform costs more than everything else, and there is none that
 * reads into units. Long ASCII is looked at in steps of eight, then copied by the platform.
 *
 *   0xxxxxxx                                1 unit  < 0x80
 *   110xxxxx 10xxxxxx                       1 unit  < 0x800
 *   1110xxxx 10xxxxxx 10xxxxxx              1 unit, not a surrogate
 *   11110xxx 10xxxxxx 10xxxxxx 10xxxxxx     2 units, a surrogate pair
 */

/** Up to this length our own loops beat the platform's copy. */
const shortLength = 32;

/** Bytes that one unit can take: a pair takes four. */
export const unitBytesMax = 3;

/**
 * Writes units [start, end) as UTF-8 at `at` of `into`, which must have place for `unitBytesMax`
 * bytes of each. Returns the end in `into`; -1: there is a lone surrogate.
 */
export function writeUnits(
  units: Uint16Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
): number {
  let asciiEnd = start;
  if (end - start > shortLength) {
    asciiEnd = asciiUnitsEnd(units, start, end);
    into.set(units.subarray(start, asciiEnd), at);
  }
  let to = at + asciiEnd - start;
  for (let index = asciiEnd; index < end; index++) {
    const unit = units[index] ?? 0;
    if (unit < 0x80) into[to++] = unit;
    else if (unit < 0x800) {
      into[to] = 0xc0 | (unit >> 6);
      into[to + 1] = 0x80 | (unit & 0x3f);
      to += 2;
    } else if (unit < 0xd800 || unit > 0xdfff) {
      into[to] = 0xe0 | (unit >> 12);
      into[to + 1] = 0x80 | ((unit >> 6) & 0x3f);
      into[to + 2] = 0x80 | (unit & 0x3f);
      to += 3;
    } else {
      const low = ++index < end ? (units[index] ?? 0) : 0;
      if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) return -1;
      const point = 0x1_0000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
      into[to] = 0xf0 | (point >> 18);
      into[to + 1] = 0x80 | ((point >> 12) & 0x3f);
      into[to + 2] = 0x80 | ((point >> 6) & 0x3f);
      into[to + 3] = 0x80 | (point & 0x3f);
      to += 4;
    }
  }
  return to;
}

/**
 * Reads the UTF-8 bytes [start, end) as units at `at` of `into`, which must have place for
 * `end - start` of them. Returns the end in `into`; -1: the bytes are not well-formed.
 */
export function readUnits(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Uint16Array,
  at: number,
): number {
  let asciiEnd = start;
  if (end - start > shortLength) {
    asciiEnd = asciiBytesEnd(bytes, start, end);
    into.set(bytes.subarray(start, asciiEnd), at);
  }
  let to = at + asciiEnd - start;
  for (let index = asciiEnd; index < end; ) {
    const byte = bytes[index] ?? 0;
    if (byte < 0x80) {
      into[to++] = byte;
      index++;
      continue;
    }
    const size = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    if (byte < 0xc2 || byte > 0xf4 || index + size > end) return -1;
    let point = byte & (0xff >> (size + 1));
    for (let more = 1; more < size; more++) {
      const next = bytes[index + more] ?? 0;
      if ((next & 0xc0) !== 0x80) return -1;
      point = (point << 6) | (next & 0x3f);
    }
    index += size;
    if (size < 4) {
      // The shortest form only, and no half of a pair by itself.
      if ((size === 3 && point < 0x800) || (point >= 0xd800 && point <= 0xdfff)) return -1;
      into[to++] = point;
    } else {
      if (point < 0x1_0000 || point > 0x10_ffff) return -1;
      into[to] = 0xd800 + ((point - 0x1_0000) >> 10);
      into[to + 1] = 0xdc00 + ((point - 0x1_0000) & 0x3ff);
      to += 2;
    }
  }
  return to;
}

/** End of the ASCII with which units [start, end) begin, or up to seven before it. */
function asciiUnitsEnd(units: Uint16Array, start: number, end: number): number {
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const first = (units[at] ?? 0) | (units[at + 1] ?? 0) | (units[at + 2] ?? 0);
    const middle = (units[at + 3] ?? 0) | (units[at + 4] ?? 0) | (units[at + 5] ?? 0);
    if ((first | middle | (units[at + 6] ?? 0) | (units[at + 7] ?? 0)) >= 0x80) break;
  }
  return at;
}

/** The same for bytes: by itself, because a loop over arrays of two kinds is slow. */
function asciiBytesEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const first = (bytes[at] ?? 0) | (bytes[at + 1] ?? 0) | (bytes[at + 2] ?? 0);
    const middle = (bytes[at + 3] ?? 0) | (bytes[at + 4] ?? 0) | (bytes[at + 5] ?? 0);
    if ((first | middle | (bytes[at + 6] ?? 0) | (bytes[at + 7] ?? 0)) >= 0x80) break;
  }
  return at;
}
