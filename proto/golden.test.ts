/**
 * The golden files: bytes that some release has written must be read for ever, and the same value
 * must be written as the same bytes. A difference here is a change of the format
 * (fixtures/golden/README.md).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { goldenCases } from './testing/golden-cases.ts';

const folder = join(import.meta.dirname, '../fixtures/golden');

/** Bytes of a golden file: hex digits; what follows a # is for people. */
function readGolden(name: string): Uint8Array {
  const text = readFileSync(join(folder, `${name}.hex`), 'utf8').replace(/#.*$/gm, '');
  return Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (digits) => Number.parseInt(digits, 16));
}

test('there is one file for each case', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.hex'));
  expect(files.sort()).toEqual(goldenCases.map(({ name }) => `${name}.hex`).sort());
});

test.each(goldenCases)('$name is written as ever', ({ name, encoded }) => {
  expect(Buffer.from(encoded).toString('hex')).toBe(Buffer.from(readGolden(name)).toString('hex'));
});

test.each(goldenCases)('$name is read as ever', ({ name, value, decode }) => {
  expect(decode(readGolden(name))).toEqual(value);
});

test('the common keystroke takes at most 16 bytes at a receiver', () => {
  expect(readGolden('server-keystroke').length).toBeLessThanOrEqual(16);
});
