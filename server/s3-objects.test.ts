/**
 * Goal: whatever the server does, every call is answered, within its time, and never with half a
 * body. Method: a server in this process that misbehaves when it is told to.
 */
import { Client } from 'minio';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type S3Limits, S3Objects, type S3Options } from './s3-objects.ts';
import { type S3Server, startS3Server } from './testing/s3-server.ts';

const login = { accessKey: 'key', secretKey: 'secret-secret', region: 'eu-west-1' };
const bucket = 'bucket';

let server: S3Server;
let client: Client;
let failures: string[];
let stores: S3Objects[];

beforeEach(async () => {
  server = await startS3Server({ ...login, buckets: [bucket], pageKeysMax: 4 });
  const port = Number(new URL(server.url).port);
  client = new Client({ ...login, endPoint: '127.0.0.1', port, useSSL: false });
  failures = [];
  stores = [];
});

afterEach(async () => {
  vi.useRealTimers();
  for (const store of stores) store.close();
  await server.stop();
});

function open(limits: Partial<S3Limits> = {}, change: Partial<S3Options> = {}): S3Objects {
  const options = { ...login, endpoint: server.url, bucket, ...change };
  const store = new S3Objects(
    options,
    (what, error) => failures.push(`${what}: ${String(error)}`),
    limits,
  );
  stores.push(store);
  return store;
}

const put = (store: S3Objects, key: string, body = 'body'): Promise<boolean> =>
  new Promise((done) => store.put(key, Buffer.from(body), done));
const get = (store: S3Objects, key: string): Promise<Uint8Array | null | 'failed'> =>
  new Promise((done) => store.get(key, done));
const list = (store: S3Objects, prefix = ''): Promise<readonly string[] | null> =>
  new Promise((done) => store.list(prefix, done));
const remove = (store: S3Objects, key: string): Promise<boolean> =>
  new Promise((done) => store.remove(key, done));
const all = (store: S3Objects): Promise<unknown[]> =>
  Promise.all([put(store, 'new'), get(store, 'there'), list(store), remove(store, 'there')]);

describe('objects', () => {
  it('are listed over as many pages as there are', async () => {
    const store = open({ pageKeysMax: 3 });
    const keys = Array.from({ length: 10 }, (_, n) => `k/${n}`);
    for (const key of keys) await put(store, key);
    expect(await list(store)).toEqual(keys);
    expect(await list(open(), 'k/')).toEqual(keys);
  });

  it('have names that no reader of a listing takes for numbers, nor for folders', async () => {
    const keys = ['007', '1e3', '7', 'a', 'a/b', 'a/b/0x1F'];
    const store = open();
    for (const key of keys) expect(await put(store, key)).toBe(true);
    expect(await list(store)).toEqual(keys);
    expect(Buffer.from((await get(store, '007')) ?? '').toString()).toBe('body');
    const { objects } = await client.listObjectsV2Query(bucket, '', '', '', 4, '');
    expect(objects.map(({ name }) => name)).toEqual(['007!', '1e3!', '7!', 'a!']);
  });

  it('of others in the bucket are not seen, below the prefix or beside it', async () => {
    const [one, other] = [open({}, { prefix: 'one/' }), open({}, { prefix: 'other/' })];
    await put(one, 'key');
    await put(other, 'of-other');
    await client.putObject(bucket, 'one/of-somebody', 'x');
    await client.putObject(bucket, 'key!', 'x');
    expect(await list(one)).toEqual(['key']);
    expect(await get(one, 'of-other')).toBeNull();
    expect(await get(one, 'of-somebody')).toBeNull();
  });

  it('larger than the limit are neither sent nor read to the end', async () => {
    await put(open(), 'large', 'x'.repeat(100));
    const store = open({ bodyBytesMax: 99 });
    expect(await get(store, 'large')).toBe('failed');
    expect(await put(store, 'larger', 'x'.repeat(100))).toBe(false);
    expect(await list(store)).toEqual(['large']);
    expect(await put(store, 'fits', 'x'.repeat(99))).toBe(true);
    expect(failures).toEqual([
      'get large: Error: a body of more than 99 bytes',
      'put larger: Error: a body of more than 99 bytes',
    ]);
  });
});

