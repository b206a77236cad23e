/**
 * Goal: S3 keeps the contract of every object store. Method: the suite that runs against the folder
 * and the model too, on the S3 that there is (S3_ENDPOINT decides which), below a prefix of
 * the test's own; a proxy in between is the outage, and cuts the put of a process that is killed.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assert } from '../engine/assert.ts';
import {
  type ObjectStoreUnderTest,
  objectStoreContract,
} from '../properties/contracts/object-store-contract.ts';
import { S3Objects, type S3Options } from './s3-objects.ts';
import { startTcpProxy } from './testing/tcp-proxy.ts';
import { startTestS3, type TestS3 } from './testing/test-s3.ts';

let s3: TestS3;

beforeAll(async () => {
  s3 = await startTestS3();
});

afterAll(() => s3?.stop());

async function openS3(): Promise<ObjectStoreUnderTest> {
  const options = s3.options();
  const { hostname: host, port, protocol } = new URL(options.endpoint);
  assert(protocol === 'http:', `S3_ENDPOINT for tests, which break connections: http, ${protocol}`);
  const target = { host, port: Number(port || 80) };
  const proxy = await startTcpProxy(target);
  const stores: S3Objects[] = [];
  const open = (endpoint: string): S3Objects => {
    const store = new S3Objects({ ...options, endpoint });
    stores.push(store);
    return store;
  };
  return {
    port: open(proxy.through(options.endpoint)),
    again: () => Promise.resolve(open(proxy.through(options.endpoint))),
    outage() {
      proxy.refuse(true);
      proxy.cutAll();
      return Promise.resolve(() => Promise.resolve(proxy.refuse(false)));
    },
    halfPut: (key) => cutPut(options, target, key),
    async close() {
      await removeAll(open(options.endpoint));
      for (const store of stores) store.close();
      await proxy.close();
    },
  };
}

/** The head of the request and some of the body arrive, the rest does not. */
async function cutPut(
  options: S3Options,
  target: { readonly host: string; readonly port: number },
  key: string,
): Promise<void> {
  let chunks = 0;
  const proxy = await startTcpProxy(target, async (direction) => {
    chunks += direction === 'request' ? 1 : 0;
    // What has passed already arrives; this and the rest never do.
    if (chunks > 2) setImmediate(() => proxy.cutAll());
    if (chunks > 2) await new Promise(() => {});
  });
  const store = new S3Objects({ ...options, endpoint: proxy.through(options.endpoint) });
  const body = new Uint8Array(4 * 2 ** 20);
  expect(await new Promise((done) => store.put(key, body, done))).toBe(false);
  expect(chunks).toBeGreaterThan(2);
  store.close();
  await proxy.close();
}

async function removeAll(store: S3Objects): Promise<void> {
  const keys = await new Promise<readonly string[] | null>((done) => store.list('', done));
  assert(keys !== null, 'a list of what the test has put');
  const removed = (key: string) => new Promise<boolean>((done) => store.remove(key, done));
  for (let n = 0; n < keys.length; n += 100) {
    const results = await Promise.all(keys.slice(n, n + 100).map(removed));
    assert(results.every(Boolean), 'what the test has put is removed');
  }
}

describe('an object store behind S3', () => {
  objectStoreContract(openS3);
});

describe('the check of a bucket', () => {
  const checked = async (change: Partial<S3Options>): Promise<string | null> => {
    const store = new S3Objects({ ...s3.options(), ...change });
    const fault = await store.check();
    store.close();
    return fault;
  };

  it('finds nothing wrong when all is well, also below a prefix that has no keys', async () => {
    expect(await checked({})).toBeNull();
  });

  it('says that the bucket is missing and how to make it', async () => {
    expect(await checked({ bucket: 'sve-not-there' })).toMatch(
      /no bucket sve-not-there at http.*aws s3 mb s3:\/\/sve-not-there/,
    );
  });

  it('says that the secret is wrong, without showing it', async () => {
    const fault = await checked({ secretKey: 'hunter2-hunter2' });
    expect(fault).toMatch(/the secret is not that of an access key/);
    expect(fault).not.toContain('hunter2');
  });

  it('says which access key is not known', async () => {
    const fault = await checked({ accessKey: 'nobody' });
    expect(fault).toMatch(/access key nobody\b.*Correct/);
  });
});
