/**
 * A server that answers about the past, in this process but for the history thread. Every answer is
 * held against the OpenAPI document that it serves itself.
 */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request, type Server } from 'node:http';
import { Readable } from 'node:stream';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { assert } from '../../engine/assert.ts';
import type { BadSnapshot } from '../../engine/driver/snapshot-loader.ts';
import type { PrincipalOf } from '../auth/request-auth.ts';
import { Health } from '../health.ts';
import { HistoryApi } from '../history/history-api.ts';
import type { TimedAnswer, TimedJob } from '../history/history-job.ts';
import type { HistoryThreadData } from '../history/history-jobs.ts';
import type { VersionLookup } from '../history/history-request.ts';
import { HistoryThread } from '../history/history-thread.ts';
import { createHttpServer } from '../http.ts';
import { JobThread } from '../job-thread.ts';
import { createLog } from '../log.ts';
import { Metrics } from '../metrics.ts';
import type { ObjectPlace } from '../object-store.ts';
import { LogReader } from '../postgres/log-reader.ts';
import { ReaderPool } from '../postgres/reader-pool.ts';
import { sampleSources } from './metric-sources.ts';
import { type Answer, OpenApiCheck } from './openapi-check.ts';

export interface HistoryServerOptions {
  readonly databaseUrl: string;
  /** Where snapshots are; absent = there are none. */
  readonly objects?: ObjectPlace;
  readonly waitingMax?: number;
  readonly limitMs?: number;
  readonly openMax?: number;
  readonly allowedOrigins?: readonly string[];
  /** By document and name. */
  readonly versions?: Readonly<Record<string, number>>;
  /** In place of `versions`. */
  readonly versionOf?: VersionLookup;
  /** Absent: nobody is checked. */
  readonly principalOf?: PrincipalOf;
  /** Adds paths. */
  readonly extend?: (api: HistoryApi, thread: HistoryThread) => void;
  /** In place of the thread. */
  readonly run?: (job: TimedJob) => Promise<TimedAnswer>;
}

const nowhere: ObjectPlace = { type: 'folder', root: '/nonexistent' };

/** What a request is, besides its path. */
export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream: as it comes. */
  readonly body?: string | Uint8Array | Readable;
}

export class HistoryServer {
  /** Jobs that the thread was handed. */
  jobs = 0;
  /** Pieces of changes that were asked for. */
  pieces = 0;
  overloaded = 0;
  /** Snapshots that were passed over. */
  readonly bad: BadSnapshot[] = [];
  readonly thread: HistoryThread;
  readonly #server: Server;
  readonly #jobThread: JobThread<TimedJob, TimedAnswer>;
  readonly #pool: ReaderPool;
  #check: OpenApiCheck | null = null;

  /** See `start`. */
  constructor(options: HistoryServerOptions) {
    const {
      databaseUrl,
      objects = nowhere,
      waitingMax = 100,
      limitMs = 30_000,
      versions = {},
    } = options;
    this.#pool = new ReaderPool(databaseUrl);
    this.#jobThread = new JobThread({
      module: new URL('../history/history-jobs', import.meta.url),
      data: { databaseUrl, objects, foldBytesMax: 64 * 1024 * 1024 } satisfies HistoryThreadData,
      jobsMax: 4,
      idleMs: 60_000,
    });
    const run = options.run ?? ((job: TimedJob) => this.#jobThread.run(job));
    const counting = (job: TimedJob): Promise<TimedAnswer> => {
      this.jobs++;
      return run(job);
    };
    this.thread = new HistoryThread({
      ...{ thread: { run: counting }, waitingMax, limitMs },
      onTrouble: ({ bad }) => this.bad.push(...bad),
    });
    const log = createLog('silent');
    const api = new HistoryApi({
      thread: {
        ask: (type, job, signal) => {
          if (job.type === 'changes') this.pieces++;
          return this.thread.ask(type, job, signal);
        },
      },
      principalOf: options.principalOf ?? (async () => 'anonymous'),
      reader: new LogReader(this.#pool),
      versionOf:
        options.versionOf ?? (async (document, name) => versions[`${document}/${name}`] ?? null),
      allowedOrigins: options.allowedOrigins ?? [],
      cacheBytesMax: 16 * 1024 * 1024,
      openMax: options.openMax ?? 100,
      limitMs,
      log,
      onAnswer: () => {},
      onOverloaded: () => {
        this.overloaded++;
      },
    });
    options.extend?.(api, this.thread);
    const page = Promise.reject(new Error('no page'));
    page.catch(() => {});
    this.#server = createHttpServer({
      health: new Health({ port: { ready: async () => true }, durability: null }, 'none'),
      metrics: new Metrics(sampleSources()),
      page,
      log,
      api: api.listener(),
    });
  }

  static async start(options: HistoryServerOptions): Promise<HistoryServer> {
    const server = new HistoryServer(options);
    await server.#listen();
    return server;
  }

  /** A request whose answer nobody has read yet. */
  request(path: string, { method = 'GET', headers = {}, body }: Asked = {}): ClientRequest {
    const address = this.#server.address();
    assert(address !== null && typeof address === 'object', 'a TCP address');
    const asking = request({ port: address.port, path, method, headers, host: '127.0.0.1' });
    return body instanceof Readable ? body.pipe(asking) : asking.end(body);
  }

  /** The answer, unpacked. Throws if it is another one than the OpenAPI document allows. */
  async ask(path: string, asked: Asked = {}): Promise<Answer> {
    const [response] = await once(this.request(path, asked), 'response');
    const answer = await answerOf(response);
    const [plainPath = ''] = path.split('?');
    const { method = 'GET' } = asked;
    const isTold = method === 'GET' || this.#check?.tells(method, plainPath) === true;
    const problems = isTold ? this.#check?.problemsOf(method, plainPath, answer) : [];
    if (problems !== undefined && problems.length > 0 && plainPath !== '/v1/openapi.json') {
      throw new Error(`${path}: ${problems.join('; ')}: ${answer.body}`);
    }
    return answer;
  }

  async #listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#check = new OpenApiCheck(JSON.parse((await this.ask('/v1/openapi.json')).body));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.#jobThread.close();
    await this.#pool.close();
  }
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) headers.set(name, String(value));
  const bytes = unpacked(Buffer.concat(chunks), headers.get('Content-Encoding'));
  return { status: response.statusCode ?? 0, headers, bytes, body: bytes.toString() };
}

function unpacked(bytes: Buffer, encoding: string | null): Buffer {
  if (bytes.length === 0) return bytes;
  if (encoding === 'br') return brotliDecompressSync(bytes);
  return encoding === 'gzip' ? gunzipSync(bytes) : bytes;
}
