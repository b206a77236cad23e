/**
 * Goal: a folder keeps the contract of every object store, and a full disk is a failed put that
 * leaves nothing. Method: the suite that runs against the model too, on a folder of its own; a disk
 * of one megabyte, where one may be mounted.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type ObjectStoreUnderTest,
  objectStoreContract,
} from '../properties/contracts/object-store-contract.ts';
import { FolderObjects } from './folder-objects.ts';

async function openFolder(): Promise<ObjectStoreUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'sve-objects-'));
  const root = join(folder, 'objects');
  const away = join(folder, 'away');
  return {
    port: await FolderObjects.open(root),
    again: () => FolderObjects.open(root),
    async outage() {
      await rename(root, away);
      return () => rename(away, root);
    },
    async halfPut(key) {
      const parts = key.split('/').slice(0, -1);
      const inner = join(root, ...parts.map((part) => `${part}+`));
      await mkdir(inner, { recursive: true });
      await writeFile(join(inner, '#0123456789abcdef01234567'), 'the first half');
    },
    close: () => rm(folder, { recursive: true }),
  };
}

const disk = await smallDisk();
const skipped = typeof disk === 'string' ? ` (skipped: ${disk})` : '';

describe('an object store in a folder', () => {
  objectStoreContract(openFolder);

  it('removes what a killed process has left when it is opened', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sve-objects-'));
    const store = await FolderObjects.open(folder);
    await new Promise<boolean>((done) => store.put('a/b', Buffer.from('kept'), done));
    await writeFile(join(folder, '#1'), '');
    await writeFile(join(folder, 'a+', '#2'), '');
    await FolderObjects.open(folder);
    const files = await readdir(folder, { recursive: true });
    expect(files.toSorted()).toEqual(['a+', 'a+/b']);
    await rm(folder, { recursive: true });
  });

  it.skipIf(skipped !== '')(
    `fails when the disk is full, and leaves nothing${skipped}`,
    async () => {
      if (typeof disk === 'string') return;
      const failures: string[] = [];
      const store = await FolderObjects.open(disk.folder, (what) => failures.push(what));
      const put = (key: string, length: number): Promise<boolean> =>
        new Promise((done) => store.put(key, new Uint8Array(length), done));
      try {
        expect(await put('fits', 500_000)).toBe(true);
        expect(await put('too-large', 900_000)).toBe(false);
        expect(failures).toEqual(['put too-large']);
        expect(await readdir(disk.folder)).toEqual(['fits']);
        expect(await put('fits-again', 200_000)).toBe(true);
      } finally {
        await disk.remove();
      }
    },
  );
});

/** A disk of one megabyte, or why there is none. */
async function smallDisk(): Promise<{ folder: string; remove(): Promise<void> } | string> {
  const folder = await mkdtemp(join(tmpdir(), 'sve-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    await rm(folder, { recursive: true });
    return `no disk can be mounted: ${String(error).split('\n')[0]}`;
  }
  return {
    folder,
    async remove() {
      execFileSync('umount', [folder]);
      await rm(folder, { recursive: true });
    },
  };
}
