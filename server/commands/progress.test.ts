/**
 * Progress is for whoever looks at a terminal: one line, gone at the end, and nothing elsewhere.
 */
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { progressLine } from './progress.ts';

function shown(isTTY: boolean): string {
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const onProgress = progressLine({ stderr }, 'note');
  for (let done = 1; done <= 200; done++) onProgress(done, 200);
  return String(stderr.read() ?? '');
}

it('writes over one line and clears it at the end', () => {
  const text = shown(true);
  expect(text).toMatch(/^\rnote: 0 % \(1 of 200\)/);
  expect(text.endsWith('\r\u001b[K')).toBe(true);
  expect(text).not.toContain('\n');
});

it('writes nothing where nobody looks', () => {
  expect(shown(false)).toBe('');
});
