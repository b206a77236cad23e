/**
 * Where a Redis (or Valkey) server is on this machine: on PATH, or, on Debian and its kin, in
 * packages that are fetched once and unpacked in a cache, which needs no root and installs nothing.
 */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

export interface RedisProgram {
  readonly path: string;
  /** Folder of libraries that the loader would not find by itself. */
  readonly libraries: string | null;
}

const cache = join(import.meta.dirname, '..', '..', '.cache', 'redis');
/** The server is in redis-tools; redis-server has the name under which it serves. */
const packages = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1'];
/** A package source that is out of reach must not hold up who could do without. */
const aptOptions = ['-o', 'Acquire::Retries=0', '-o', 'Acquire::http::Timeout=10'];
const fetchTimeoutMs = 60_000;

const run = promisify(execFile);

/** Text: why there is none. */
export async function findRedis(): Promise<RedisProgram | string> {
  const path = (await onPath('redis-server')) ?? (await onPath('valkey-server'));
  if (path !== null) return { path, libraries: null };
  const none = 'no redis-server or valkey-server on PATH';
  const [apt, dpkg] = [await onPath('apt-get'), await onPath('dpkg')];
  if (apt === null || dpkg === null) return none;
  const unpacked = await unpackedRedis(cache);
  return typeof unpacked === 'string' ? `${none}; ${unpacked}` : unpacked;
}

/** From packages in `folder`, which is filled when it is not there. Text: why that failed. */
export async function unpackedRedis(folder: string): Promise<RedisProgram | string> {
  const unfinished = `${folder}.${process.pid}`;
  try {
    if (!(await isExecutable(join(folder, 'usr/bin/redis-server')))) {
      await mkdir(unfinished, { recursive: true });
      const options = { cwd: unfinished, timeout: fetchTimeoutMs };
      await run('apt-get', [...aptOptions, 'download', ...packages], options);
      for (const name of await readdir(unfinished)) await run('dpkg', ['-x', name, '.'], options);
      // Another process may have been faster; either will do.
      await rename(unfinished, folder).catch(() => {});
    }
    const [triplet = ''] = await readdir(join(folder, 'usr/lib'));
    const libraries = join(folder, 'usr/lib', triplet);
    const path = join(folder, 'usr/bin/redis-server');
    await run(path, ['--version'], { env: { LD_LIBRARY_PATH: libraries } });
    return { path, libraries };
  } catch (error) {
    const [reason = ''] = String(error).split('\n').slice(-2);
    return `Debian's packages cannot be used (${reason})`;
  } finally {
    await rm(unfinished, { recursive: true, force: true }).catch(() => {});
  }
}

/** The program of this name on PATH. */
export async function onPath(name: string): Promise<string | null> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (folder !== '' && (await isExecutable(path))) return path;
  }
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
