/**
 * An object store in a folder of this machine: ObjectStorePort (engine/driver/ports.ts).
 *
 *   key   documents/a/17    file   documents+/a+/17      #…  not finished
 *
 * A body is written to a file of another name, flushed, renamed, and the folder is flushed: at
 * every moment, and after a crash at any moment, a key has its whole body or is absent. Folders
 * have a `+` at the end, so that `a` and `a/b` can both be keys; neither `+` nor `#` occurs in one.
 *
 * For one process: what another one has not finished is removed at the start.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assertObjectKey } from '../engine/driver/object-key.ts';
import type { ObjectStorePort } from '../engine/driver/ports.ts';

/** Told to an operator; the caller hears only that it failed. */
export type OnObjectFailure = (what: string, error: unknown) => void;

export class FolderObjects implements ObjectStorePort {
  readonly #root: string;
  readonly #onFailure: OnObjectFailure;
  /** Folders that are there after a crash too. */
  readonly #flushed = new Set<string>();

  /** On a folder that is there: see `open`. */
  constructor(root: string, onFailure: OnObjectFailure) {
    this.#root = root;
    this.#onFailure = onFailure;
    this.#flushed.add(root);
  }

  /** Makes the folder if it is not there, and removes what was not finished. */
  static async open(root: string, onFailure: OnObjectFailure = () => {}): Promise<FolderObjects> {
    await mkdir(root, { recursive: true });
    await flush(dirname(root));
    const store = new FolderObjects(root, onFailure);
    for await (const path of filesBelow(root)) {
      if (isUnfinished(path)) await rm(join(root, path), { force: true });
    }
    return store;
  }

  /** See ObjectStorePort. */
  put(key: string, bytes: Uint8Array, done: (ok: boolean) => void): void {
    assertObjectKey(key);
    void this.#put(this.#pathOf(key), bytes).then(
      () => done(true),
      (error: unknown) => {
        this.#onFailure(`put ${key}`, error);
        done(false);
      },
    );
  }

  /** See ObjectStorePort. */
  get(key: string, done: (bytes: Uint8Array | null | 'failed') => void): void {
    assertObjectKey(key);
    void this.#get(this.#pathOf(key)).then(done, (error: unknown) => {
      this.#onFailure(`get ${key}`, error);
      done('failed');
    });
  }

  /** See ObjectStorePort. */
  list(prefix: string, done: (keys: readonly string[] | null) => void): void {
    void this.#list(prefix).then(done, (error: unknown) => {
      this.#onFailure(`list ${prefix}`, error);
      done(null);
    });
  }

  /** See ObjectStorePort. */
  remove(key: string, done: (ok: boolean) => void): void {
    assertObjectKey(key);
    void this.#remove(this.#pathOf(key)).then(
      () => done(true),
      (error: unknown) => {
        this.#onFailure(`remove ${key}`, error);
        done(false);
      },
    );
  }

  async #put(path: string, bytes: Uint8Array): Promise<void> {
    const folder = dirname(path);
    await this.#makeFolder(folder);
    const unfinished = join(folder, `#${randomBytes(12).toString('hex')}`);
    try {
      const file = await open(unfinished, 'wx');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    await flush(folder);
  }

  async #get(path: string): Promise<Uint8Array | null> {
    try {
      return await readFile(path);
    } catch (error) {
      if (await this.#isAbsence(error)) return null;
      throw error;
    }
  }

  async #list(prefix: string): Promise<readonly string[]> {
    // Keys with this prefix are below the folder of its last whole part.
    const parts = prefix.split('/').slice(0, -1);
    const base = parts.map((part) => `${part}/`).join('');
    const folder = join(this.#root, ...parts.map((part) => `${part}+`));
    const keys: string[] = [];
    try {
      for await (const path of filesBelow(folder)) {
        const key = base + path.replaceAll('+/', '/');
        if (!isUnfinished(path) && key.startsWith(prefix)) keys.push(key);
      }
    } catch (error) {
      if (await this.#isAbsence(error)) return [];
      throw error;
    }
    return keys.sort((a, b) => (a < b ? -1 : 1));
  }

  async #remove(path: string): Promise<void> {
    try {
      await rm(path);
    } catch (error) {
      if (await this.#isAbsence(error)) return;
      throw error;
    }
    await flush(dirname(path));
  }

  /** With every folder above it, so that all of them are there after a crash. */
  async #makeFolder(folder: string): Promise<void> {
    if (this.#flushed.has(folder)) return;
    await this.#makeFolder(dirname(folder));
    await mkdir(folder).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    await flush(dirname(folder));
    this.#flushed.add(folder);
  }

  /** True if a file is missing; false if something else is wrong, such as a disk that is gone. */
  async #isAbsence(error: unknown): Promise<boolean> {
    if (codeOf(error) !== 'ENOENT') return false;
    return await stat(this.#root).then(
      () => true,
      () => false,
    );
  }

  #pathOf(key: string): string {
    return join(this.#root, key.replaceAll('/', '+/'));
  }
}

/** Paths of the files below a folder, relative to it, with `/`. */
async function* filesBelow(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      for await (const path of filesBelow(join(folder, entry.name))) yield `${entry.name}/${path}`;
    } else yield entry.name;
  }
}

function isUnfinished(path: string): boolean {
  return path.includes('#');
}

/** Makes what was created, renamed or removed in a folder outlast a crash. */
async function flush(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
