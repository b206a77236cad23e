/**
 * An object store behind the interface of S3 (MinIO, AWS, Swift and others): ObjectStorePort
 * (engine/driver/ports.ts).
 *
 *   key   documents/a/17    object   <prefix>documents/a/17!
 *
 * The mark at the end, which occurs in no key, keeps `a` and `a/b` apart: MinIO keeps objects in
 * folders and lists nothing below an object. It also keeps the reader of listings, which takes a
 * name of digits for a number, from changing one.
 *
 * A put needs no condition, since a key is never used for other bytes, and S3 shows a body when the
 * whole of it has arrived. Over http the body's SHA-256 is signed with the request, over https its
 * MD5 goes along; what comes back has the length that was told, or failed. Whether it is what was
 * once put is for the checksums inside.
 *
 * A call has a time limit, to which waiting for a free connection counts; it is never made again
 * here: whoever calls backs off.
 */
import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { Client } from 'minio';
import { assert } from '../engine/assert.ts';
import { assertObjectKey } from '../engine/driver/object-key.ts';
import type { ObjectStorePort } from '../engine/driver/ports.ts';
import type { OnObjectFailure } from './folder-objects.ts';
import { s3Fault } from './s3-fault.ts';

export interface S3Options {
  /** http(s)://host:port */
  readonly endpoint: string;
  /** Must be there: see `check`. */
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
  /** Comes before every key, ends with `/` and has at most 100 characters; absent = none. */
  readonly prefix?: string;
}

export interface S3Limits {
  /** For a call; for one that lists, from page to page. */
  readonly timeLimitMs: number;
  /** Requests at once; further calls wait. */
  readonly connectionsMax: number;
  /** Calls under way and waiting; one more fails at once. */
  readonly callsMax: number;
  /** Of one body, in both directions; it is sent in one request. */
  readonly bodyBytesMax: number;
  /** Keys that one page of a listing has at most. */
  readonly pageKeysMax: number;
}

/** A snapshot has at most 320 MiB (proto/limits.ts). A page of S3 has at most 1,000 keys. */
const defaultLimits: S3Limits = {
  timeLimitMs: 60_000,
  connectionsMax: 8,
  callsMax: 1_000,
  bodyBytesMax: 2 ** 29,
  pageKeysMax: 1_000,
};

/** A server that never comes to an end of its listing must not fill the memory. */
const pagesMax = 10_000;
/** A connection that was idle for longer may be closed by the other side in this moment. */
const idleMs = 4_000;
/** What one request may put; the library sends more in parts. */
const onePutBytesMax = 5 * 2 ** 30;
const mark = '!';

type Transport = NonNullable<ConstructorParameters<typeof Client>[0]['transport']>;
type OnResponse = (response: IncomingMessage) => void;

export class S3Objects implements ObjectStorePort {
  readonly #options: S3Options;
  readonly #limits: S3Limits;
  readonly #onFailure: OnObjectFailure;
  readonly #url: URL;
  readonly #agent: HttpAgent;
  readonly #prefix: string;
  readonly #calls = new Set<Call>();
  #isClosed = false;

  /** Connects when it is first called. */
  constructor(
    options: S3Options,
    onFailure: OnObjectFailure = () => {},
    limits: Partial<S3Limits> = {},
  ) {
    const { endpoint, prefix = '' } = options;
    assert(/^(.{0,99}\/)?$/.test(prefix), `a prefix of keys: ${prefix}`);
    this.#options = options;
    this.#limits = { ...defaultLimits, ...limits };
    this.#onFailure = onFailure;
    this.#url = new URL(endpoint);
    this.#prefix = prefix;
    const { connectionsMax } = this.#limits;
    const agent = { keepAlive: true, maxSockets: connectionsMax, timeout: idleMs };
    this.#agent = this.#isSecure ? new HttpsAgent(agent) : new HttpAgent(agent);
  }

