/**
 * A small server that speaks S3, in this process and in memory: for tests where there is no other
 * (backing-s3.ts), and for tests that need it to misbehave.
 *
 * Buckets are in the path. It makes a bucket and looks for it, puts, gets (whole or a range), looks
 * for, deletes and lists objects, and believes nobody without a good signature (s3-signature.ts).
 * It has no parts of an upload, versions, conditions or rights.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { assert } from '../../engine/assert.ts';
import { errorAnswer, listAnswer, type S3Answer } from './s3-answers.ts';
import { type S3Login, signatureFault } from './s3-signature.ts';

/**
 * - slowDown: 503, nothing was done.
 * - cutBody: half of a body is answered, of XML whole tags only, then the connection ends.
 * - cutUntoldBody: the same, and its length was not told.
 * - stall: no answer, until `release`.
 * - disorder: the keys of a page are not in order.
 * - noToken: a page that is not the last does not say how to go on.
 */
export type S3Misbehaviour =
  | 'slowDown'
  | 'cutBody'
  | 'cutUntoldBody'
  | 'stall'
  | 'disorder'
  | 'noToken';

export interface S3ServerOptions extends S3Login {
  /** That are there from the start. */
  readonly buckets?: readonly string[];
  /** Keys that a page has at most. */
  readonly pageKeysMax?: number;
}

/** Starts on a free port of this machine. */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new S3Server(server, options);
}

export class S3Server {
  readonly url: string;
  readonly #server: Server;
  readonly #options: S3ServerOptions;
  readonly #buckets = new Map<string, Map<string, Uint8Array>>();
  readonly #held: (() => void)[] = [];
  #misbehaviour: S3Misbehaviour | null = null;
  #heldMost = 0;
  #connections = 0;
  #requests = 0;
  #onHeld = (): void => {};

  constructor(server: Server, options: S3ServerOptions) {
    const address = server.address();
    assert(address !== null && typeof address === 'object', 'a TCP address');
    this.url = `http://127.0.0.1:${address.port}`;
    this.#server = server;
    this.#options = options;
    for (const bucket of options.buckets ?? []) this.#buckets.set(bucket, new Map());
    server.on('connection', () => {
      this.#connections += 1;
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.#serve(request, response).catch(() => response.destroy());
    });
  }

  /** Every request from now on meets it; null ends it. */
  misbehave(how: S3Misbehaviour | null): void {
    this.#misbehaviour = how;
  }

  /** Resolves when so many requests at least are stalled. */
  async stalled(count: number): Promise<void> {
    while (this.#held.length < count) {
      await new Promise<void>((resolve) => {
        this.#onHeld = resolve;
      });
    }
  }

  /** Answers what is stalled, and does not misbehave any more. */
  release(): void {
    this.#misbehaviour = null;
    for (const goOn of this.#held.splice(0)) goOn();
  }

  /** Requests that were stalled at one time, at most. */
  get stalledMost(): number {
    return this.#heldMost;
  }

  /** Connections that were made, from the start. */
  get connections(): number {
    return this.#connections;
  }

  /** Requests that have arrived whole, from the start. */
  get requests(): number {
    return this.#requests;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    // Throws when the client goes away in the middle: then nothing is done.
    for await (const chunk of request) chunks.push(chunk);
    this.#requests += 1;
    if (this.#misbehaviour === 'stall') await this.#hold();
    const { method = '', url: target = '', headers } = request;
    const body = Buffer.concat(chunks);
    const fault =
      this.#misbehaviour === 'slowDown'
        ? 'SlowDown'
        : signatureFault({ method, target, headers, body }, this.#options);
    const url = new URL(target, this.url);
    const answer = fault === null ? this.#answer(method, url, request, body) : errorAnswer(fault);
    this.#send(answer, method, response);
  }

  #answer(method: string, url: URL, request: IncomingMessage, body: Uint8Array): S3Answer {
    const [, bucket = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
    const key = rest.join('/');
    const objects = this.#buckets.get(bucket);
    if (key === '' && method === 'PUT') return this.#makeBucket(bucket);
    if (objects === undefined) return errorAnswer('NoSuchBucket');
    if (key === '') return this.#answerForBucket(method, objects, url);
    switch (method) {
      case 'PUT':
        objects.set(key, body);
        return { status: 200, headers: { etag: etagOf(body) } };
      case 'GET':
      case 'HEAD':
        return answerObject(objects.get(key), request.headers.range);
      case 'DELETE':
        objects.delete(key);
        return { status: 204 };
      default:
        return errorAnswer('MethodNotAllowed');
    }
  }

  #makeBucket(bucket: string): S3Answer {
    if (this.#buckets.has(bucket)) return errorAnswer('BucketAlreadyOwnedByYou');
    this.#buckets.set(bucket, new Map());
    return { status: 200 };
  }

  #answerForBucket(method: string, objects: ReadonlyMap<string, Uint8Array>, url: URL): S3Answer {
    if (method === 'HEAD') return { status: 200 };
    if (method !== 'GET') return errorAnswer('MethodNotAllowed');
    // Keys are ASCII: code units are in the order of bytes.
    const keys = [...objects.keys()].toSorted((a, b) => (a < b ? -1 : 1));
    return listAnswer(keys, url.searchParams, {
      pageKeysMax: this.#options.pageKeysMax ?? 1_000,
      isInOrder: this.#misbehaviour !== 'disorder',
      hasToken: this.#misbehaviour !== 'noToken',
    });
  }

  #send(answer: S3Answer, method: string, response: ServerResponse): void {
    const { status, headers = {}, body = '' } = answer;
    const bytes = Buffer.from(body);
    const isUntold = this.#misbehaviour === 'cutUntoldBody';
    // Then only the end of the connection ends the body.
    if (isUntold) response.removeHeader('transfer-encoding');
    const length = isUntold ? { connection: 'close' } : { 'content-length': bytes.length };
    response.writeHead(status, { ...headers, ...length });
    if (method === 'HEAD') response.end();
    else if (!isUntold && this.#misbehaviour !== 'cutBody') response.end(bytes);
    else response.write(firstHalf(bytes), () => response.socket?.end());
  }

  async #hold(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#held.push(resolve);
      this.#heldMost = Math.max(this.#heldMost, this.#held.length);
      this.#onHeld();
    });
  }
}

function answerObject(body: Uint8Array | undefined, range: string | undefined): S3Answer {
  if (body === undefined) return errorAnswer('NoSuchKey');
  const headers = { etag: etagOf(body) };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === undefined) return { status: 200, headers, body };
  const first = Number(from);
  if (first >= body.length) return errorAnswer('InvalidRange');
  const last = Math.min(to === '' ? body.length : Number(to), body.length - 1);
  const place = { 'content-range': `bytes ${first}-${last}/${body.length}` };
  return { status: 206, headers: { ...headers, ...place }, body: body.subarray(first, last + 1) };
}

function firstHalf(bytes: Buffer): Buffer {
  const half = Math.floor(bytes.length / 2);
  return bytes.subarray(0, bytes.lastIndexOf('>', half) + 1 || half);
}

function etagOf(body: Uint8Array): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}
