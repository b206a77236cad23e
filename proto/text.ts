/**
 * Text in its two forms: UTF-16 in memory, UTF-8 on the wire; and the rule that both keep.
 *
 * All text is well-formed: a lone surrogate has no UTF-8 form, so it is refused instead of replaced
 * (a replaced unit would have other content under the same id). Malformed UTF-8 is refused
 * likewise, and a byte order mark is text.
 *
 * The two constructors are declared here, and only here, because no ES library has them and all our
 * platforms do. Short ASCII, the common case, is faster without them.
 */

declare const TextEncoder: new () => {
  encodeInto(text: string, into: Uint8Array): { readonly written: number };
};
declare const TextDecoder: new (
  label: 'utf-8' | 'utf-16le',
  options: { readonly fatal: true; readonly ignoreBOM: true },
) => { decode(bytes: Uint8Array | Uint16Array): string };

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** All our platforms keep numbers with the low byte first. */
const unitDecoder = new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true });

/** Up to this length our own loop beats the call into the platform. */
const shortLength = 32;

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Whether a cut before the unit at `index` would part the halves of a surrogate pair. */
export function cutsPair(text: string, index: number): boolean {
  return (
    index > 0 &&
    index < text.length &&
    isHigh(text.charCodeAt(index - 1)) &&
    isLow(text.charCodeAt(index))
  );
}

/** Index of the first lone surrogate, or -1: the text is well-formed. */
export function loneSurrogate(text: string): number {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (isHigh(unit) && isLow(text.charCodeAt(index + 1))) index++;
    else if (unit >= 0xd800 && unit <= 0xdfff) return index;
  }
  return -1;
}

/** Bytes that well-formed text takes in UTF-8. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // A surrogate is half of four bytes, any other unit above 0x7ff is three.
    length += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return length;
}

/** Writes well-formed text that takes `byteLength` bytes (of `utf8Length`) at `at`. */
export function writeUtf8(text: string, byteLength: number, into: Uint8Array, at: number): void {
  if (byteLength === text.length && byteLength <= shortLength) {
    for (let index = 0; index < byteLength; index++) into[at + index] = text.charCodeAt(index);
  } else {
    encoder.encodeInto(text, into.subarray(at, at + byteLength));
  }
}

/** The text of bytes [start, end), or null if they are not well-formed UTF-8. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string | null {
  if (end - start <= shortLength) {
    let text = '';
    let index = start;
    for (; index < end; index++) {
      const byte = bytes[index] ?? 0x80;
      if (byte >= 0x80) break;
      text += String.fromCharCode(byte);
    }
    if (index === end) return text;
  }
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    return null;
  }
}

/** The text of UTF-16 units [start, end), which are well-formed. */
export function textOfUnits(units: Uint8Array | Uint16Array, start: number, end: number): string {
  if (end - start <= shortLength) {
    let text = '';
    for (let at = start; at < end; at++) text += String.fromCharCode(units[at] as number);
    return text;
  }
  const part = units.subarray(start, end);
  if (part instanceof Uint16Array) return unitDecoder.decode(part);
  return part.every(isAscii) ? decoder.decode(part) : unitDecoder.decode(Uint16Array.from(part));
}

function isAscii(unit: number): boolean {
  return unit < 0x80;
}
