/**
 * PostgreSQL arrays in the binary format of parameters, for `unnest`.
 *
 * `pg` would send a bytea[] as text, in hexadecimal inside a quoted literal: twice the bytes, built
 * and parsed character by character. A Buffer it sends as it is, in binary, so the array is laid
 * out here:
 *
 *   int32 dimensions (1) · int32 has-nulls (0) · uint32 element type · int32 length · int32 lower
 *   bound (1) then per element: int32 byte length · bytes
 *
 * (PostgreSQL source, array_recv in src/backend/utils/adt/arrayfuncs.c.) Null elements are left
 * out.
 */

const oids = { bytea: 17, int8: 20, text: 25 } as const;
const headerBytes = 20;

/** A text[] in the order given. */
export function textArray(values: readonly string[]): Buffer {
  return binaryArray(
    oids.text,
    values.map((value) => Buffer.from(value, 'utf8')),
  );
}

/** A bytea[] in the order given; the bytes are copied. */
export function byteaArray(values: readonly Uint8Array[]): Buffer {
  return binaryArray(oids.bytea, values);
}

/** An int8[] of safe integers in the order given. */
export function int8Array(values: readonly number[]): Buffer {
  return binaryArray(
    oids.int8,
    values.map((value) => {
      const bytes = Buffer.allocUnsafe(8);
      bytes.writeBigInt64BE(BigInt(value));
      return bytes;
    }),
  );
}

function binaryArray(elementType: number, elements: readonly Uint8Array[]): Buffer {
  let size = headerBytes;
  for (const element of elements) size += 4 + element.length;
  const bytes = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const field of [1, 0, elementType, elements.length, 1]) {
    offset = bytes.writeInt32BE(field, offset);
  }
  for (const element of elements) {
    offset = bytes.writeInt32BE(element.length, offset);
    bytes.set(element, offset);
    offset += element.length;
  }
  return bytes;
}
