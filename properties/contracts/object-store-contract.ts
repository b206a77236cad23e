/**
 * What every object store must keep, the real one and the model: ObjectStorePort of
 * engine/driver/ports.ts.
 *
 * Method: calls as promises, which reject when they are answered within the call and note when they
 * are answered again.
 */
import { expect, it } from 'vitest';
import type { ObjectStorePort } from '../../engine/driver/ports.ts';

/** An empty store, and the means to break it. */
export interface ObjectStoreUnderTest {
  readonly port: ObjectStorePort;
  /** Another process of the same store, or a new life of the same one. */
  again(): Promise<ObjectStorePort>;
  /** Every call fails until the end that it resolves with. */
  outage(): Promise<() => Promise<void>>;
  /** Somebody began to put this key and was killed before the end. */
  halfPut(key: string): Promise<void>;
  close(): Promise<void>;
}

export type OpenObjectStore = () => Promise<ObjectStoreUnderTest>;

/** Registers the tests; each opens a store of its own. */
export function objectStoreContract(open: OpenObjectStore): void {
  bodyContract(open);
  listContract(open);
  failureContract(open);
  keyContract(open);
}

function bodyContract(open: OpenObjectStore): void {
  it('gives back what was put, byte by byte, to everybody', async () => {
    await withStore(open, async (calls, store) => {
      const bodies = {
        empty: new Uint8Array(0),
        every: Uint8Array.from({ length: 256 }, (_, n) => n),
        large: Uint8Array.from({ length: 2 ** 20 }, (_, n) => (n * 31) % 251),
      };
      for (const [key, body] of Object.entries(bodies)) {
        expect(await calls.put(key, body)).toBe(true);
      }
      const other = new Calls(await store.again());
      for (const each of [calls, other]) {
        for (const [key, body] of Object.entries(bodies)) {
          const got = await each.get(key);
          expect(got instanceof Uint8Array && Buffer.compare(got, body)).toBe(0);
        }
      }
    });
  });

  it('has nothing under a key that was never put, nor under one that was removed', async () => {
    await withStore(open, async (calls) => {
      expect(await calls.get('never')).toBeNull();
      await calls.put('a/removed', bytes('x'));
      await calls.put('a/kept', bytes('y'));
      expect(await calls.remove('a/removed')).toBe(true);
      expect(await calls.remove('a/removed')).toBe(true);
      expect(await calls.remove('never/there')).toBe(true);
      expect(await calls.get('a/removed')).toBeNull();
      expect(await calls.list('')).toEqual(['a/kept']);
      expect(await calls.put('a/removed', bytes('x'))).toBe(true);
      expect(await calls.text('a/removed')).toBe('x');
    });
  });

  it('takes the same body under the same key again', async () => {
    await withStore(open, async (calls, store) => {
      const other = new Calls(await store.again());
      for (const each of [calls, calls, other]) {
        expect(await each.put('same', bytes('body'))).toBe(true);
      }
      expect(await calls.text('same')).toBe('body');
      expect(await calls.list('')).toEqual(['same']);
    });
  });

  it('has the whole of one body when several are put under one key at once', async () => {
    await withStore(open, async (calls) => {
      const bodies = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(100_000));
      const puts = bodies.map((body) => calls.put('contended', bytes(body)));
      const reads: (string | null)[] = [];
      for (let n = 0; n < 10; n++) reads.push(await calls.text('contended'));
      expect(await Promise.all(puts)).toEqual([true, true, true, true]);
      for (const read of reads) expect([null, ...bodies]).toContain(read);
      expect(bodies).toContain(await calls.text('contended'));
      expect(await calls.list('')).toEqual(['contended']);
    });
  });
}

function listContract(open: OpenObjectStore): void {
  it('lists the keys with a prefix, in the order of code units', async () => {
    await withStore(open, async (calls) => {
      const keys = ['a', 'a-b', 'a.b', 'a/B', 'a/b', 'a/b/c', 'a0', 'aB', 'ab', 'b/a', '~'];
      for (const key of keys.toReversed()) await calls.put(key, bytes(key));
      expect(await calls.list('')).toEqual(keys.toSorted((a, b) => (a < b ? -1 : 1)));
      expect(await calls.list('a/')).toEqual(['a/B', 'a/b', 'a/b/c']);
      expect(await calls.list('a/b')).toEqual(['a/b', 'a/b/c']);
      expect(await calls.list('a/b/')).toEqual(['a/b/c']);
      expect(await calls.list('a.')).toEqual(['a.b']);
      expect(await calls.list('nothing')).toEqual([]);
      expect(await calls.list('nothing/at/all')).toEqual([]);
      for (const key of keys) expect(await calls.text(key)).toBe(key);
    });
  });

  it('lists more keys than one page of any store has', async () => {
    await withStore(open, async (calls) => {
      const keys = Array.from({ length: 1_100 }, (_, n) => `many/${String(n).padStart(5, '0')}`);
      await calls.put('other', bytes('x'));
      for (let n = 0; n < keys.length; n += 100) {
        await Promise.all(keys.slice(n, n + 100).map((key) => calls.put(key, bytes('x'))));
      }
      expect(await calls.list('many/')).toEqual(keys);
    });
  });

  it('shows a key to whoever asks after the put was answered', async () => {
    await withStore(open, async (calls, store) => {
      const other = new Calls(await store.again());
      for (let n = 0; n < 20; n++) {
        expect(await calls.put(`seen/${n}`, bytes(String(n)))).toBe(true);
        const [text, keys] = await Promise.all([other.text(`seen/${n}`), other.list('seen/')]);
        expect(text).toBe(String(n));
        expect(keys).toHaveLength(n + 1);
      }
    });
  });
}

