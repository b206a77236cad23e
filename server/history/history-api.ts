/**
 * Playback over HTTP: the paths below /v1/ that answer what a document was. What they take and give
 * is told by history-schemas.ts, and served as /v1/openapi.json.
 */
import type { RequestListener } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, Next } from 'hono';
import { accepts } from 'hono/accepts';
import { cors } from 'hono/cors';
import type { ProblemCode } from '../../proto/codes.ts';
import type { PrincipalOf } from '../auth/request-auth.ts';
import type { Log } from '../log.ts';
import type { LogReader } from '../postgres/log-reader.ts';
import { problemBody, problemStatus, problemType } from '../problem.ts';
import { traceIdOf } from '../trace.ts';
import { packageVersion } from '../version.ts';
import { AnswerCache } from './answer-cache.ts';
import {
  cacheHeaders,
  encodingFor,
  etagOf,
  factHeaders,
  matchOf,
  tagOf,
} from './answer-headers.ts';
import type { PastMoment } from './asked-moment.ts';
import type { ChangesJob, ChangesPiece } from './changes-job.ts';
import { changesStream } from './changes-stream.ts';
import { readCursor } from './groups-job.ts';
import type { AnswerOf, HistoryAnswer, HistoryJob } from './history-job.ts';
import { HistoryRefusal } from './history-refusal.ts';
import {
  anyMoment,
  documentOf,
  locate,
  momentOfText,
  parametersOf,
  type VersionLookup,
} from './history-request.ts';
import { routes } from './history-schemas.ts';
import type { HistoryThread } from './history-thread.ts';
import { askInTime } from './thread-question.ts';

/** A reader who takes nothing for so long is cut off; longer than a question may take. */
const readerSilenceMs = 60_000;

export interface HistoryApiParts {
  readonly thread: Pick<HistoryThread, 'ask'>;
  /** Checks who asks. */
  readonly principalOf: PrincipalOf;
  /** For the looks at the log before a known answer is used. */
  readonly reader: Pick<LogReader, 'look'>;
  readonly versionOf: VersionLookup;
  /** Pages of these may ask from a browser; `*` = any. */
  readonly allowedOrigins: readonly string[];
  readonly cacheBytesMax: number;
  /** Answers that are being made or read at a time: each may hold a whole text in memory. */
  readonly openMax: number;
  /** A question that takes longer, waiting included, is given up. */
  readonly limitMs: number;
  readonly log: Log;
  /** A question was answered or refused. */
  readonly onAnswer: (seconds: number) => void;
  readonly onOverloaded: () => void;
}

type Env = { readonly Bindings: HttpBindings };

/** What one request asks, besides how it wants the answer. */
interface Question {
  readonly document: string;
  readonly job: HistoryJob;
  /** As they are resolved in the answer. */
  readonly moments: readonly PastMoment[];
  readonly type: 'application/json' | 'text/plain';
}

export class HistoryApi {
  readonly app = new OpenAPIHono<Env>();
  readonly #parts: HistoryApiParts;
  readonly #cache: AnswerCache;
  #open = 0;

