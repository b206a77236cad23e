/**
 * Whole documents over HTTP: their history as a file, a document from such a file, and deletion.
 * What the paths take and give is told by document-schemas.ts.
 *
 * Files pass in small pieces, and between two of them those who type have their turn.
 */
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { PrincipalOf } from '../auth/request-auth.ts';
import type { Log } from '../log.ts';
import { deleteWithSnapshots } from '../snapshots/deletion.ts';
import { traceIdOf } from '../trace.ts';
import { documentRoutes, historyType } from './document-schemas.ts';
import { type ExportSource, exportDocument } from './export-document.ts';
import type { HistoryApi } from './history-api.ts';
import { HistoryRefusal } from './history-refusal.ts';
import { documentOf } from './history-request.ts';
import { type ImportTarget, importDocument } from './import-document.ts';
import { findAnyHead } from './log-walk.ts';
import { Places } from './places.ts';
import { requireType } from './request-body.ts';
import { tooLarge, Upload } from './upload.ts';

/**
 * What is imported is folded, in the memory of a node that serves others meanwhile. The command
 * takes larger files, in a process of its own.
 */
const importBytesMaxDefault = 256 * 1024 * 1024;

/** Each may hold a page of rows, and the snapshot of a document that was pruned. */
const exportsMax = 4;
/** One is in memory as a whole, and keeps a name locked. */
const importsMax = 1;
/** Each has a connection to the database of its own. */
const deletionsMax = 2;

/** In an export, between two turns of the others. */
const pageBytesMax = 16_384;

const noStore = { 'Cache-Control': 'no-store' };

export interface DocumentApiParts {
  readonly stores: ExportSource & ImportTarget;
  readonly principalOf: PrincipalOf;
  /** Something other than a row happened to the document: whoever has it open must look. */
  readonly onChanged: (document: string) => void;
  readonly log: Log;
  readonly importBytesMax?: number;
}

type Env = { readonly Bindings: HttpBindings };

/** To be called before `api.listener()`. */
export function addDocumentRoutes({ app }: HistoryApi, parts: DocumentApiParts): void {
  for (const route of Object.values(documentRoutes)) app.openAPIRegistry.registerPath(route);
  const exports = new Places(exportsMax, 'exports');
  const imports = new Places(importsMax, 'imports');
  const deletions = new Places(deletionsMax, 'deletions');
  app.get(documentRoutes.export.getRoutingPath(), (c) => exported(parts, exports, c));
  app.post(documentRoutes.import.getRoutingPath(), (c) => imported(parts, imports, c));
  app.delete(documentRoutes.delete.getRoutingPath(), (c) => deleted(parts, deletions, c));
}

async function exported(
  { stores, principalOf, log }: DocumentApiParts,
  places: Places,
  c: Context<Env>,
): Promise<Response> {
  const document = documentOf(c);
  await principalOf(c, document, 'admin');
  const { outgoing } = c.env;
  // Also where nobody reads the body: to HEAD, or when the client is gone by then.
  outgoing.once('close', places.take());
  const file = exportDocument(stores, document, { now: Date.now(), pageBytesMax });
  const first = await file.next();
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    try {
      if (first.done !== true) yield first.value;
      yield* file;
    } catch (error) {
      const trace = traceIdOf(c.req.header('traceparent'));
      log.warn({ event: 'export-broken', document, err: error, trace });
      outgoing.destroy();
    }
  };
  return new Response(ReadableStream.from(pieces()), {
    headers: {
      ...noStore,
      'Content-Type': historyType,
      'Content-Disposition': `attachment; filename="${document}.svex"`,
      // The status goes out at once: what fails from now on breaks the connection.
      'Transfer-Encoding': 'chunked',
    },
  });
}

async function imported(
  parts: DocumentApiParts,
  places: Places,
  c: Context<Env>,
): Promise<Response> {
  const { stores, principalOf, onChanged, importBytesMax = importBytesMaxDefault } = parts;
  const document = documentOf(c);
  await principalOf(c, document, 'admin');
  requireType(c, historyType);
  const leave = places.take();
  try {
    await refuseTaken(stores, document);
    if (Number(c.req.header('Content-Length')) > importBytesMax) throw tooLarge(importBytesMax);
    const upload = await received(c, importBytesMax);
    try {
      const pieces = whileThere(upload.pieces(), c.req.raw.signal);
      const { epoch, lsn, rows } = await importDocument(stores, document, pieces);
      onChanged(document);
      const Location = `/v1/documents/${document}`;
      return c.json({ document, epoch, lsn, rows }, 201, { ...noStore, Location });
    } finally {
      await upload.close();
    }
  } finally {
    leave();
  }
}

/** Before the file was sent for nothing; the import itself looks again. */
async function refuseTaken({ log }: ExportSource, document: string): Promise<void> {
  const head = await findAnyHead(log, document);
  if (head === null) return;
  if (head.state === 'live') {
    throw new HistoryRefusal('document-exists', `there is a document ${document} already`);
  }
  const detail = `${document} was deleted: its name is not given again`;
  throw new HistoryRefusal('document-deleted', detail);
}

async function received({ env }: Context<Env>, bytesMax: number): Promise<Upload> {
  const { incoming, outgoing } = env;
  try {
    // What is not read to the end is still to be answered.
    return await Upload.receive(incoming.iterator({ destroyOnReturn: false }), bytesMax);
  } catch (error) {
    throw incoming.errored === null ? error : clientGone();
  } finally {
    waitForUs(outgoing);
  }
}

async function* whileThere(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    if (signal.aborted) throw clientGone();
    yield piece;
  }
}

/** Nobody hears it. */
function clientGone(): HistoryRefusal {
  return new HistoryRefusal('unavailable', 'the client is gone');
}

async function deleted(
  { stores, principalOf, onChanged, log }: DocumentApiParts,
  places: Places,
  c: Context<Env>,
): Promise<Response> {
  const document = documentOf(c);
  await principalOf(c, document, 'admin');
  const leave = places.take();
  try {
    waitForUs(c.env.outgoing);
    const { url, objects } = stores;
    const onDeleted = (): void => onChanged(document);
    const { outcome } = await deleteWithSnapshots(document, { url, objects, onDeleted });
    if (outcome === 'deleted') return c.body(null, 204, noStore);
  } catch (error) {
    const trace = traceIdOf(c.req.header('traceparent'));
    log.warn({ event: 'delete-failed', document, err: error, trace });
    throw maybeDeleted(document);
  } finally {
    leave();
  }
  throw new HistoryRefusal('unknown-document', `nothing was ever written to ${document}`);
}

function maybeDeleted(document: string): HistoryRefusal {
  const detail = `${document} may be deleted, or in part: make the request again`;
  return new HistoryRefusal('outcome-unknown', detail);
}

/** The work of a large document: the socket is silent, and nobody's fault. */
function waitForUs(outgoing: HttpBindings['outgoing']): void {
  outgoing.setTimeout(0);
}