  /** Null if the bucket is there and may be listed; otherwise what is wrong and what to do. */
  async check(): Promise<string | null> {
    const { bucket } = this.#options;
    try {
      await this.#call((client) => client.listObjectsV2Query(bucket, this.#prefix, '', '', 1, ''));
      return null;
    } catch (error) {
      return s3Fault(error, this.#options);
    }
  }

  /** See ObjectStorePort. */
  put(key: string, bytes: Uint8Array, done: (ok: boolean) => void): void {
    assertObjectKey(key);
    void this.#call((client) => this.#put(client, key, bytes)).then(
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
    void this.#call((client) => this.#get(client, key)).then(done, (error: unknown) => {
      this.#onFailure(`get ${key}`, error);
      done('failed');
    });
  }

  /** See ObjectStorePort. */
  list(prefix: string, done: (keys: readonly string[] | null) => void): void {
    void this.#call((client, call) => this.#list(client, call, prefix)).then(
      done,
      (error: unknown) => {
        this.#onFailure(`list ${prefix}`, error);
        done(null);
      },
    );
  }

  /** See ObjectStorePort. */
  remove(key: string, done: (ok: boolean) => void): void {
    assertObjectKey(key);
    void this.#call((client) => this.#remove(client, key)).then(
      () => done(true),
      (error: unknown) => {
        this.#onFailure(`remove ${key}`, error);
        done(false);
      },
    );
  }

  /** Calls under way fail, and later ones too. */
  close(): void {
    this.#isClosed = true;
    for (const call of this.#calls) call.fail(new Error('the store was closed'));
    this.#agent.destroy();
  }

  async #put(client: Client, key: string, bytes: Uint8Array): Promise<void> {
    this.#assertLength(bytes.length);
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    await client.putObject(this.#options.bucket, this.#nameOf(key), body, body.length);
  }

  async #get(client: Client, key: string): Promise<Uint8Array | null> {
    try {
      return await this.#readBody(await client.getObject(this.#options.bucket, this.#nameOf(key)));
    } catch (error) {
      if (isAbsence(error)) return null;
      throw error;
    }
  }

  async #readBody(answer: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of answer) {
      length += chunk.length;
      this.#assertLength(length);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  async #list(client: Client, call: Call, prefix: string): Promise<readonly string[]> {
    const keys: string[] = [];
    let token = '';
    for (let page = 0; page < pagesMax; page++) {
      const found = await client.listObjectsV2Query(
        this.#options.bucket,
        this.#prefix + prefix,
        token,
        '',
        this.#limits.pageKeysMax,
        '',
      );
      for (const { name } of found.objects) {
        const key = this.#keyOf(name ?? '');
        if (key?.startsWith(prefix)) keys.push(key);
      }
      // Nearly always they are in this order already: the mark is less than what keys are made of.
      // AWS's directory buckets have none.
      if (!found.isTruncated) return keys.sort((a, b) => (a < b ? -1 : 1));
      token = found.nextContinuationToken;
      if (token === '') throw new Error('a page that does not say how to go on');
      call.goOn();
    }
    throw new Error(`more than ${pagesMax} pages of keys`);
  }

  async #remove(client: Client, key: string): Promise<void> {
    try {
      await client.removeObject(this.#options.bucket, this.#nameOf(key));
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
  }

  async #call<T>(work: (client: Client, call: Call) => Promise<T>): Promise<T> {
    const { callsMax, timeLimitMs } = this.#limits;
    if (this.#isClosed) throw new Error('the store is closed');
    if (this.#calls.size >= callsMax) throw new Error(`${callsMax} calls are under way`);
    const call = new Call(timeLimitMs);
    this.#calls.add(call);
    try {
      return await Promise.race([work(this.#clientOf(call), call), call.failed]);
    } finally {
      this.#calls.delete(call);
      call.end();
    }
  }

  /** A client costs no connection: those are the agent's. */
  #clientOf(call: Call): Client {
    const { accessKey, secretKey, region } = this.#options;
    return new Client({
      endPoint: this.#url.hostname.replaceAll(/[[\]]/g, ''),
      port: Number(this.#url.port),
      useSSL: this.#isSecure,
      accessKey,
      secretKey,
      region,
      partSize: onePutBytesMax,
      transport: { request: requestOf(call, this.#isSecure ? httpsRequest : httpRequest) },
      transportAgent: this.#agent,
      retryOptions: { disableRetry: true },
    });
  }

  get #isSecure(): boolean {
    return this.#url.protocol === 'https:';
  }

  #assertLength(length: number): void {
    const max = this.#limits.bodyBytesMax;
    if (length > max) throw new Error(`a body of more than ${max} bytes`);
  }

  #nameOf(key: string): string {
    return this.#prefix + key + mark;
  }

  /** null: it is not ours. */
  #keyOf(name: string): string | null {
    const isOurs = name.startsWith(this.#prefix) && name.endsWith(mark);
    return isOurs ? name.slice(this.#prefix.length, -mark.length) : null;
  }
}

/** One call, from its beginning to its end. */
class Call {
  /** Rejects when the call fails by itself: the library may not notice at once. */
  readonly failed: Promise<never>;
  readonly #aborter = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #fail: (error: Error) => void = () => {};

  constructor(timeLimitMs: number) {
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    const error = new Error(`no answer within ${timeLimitMs} ms`);
    this.#timer = setTimeout(() => this.#fail(error), timeLimitMs);
  }

  /** Aborted when the call is over. */
  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** The time limit begins anew. */
  goOn(): void {
    this.#timer.refresh();
  }

  fail(error: Error): void {
    this.#fail(error);
  }

  /** Also frees the connection of an answer that nobody reads. */
  end(): void {
    clearTimeout(this.#timer);
    this.#aborter.abort();
  }
}

/**
 * Node's `request`, for one call. An answer that the end of the connection would end is refused:
 * half of it looks like the whole, and the reader of listings does not mind.
 */
function requestOf(call: Call, request: typeof httpRequest): Transport['request'] {
  return (
    target: string | URL | RequestOptions,
    second?: RequestOptions | OnResponse,
    third?: OnResponse,
  ) => {
    const isAddress = typeof target === 'string' || target instanceof URL;
    const from = isAddress ? urlToHttpOptions(new URL(target)) : target;
    const [more, onResponse] = typeof second === 'function' ? [{}, second] : [second, third];
    return request({ ...from, ...more, signal: call.signal }, (response) => {
      if (hasEnd(response)) onResponse?.(response);
      else call.fail(new Error('an answer whose length is not told'));
    });
  };
}

function hasEnd({ statusCode, headers }: IncomingMessage): boolean {
  const isTold = headers['content-length'] ?? headers['transfer-encoding'];
  return statusCode === 204 || isTold !== undefined;
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'NoSuchKey';
}
