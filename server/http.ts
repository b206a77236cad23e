/**
 * What the port answers besides sockets: the page, its files, and how the node is.
 *
 *   /  /d/<document>   the page; which document it shows is in its address
 *   /assets/…          what it loads, for ever
 *   /livez             the process answers
 *   /readyz            whether it should get traffic (health.ts)
 *   /v1/…              the interface for programs (history/history-api.ts)
 *   /metrics           numbers for Prometheus (metrics.ts)
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { isDocumentName } from '../proto/client-frame.ts';
import type { ProblemCode } from '../proto/codes.ts';
import type { Health } from './health.ts';
import { httpOptions } from './http-limits.ts';
import type { HttpServer } from './listen.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Asset, Page } from './page.ts';
import { problemBody, problemStatus, problemType } from './problem.ts';
import type { TlsFiles } from './tls.ts';
import { traceIdOf } from './trace.ts';
import { syncPath } from './websocket-transport.ts';

export interface HttpParts {
  readonly health: Health;
  readonly metrics: Pick<Metrics, 'type' | 'expose'>;
  /** Rejected: the page could not be made, and its addresses say so. */
  readonly page: Promise<Page>;
  readonly log: Log;
  /** Answers below /v1/; absent = nothing is there but the socket. */
  readonly api?: RequestListener;
  /** null or absent: plain HTTP. */
  readonly tls?: TlsFiles | null;
}

/** For every answer: the page takes nothing from elsewhere and is shown nowhere else. */
const securityHeaders = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** A server that does not listen yet. */
export function createHttpServer(parts: HttpParts): HttpServer {
  const listener: RequestListener = (request, response) => {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    if (parts.api !== undefined && isForApi(request)) {
      parts.api(request, response);
      return;
    }
    respond(parts, request, response).catch((error: unknown) => {
      const trace = traceIdOf(request.headers.traceparent);
      // Without what follows the path: somebody may have put a token there.
      const path = request.url?.split('?')[0];
      parts.log.error({ event: 'http-failed', err: error, path, trace });
      if (response.headersSent) response.destroy();
      else sendProblem(response, 'internal', 'the server failed; its log has more');
    });
  };
  return parts.tls?.createServer(listener) ?? createServer(httpOptions, listener);
}

function isForApi({ url = '' }: IncomingMessage): boolean {
  const path = url.split('?')[0] ?? '';
  return path.startsWith('/v1/') && path !== syncPath;
}

async function respond(
  parts: HttpParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '' } = request;
  const path = url.split('?')[0] ?? '';
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return sendProblem(response, 'wrong-method', `${method} is not answered here`);
  }
  if (path === '/livez') return sendJson(response, 200, { status: 'ok' });
  if (path === '/readyz') {
    const readiness = await parts.health.readiness();
    return sendJson(response, readiness.ready ? 200 : 503, readiness);
  }
  if (path === '/metrics') {
    response.setHeader('Cache-Control', 'no-store');
    return send(response, 200, parts.metrics.type, await parts.metrics.expose());
  }
  if (path === syncPath) {
    response.setHeader('Upgrade', 'websocket');
    return sendProblem(response, 'upgrade-required', 'this is a WebSocket: upgrade the connection');
  }
  if (path === '/' || (path.startsWith('/d/') && isDocumentName(path.slice(3)))) {
    const { html } = await parts.page;
    return sendAsset(request, response, html, 'no-cache');
  }
  const asset = path.startsWith('/assets/') ? (await parts.page).assets.get(path) : undefined;
  if (asset === undefined) return sendProblem(response, 'unknown-path', `nothing is at ${path}`);
  sendAsset(request, response, asset, 'public, max-age=31536000, immutable');
}

function sendAsset(
  { headers }: IncomingMessage,
  response: ServerResponse,
  asset: Asset,
  cacheControl: string,
): void {
  response.setHeader('Cache-Control', cacheControl);
  response.setHeader('Vary', 'Accept-Encoding');
  response.setHeader('ETag', asset.etag);
  if (headers['if-none-match']?.includes(asset.etag)) {
    response.writeHead(304).end();
    return;
  }
  const { encoding, body } = asset.encoded(String(headers['accept-encoding'] ?? ''));
  if (encoding !== null) response.setHeader('Content-Encoding', encoding);
  send(response, 200, asset.type, body);
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.setHeader('Cache-Control', 'no-store');
  send(response, status, 'application/json; charset=utf-8', `${JSON.stringify(value)}\n`);
}

function sendProblem(response: ServerResponse, code: ProblemCode, detail: string): void {
  response.setHeader('Cache-Control', 'no-store');
  send(response, problemStatus(code), problemType, problemBody(code, detail));
}

/** Node leaves the body out of an answer to HEAD. */
function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.writeHead(status).end(body);
}
