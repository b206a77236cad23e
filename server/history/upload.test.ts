/**
 * Goal: a body that was received is read as it came, and nothing of any body is left. Method: a
 * folder for temporary files of the test's own.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Upload } from './upload.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sve-upload-test-'));
  vi.stubEnv('TMPDIR', folder);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));

function* body(end: () => void = () => {}): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 30_000) {
    yield bytes.subarray(start, start + 30_000);
  }
  end();
}

async function read(upload: Upload): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of upload.pieces()) pieces.push(piece);
  return Buffer.concat(pieces);
}

it('gives what it received, in small pieces, from a file without a name', async () => {
  const upload = await Upload.receive(body(), bytes.length);
  expect(readdirSync(folder)).toEqual([]);
  expect((await read(upload)).equals(bytes)).toBe(true);
  await upload.close();
});

it('refuses more than it may take', async () => {
  await expect(Upload.receive(body(), bytes.length - 1)).rejects.toMatchObject({
    code: 'too-large',
    message: 'a body of more than 99999 bytes',
  });
  expect(readdirSync(folder)).toEqual([]);
});

it('rejects with what its body does', async () => {
  const broken = body(() => {
    throw new Error('the wire is cut');
  });
  await expect(Upload.receive(broken, bytes.length)).rejects.toThrow('the wire is cut');
  expect(readdirSync(folder)).toEqual([]);
});
