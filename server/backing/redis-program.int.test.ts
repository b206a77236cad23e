/**
 * Goal: where Redis is not installed, Debian's packages give one that runs, without installing
 * them; a folder that cannot be had is told, not thrown. Method: real packages, fetched into a
 * folder of the test's own; skipped, with the reason, where there is no source of packages.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unpackedRedis } from './redis-program.ts';

describe('Redis from packages', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sve-packages-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('is unpacked once and starts with its own libraries', async (context) => {
    const cache = join(folder, 'redis');
    const first = await unpackedRedis(cache);
    if (typeof first === 'string') return context.skip(first);
    expect(first.path).toBe(join(cache, 'usr/bin/redis-server'));
    expect(await readdir(first.libraries ?? '')).toContain('libjemalloc.so.2');
    // A second fetch would bring it back.
    await rm(join(cache, 'usr/share'), { recursive: true });
    expect(await unpackedRedis(cache)).toEqual(first);
    expect(await readdir(join(cache, 'usr'))).not.toContain('share');
    expect(await readdir(folder)).toEqual(['redis']);
  });

  it('says why there is none', async () => {
    await writeFile(join(folder, 'file'), '');
    expect(await unpackedRedis(join(folder, 'file', 'redis'))).toMatch(/cannot be used.*ENOTDIR/);
  });
});
