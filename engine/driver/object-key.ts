/**
 * Which names an object store takes: parts with `/` between them, each of [A-Za-z0-9._~-] and
 * neither `.` nor `..`, so that a key is a path below a folder and needs no escaping in an address.
 *
 * A key is made by us from checked parts; another one is a mistake of ours.
 */
import { assert } from '../assert.ts';

/** Characters of a key: what every store can have. */
const keyLengthMax = 900;
/** Of a part: a file name, with room for what a folder adds to it. */
const partLengthMax = 200;

export function assertObjectKey(key: string): void {
  assert(key.length <= keyLengthMax && key.split('/').every(isPart), `no key of an object: ${key}`);
}

function isPart(part: string): boolean {
  const isBounded = part.length <= partLengthMax && part !== '.' && part !== '..';
  return isBounded && /^[A-Za-z0-9._~-]+$/.test(part);
}