function failureContract(open: OpenObjectStore): void {
  it('fails as an answer while it is away, and has everything afterwards', async () => {
    await withStore(open, async (calls, store) => {
      await calls.put('a/before', bytes('before'));
      const end = await store.outage();
      const answers = await Promise.all([
        calls.put('a/meanwhile', bytes('meanwhile')),
        calls.put('new/meanwhile', bytes('meanwhile')),
        calls.get('a/before'),
        calls.get('never'),
        calls.list(''),
        calls.list('a/'),
        calls.remove('a/before'),
      ]);
      expect(answers).toEqual([false, false, 'failed', 'failed', null, null, false]);
      await end();
      // A call that failed may have been done.
      expect(['before', null]).toContain(await calls.text('a/before'));
      expect(['meanwhile', null]).toContain(await calls.text('a/meanwhile'));
      for (const key of ['a/before', 'a/meanwhile', 'new/meanwhile']) {
        expect(await calls.put(key, bytes(key))).toBe(true);
        expect(await calls.text(key)).toBe(key);
      }
      expect(await calls.list('')).toEqual(['a/before', 'a/meanwhile', 'new/meanwhile']);
    });
  });

  it('shows nothing of a put whose process was killed in the middle', async () => {
    await withStore(open, async (calls, store) => {
      await calls.put('half/whole', bytes('whole'));
      await store.halfPut('half/killed');
      const isHidden = async (each: Calls): Promise<void> => {
        expect(await each.get('half/killed')).toBeNull();
        expect(await each.list('')).toEqual(['half/whole']);
      };
      await isHidden(calls);
      await isHidden(new Calls(await store.again()));
      expect(await calls.put('half/killed', bytes('again'))).toBe(true);
      expect(await calls.text('half/killed')).toBe('again');
    });
  });
}

function keyContract(open: OpenObjectStore): void {
  const bad = ['', '/', '/a', 'a/', 'a//b', '.', '..', '../a', 'a/../b', 'a/./b', 'ü', 'a b', 'a+'];
  it('refuses what is no key, as the mistake that it is', async () => {
    await withStore(open, async (calls) => {
      for (const key of [...bad, 'a\0', 'a#b', 'a\\b', 'x'.repeat(201), `${'x/'.repeat(500)}x`]) {
        await expect(calls.put(key, bytes('x'))).rejects.toThrow('no key of an object');
        await expect(calls.get(key)).rejects.toThrow('no key of an object');
        await expect(calls.remove(key)).rejects.toThrow('no key of an object');
      }
      expect(await calls.list('')).toEqual([]);
    });
  });
}

/** The calls of a port as promises. */
class Calls {
  /** What was answered again. */
  readonly repeated: string[] = [];
  readonly #port: ObjectStorePort;

  constructor(port: ObjectStorePort) {
    this.#port = port;
  }

  put(key: string, body: Uint8Array): Promise<boolean> {
    return this.#answer(`put ${key}`, (done) => this.#port.put(key, body, done));
  }

  get(key: string): Promise<Uint8Array | null | 'failed'> {
    return this.#answer(`get ${key}`, (done) => this.#port.get(key, done));
  }

  async text(key: string): Promise<string | null> {
    const got = await this.get(key);
    if (got === 'failed') throw new Error(`get ${key} failed`);
    return got === null ? null : Buffer.from(got).toString();
  }

  list(prefix: string): Promise<readonly string[] | null> {
    return this.#answer(`list ${prefix}`, (done) => this.#port.list(prefix, done));
  }

  remove(key: string): Promise<boolean> {
    return this.#answer(`remove ${key}`, (done) => this.#port.remove(key, done));
  }

  #answer<T>(what: string, call: (done: (result: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      let calls = 0;
      let isWithin = true;
      call((result) => {
        calls += 1;
        if (calls > 1) this.repeated.push(what);
        if (isWithin) reject(new Error(`${what} was answered within the call`));
        else resolve(result);
      });
      isWithin = false;
    });
  }
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

async function withStore(
  open: OpenObjectStore,
  body: (calls: Calls, store: ObjectStoreUnderTest) => Promise<void>,
): Promise<void> {
  const store = await open();
  const calls = new Calls(store.port);
  try {
    await body(calls, store);
    await calls.list('');
  } finally {
    await store.close();
  }
  expect(calls.repeated).toEqual([]);
}