  constructor(parts: HistoryApiParts) {
    this.#parts = parts;
    this.#cache = new AnswerCache({ log: parts.reader, bytesMax: parts.cacheBytesMax });
    const { app } = this;
    app.use(corsFor(parts.allowedOrigins));
    app.use((c, next) => this.#limitOpen(c, next));
    app.onError((error, c) => this.#problemOf(error, c));
    app.notFound((c) => refuse('unknown-path', `nothing is at ${c.req.path}`));
    for (const route of Object.values(routes)) app.openAPIRegistry.registerPath(route);
    app.get(routes.text.getRoutingPath(), (c) => this.#text(c));
    app.get(routes.authors.getRoutingPath(), (c) => this.#authors(c));
    app.get(routes.diff.getRoutingPath(), (c) => this.#diff(c));
    app.get(routes.history.getRoutingPath(), (c) => this.#history(c));
    app.get(routes.changes.getRoutingPath(), (c) => this.#changes(c));
    app.openAPIRegistry.registerComponent('securitySchemes', 'token', tokenScheme);
    app.doc31('/v1/openapi.json', {
      openapi: '3.1.0',
      info: {
        title: 'sync-vector-engine',
        version: packageVersion(),
        description:
          'The past of a document; edits, named versions and whole histories for programs',
      },
      security: [{ token: [] }],
    });
  }

  /** For node's HTTP server. Every path must have been added by now. */
  listener(): RequestListener {
    refuseOtherMethods(this.app);
    return getRequestListener(this.app.fetch, { overrideGlobalObjects: false });
  }

  async #limitOpen({ env: { outgoing } }: Context<Env>, next: Next): Promise<void> {
    if (this.#open >= this.#parts.openMax) {
      const detail = `${this.#open} answers are being made or read already; ask again later`;
      throw new HistoryRefusal('overloaded', detail);
    }
    this.#open++;
    outgoing.once('close', () => {
      this.#open--;
    });
    outgoing.setTimeout(readerSilenceMs, () => outgoing.destroy());
    await next();
  }

  async #text(c: Context<Env>): Promise<Response> {
    const document = documentOf(c);
    const asked = momentOfText(parametersOf(c, routes.text.request.query));
    await this.#parts.principalOf(c, document, asked.type === 'now' ? 'read' : 'history');
    const moment = await locate(document, asked, this.#parts.versionOf);
    const supports = ['application/json', 'text/plain'];
    const type = accepts(c, { header: 'Accept', supports, default: 'application/json' });
    const format = type === 'text/plain' ? 'plain' : 'json';
    const job = { type: 'text', document, moment, format } as const;
    return await this.#whole(c, {
      ...{ document, job, moments: [moment] },
      type: format === 'plain' ? 'text/plain' : 'application/json',
    });
  }

  async #authors(c: Context<Env>): Promise<Response> {
    const document = documentOf(c);
    const query = parametersOf(c, routes.authors.request.query);
    const asked = anyMoment('moment', query.moment);
    await this.#parts.principalOf(c, document, asked.type === 'now' ? 'read' : 'history');
    const moment = await locate(document, asked, this.#parts.versionOf);
    const job = { type: 'authors', document, moment } as const;
    return await this.#whole(c, { document, job, moments: [moment], type: 'application/json' });
  }

  async #diff(c: Context<Env>): Promise<Response> {
    const document = documentOf(c);
    const query = parametersOf(c, routes.diff.request.query);
    await this.#parts.principalOf(c, document, 'history');
    const from = await this.#moment(document, 'from', query.from);
    const to = await this.#moment(document, 'to', query.to);
    const job = { type: 'diff', document, from, to } as const;
    return await this.#whole(c, { document, job, moments: [from, to], type: 'application/json' });
  }

  async #history(c: Context<Env>): Promise<Response> {
    const document = documentOf(c);
    const query = parametersOf(c, routes.history.request.query);
    await this.#parts.principalOf(c, document, 'history');
    const cursor = query.cursor === undefined ? null : readCursor(query.cursor);
    if (query.cursor !== undefined && cursor === null) {
      throw new HistoryRefusal('bad-request', 'cursor takes what `next` of an answer said');
    }
    const start = await this.#moment(document, 'from', query.from);
    const from: PastMoment = cursor === null ? start : { type: 'lsn', lsn: cursor.lsn };
    const to = await this.#moment(document, 'to', query.to);
    const job: HistoryJob = {
      ...{ type: 'groups', document, from, to, epoch: cursor?.epoch ?? null },
      groupsMax: integerOf('limit', query.limit, 1000),
      author: {
        principal: query.author,
        replica:
          query.replica === undefined
            ? undefined
            : integerOf('replica', query.replica, Number.MAX_SAFE_INTEGER),
      },
    };
    return await this.#whole(c, { document, job, moments: [from, to], type: 'application/json' });
  }

  async #changes(c: Context<Env>): Promise<Response> {
    const document = documentOf(c);
    const query = parametersOf(c, routes.changes.request.query);
    await this.#parts.principalOf(c, document, 'history');
    const from = await this.#moment(document, 'from', query.from);
    const to = await this.#moment(document, 'to', query.to);
    const job: ChangesJob = { type: 'changes', document, from, to, epoch: null };
    const gone = new AbortController();
    const ask = (next: ChangesJob): Promise<ChangesPiece> =>
      this.#ask('piece', next, AbortSignal.any([gone.signal, c.req.raw.signal]));
    const first = await ask(job);
    const body = changesStream({
      first,
      next: ask,
      brokenLine: (error) => {
        if (gone.signal.aborted || c.req.raw.signal.aborted) return null;
        const { code, message } = this.#refusalOf(error, c);
        return `${JSON.stringify({ type: 'problem', code, detail: message })}\n`;
      },
      onCancel: () => gone.abort(),
    });
    return new Response(body, {
      headers: { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' },
    });
  }

  async #moment(document: string, name: string, text: string): Promise<PastMoment> {
    return await locate(document, anyMoment(name, text), this.#parts.versionOf);
  }

  /** The answer to the question, or that the client has it already. */
  async #whole(c: Context<Env>, question: Question): Promise<Response> {
    const { document, job, moments, type } = question;
    const key = JSON.stringify(job);
    let known = await this.#cache.find(document, key, moments);
    if (known === null) {
      const answer = await this.#ask('whole', job, c.req.raw.signal);
      known = this.#cache.add(key, answer);
    }
    const { resolved, hash, body } = known.answer;
    const tag = tagOf(resolved, type === 'text/plain' ? 'plain' : 'json');
    const match = matchOf(c.req.header('If-None-Match'), tag);
    const headers = cacheHeaders(resolved);
    if (match !== null) {
      return new Response(null, { status: 304, headers: { ...headers, ETag: match } });
    }
    const encoding = encodingFor(c.req.header('Accept-Encoding'), body.length);
    const packed = await this.#cache.bodyOf(key, known, encoding);
    const last = resolved.at(-1);
    return new Response(new Uint8Array(packed), {
      headers: {
        ...headers,
        ...(last === undefined ? {} : factHeaders(last, hash)),
        ...(encoding === 'identity' ? {} : { 'Content-Encoding': encoding }),
        'Content-Type': `${type}; charset=utf-8`,
        'Content-Length': String(packed.length),
        ETag: etagOf(tag, encoding),
      },
    });
  }

  async #ask<Type extends HistoryAnswer['type']>(
    type: Type,
    job: HistoryJob,
    signal: AbortSignal,
  ): Promise<AnswerOf<Type>> {
    const beganMs = performance.now();
    const { thread, limitMs } = this.#parts;
    try {
      return await askInTime({ thread, limitMs, signal }, type, job);
    } finally {
      this.#parts.onAnswer((performance.now() - beganMs) / 1000);
    }
  }