describe('a server that misbehaves', () => {
  it('and has lost the bucket is not one that has no objects', async () => {
    const store = open({}, { bucket: 'gone' });
    expect(await all(store)).toEqual([false, 'failed', null, false]);
    for (const failure of failures) expect(failure).toContain('The code says it.');
  });

  it('and asks for less is not asked again, and its answer holds no connection', async () => {
    const store = open({ connectionsMax: 1 });
    await put(store, 'there');
    server.misbehave('slowDown');
    const before = server.requests;
    expect(await all(store)).toEqual([false, 'failed', null, false]);
    expect(server.requests - before).toBe(4);
    expect(failures).toHaveLength(4);
    for (const failure of failures) expect(failure).toContain('503');
    server.misbehave(null);
    expect(await list(store)).toEqual(['there']);
  });

  it('and cuts a body gives no body, whether its length was told or not', async () => {
    const store = open();
    await put(store, 'there', 'x'.repeat(100_000));
    for (const how of ['cutBody', 'cutUntoldBody'] as const) {
      server.misbehave(how);
      expect(await get(store, 'there')).toBe('failed');
      server.misbehave(null);
    }
    expect((await get(store, 'there'))?.length).toBe(100_000);
    expect(failures).toHaveLength(2);
  });

  it('and cuts a listing gives no listing', async () => {
    const store = open();
    for (const key of ['a', 'b', 'c']) await put(store, key);
    for (const how of ['cutBody', 'cutUntoldBody'] as const) {
      server.misbehave(how);
      expect(await list(store)).toBeNull();
    }
  });

  it('and lists in no order is put in order', async () => {
    const store = open();
    const keys = ['a', 'a-b', 'a/b'];
    for (const key of keys) await put(store, key);
    server.misbehave('disorder');
    expect(await list(store)).toEqual(keys);
  });

  it('and does not say how a listing goes on gives no listing', async () => {
    const store = open({ pageKeysMax: 1 });
    for (const key of ['a', 'b']) await put(store, key);
    server.misbehave('noToken');
    expect(await list(store)).toBeNull();
  });

  it('and says nothing is given up, also by calls that wait for a connection', async () => {
    const store = open({ connectionsMax: 1, timeLimitMs: 100 });
    await put(store, 'there');
    server.misbehave('stall');
    expect(await all(store)).toEqual([false, 'failed', null, false]);
    for (const failure of failures) expect(failure).toContain('no answer within 100 ms');
    expect(server.stalledMost).toBe(1);
    server.release();
    expect(await put(store, 'again')).toBe(true);
  });

  it('and is slow has the time limit for each page of a listing', async () => {
    const keys = ['a', 'b', 'c'];
    for (const key of keys) await put(open(), key);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const listed = list(open({ timeLimitMs: 100, pageKeysMax: 1 }));
    for (const _ of keys) {
      server.misbehave('stall');
      await server.stalled(1);
      vi.advanceTimersByTime(60);
      server.release();
    }
    expect(await listed).toEqual(keys);
  });

  it('is not overrun: so many connections and no more, for whatever there is to do', async () => {
    const store = open({ connectionsMax: 3 });
    const before = server.connections;
    server.misbehave('stall');
    const puts = Array.from({ length: 20 }, (_, n) => put(store, `k/${n}`));
    await server.stalled(3);
    server.release();
    expect(await Promise.all(puts)).toEqual(puts.map(() => true));
    expect(server.connections - before).toBe(3);
    expect(await list(store)).toHaveLength(20);
  });

  it('does not make calls pile up without end', async () => {
    const store = open({ callsMax: 3 });
    server.misbehave('stall');
    const puts = Array.from({ length: 5 }, (_, n) => put(store, `k/${n}`));
    expect(await Promise.all(puts.slice(3))).toEqual([false, false]);
    await server.stalled(3);
    server.release();
    expect(await Promise.all(puts.slice(0, 3))).toEqual([true, true, true]);
  });

  it('is left by a store that is closed', async () => {
    const store = open();
    server.misbehave('stall');
    const call = put(store, 'key');
    await server.stalled(1);
    store.close();
    expect(await call).toBe(false);
    server.release();
    expect(await put(store, 'later')).toBe(false);
    expect(failures).toEqual([
      'put key: Error: the store was closed',
      'put later: Error: the store is closed',
    ]);
  });
});

it('keeps a connection from call to call', async () => {
  const store = open();
  const before = server.connections;
  for (let n = 0; n < 10; n++) {
    await put(store, `k/${n}`);
    await get(store, `k/${n}`);
    await list(store);
    await remove(store, 'never');
  }
  expect(server.connections - before).toBe(1);
});

describe('the check', () => {
  it.each([
    ['a region that is not the bucket’s', { region: 'us-east-1' }, /Correct the region/],
    ['a port where nobody is', { endpoint: 'http://127.0.0.1:1' }, /cannot be reached \(.*REFUSED/],
    ['a name that is none of a bucket', { bucket: 'B' }, /cannot be used \(Invalid bucket name/],
  ])('tells of %s', async (_, change, fault) => {
    expect(await open({}, change).check()).toMatch(fault);
  });

  it('tells of a server that is busy', async () => {
    server.misbehave('slowDown');
    expect(await open().check()).toMatch(/503/);
  });
});