  #problemOf(error: unknown, c: Context<Env>): Response {
    const { code, message } = this.#refusalOf(error, c);
    return refuse(code, message);
  }

  #refusalOf(error: unknown, c: Context<Env>): HistoryRefusal {
    if (error instanceof HistoryRefusal) {
      if (error.code === 'overloaded') this.#parts.onOverloaded();
      return error;
    }
    if (c.req.raw.signal.aborted) return new HistoryRefusal('unavailable', 'the client is gone');
    const trace = traceIdOf(c.req.header('traceparent'));
    this.#parts.log.error({ event: 'history-failed', err: error, path: c.req.path, trace });
    return new HistoryRefusal('internal', 'the server failed; its log has more');
  }
}

/** Where nobody is checked it may be left out. */
const tokenScheme = {
  type: 'http',
  scheme: 'bearer',
  description: 'A token as docs/auth.md tells; not needed where nobody is checked',
} as const;

function corsFor(allowedOrigins: readonly string[]) {
  const isAny = allowedOrigins.includes('*');
  return cors({
    origin: isAny ? '*' : (origin) => (allowedOrigins.includes(origin) ? origin : null),
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    allowHeaders: [
      ...['Authorization', 'Content-Type', 'If-None-Match', 'Idempotency-Key', 'traceparent'],
    ],
    exposeHeaders: [
      ...['ETag', 'Retry-After', 'SVE-Epoch', 'SVE-Lsn', 'SVE-At', 'SVE-Time', 'SVE-Closed'],
      'SVE-Hash',
    ],
    maxAge: 600,
  });
}

/** On every path that answers to something, the rest is 405. */
function refuseOtherMethods(app: OpenAPIHono<Env>): void {
  const methods = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    if (method === 'ALL') continue;
    const known = methods.get(path) ?? new Set(['OPTIONS']);
    known.add(method);
    if (method === 'GET') known.add('HEAD');
    methods.set(path, known);
  }
  for (const [path, known] of methods) {
    app.all(path, (c) => {
      const detail = `${c.req.method} is not answered here`;
      return refuse('wrong-method', detail, { Allow: [...known].join(', ') });
    });
  }
}

function refuse(code: ProblemCode, detail: string, headers: Record<string, string> = {}): Response {
  const status = problemStatus(code);
  return new Response(problemBody(code, detail), {
    status,
    headers: {
      ...headers,
      'Content-Type': problemType,
      'Cache-Control': 'no-store',
      ...(status === 503 ? { 'Retry-After': '1' } : {}),
      ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    },
  });
}

function integerOf(name: string, text: string, max: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new HistoryRefusal('bad-request', `${name} takes an integer 1 … ${max}`);
}
