/**
 * Edits over HTTP: the paths below /v1/ that write text. What they take and give is told by
 * edit-schemas.ts; that an edit is done once by edit-document.ts.
 */
import { randomUUID } from 'node:crypto';
import type { Context } from 'hono';
import type { z } from 'zod';
import type { PrincipalOf } from '../auth/request-auth.ts';
import { type EditOutcome, type EditParts, editDocument } from './edit-document.ts';
import type { EditWish } from './edit-identity.ts';
import { editBodies, editHeaders, editRoutes } from './edit-schemas.ts';
import type { HistoryApi } from './history-api.ts';
import { HistoryRefusal } from './history-refusal.ts';
import { documentOf, locate, momentOfText, type VersionLookup } from './history-request.ts';
import type { HistoryThread } from './history-thread.ts';
import { bodyAtMost, bodyOf } from './request-body.ts';
import { timeOf } from './resolved-moment.ts';
import { askInTime } from './thread-question.ts';

/** Twice what a row may have: text in JSON takes more bytes than in a row. */
const editBytesMax = 2 * 1024 * 1024;
const restoreBytesMax = 16 * 1024;

export interface EditApiParts extends Omit<EditParts, 'compose'> {
  readonly thread: Pick<HistoryThread, 'ask'>;
  readonly versionOf: VersionLookup;
  readonly principalOf: PrincipalOf;
  /** Time that the thread may take for one look at the document. */
  readonly limitMs: number;
}

/** To be called before `api.listener()`. */
export function addEditRoutes({ app }: HistoryApi, parts: EditApiParts): void {
  for (const route of Object.values(editRoutes)) app.openAPIRegistry.registerPath(route);
  app.post(editRoutes.edits.getRoutingPath(), bodyAtMost(editBytesMax), async (c) => {
    const document = documentOf(c);
    const principal = await parts.principalOf(c, document, 'write');
    const { edits, base = null } = await bodyOf(c, editBodies.edits);
    return await answer(parts, c, { document, principal }, { type: 'edits', edits, base });
  });
  app.post(editRoutes.restore.getRoutingPath(), bodyAtMost(restoreBytesMax), async (c) => {
    const document = documentOf(c);
    const principal = await parts.principalOf(c, document, 'write', 'history');
    const wish = await restoreOf(c, document, parts.versionOf);
    return await answer(parts, c, { document, principal }, wish);
  });
}

async function restoreOf(
  c: Context,
  document: string,
  versionOf: VersionLookup,
): Promise<EditWish> {
  const { lsn, at, version } = await bodyOf(c, editBodies.restore);
  const asked = momentOfText({
    lsn: lsn === undefined ? undefined : String(lsn),
    at: at === undefined ? undefined : String(at),
    version,
  });
  const moment = await locate(document, asked, versionOf);
  if (moment.type !== 'now') return { type: 'restore', moment };
  throw new HistoryRefusal('bad-request', 'say which moment: `lsn`, `at` or `version`');
}

async function answer(
  parts: EditApiParts,
  c: Context,
  { document, principal }: { readonly document: string; readonly principal: string },
  wish: EditWish,
): Promise<Response> {
  const { thread, limitMs } = parts;
  const key = keyOf(c);
  const asking = { thread, limitMs, signal: c.req.raw.signal };
  const compose: EditParts['compose'] = async (job) => (await askInTime(asking, 'edit', job)).edit;
  const outcome = await editDocument({ ...parts, compose }, { document, principal, key, wish });
  return c.json(editedOf(document, outcome), 200, { 'Cache-Control': 'no-store' });
}

/** The caller's key, or one that nobody else has. */
function keyOf(c: Context): string {
  const name = 'Idempotency-Key';
  const headers = editHeaders.safeParse({ [name]: c.req.header(name) });
  if (headers.success) return headers.data[name] ?? randomUUID();
  throw new HistoryRefusal('bad-request', `${name} takes 1 … 255 visible characters of ASCII`);
}

type Edited = z.input<
  (typeof editRoutes.edits.responses)[200]['content']['application/json']['schema']
>;

function editedOf(document: string, outcome: EditOutcome): Edited {
  const { epoch, lsn } = outcome;
  if (outcome.type === 'unchanged') {
    const { at } = outcome;
    const none = { changed: false, before: lsn, replica: null, inserted: 0, deleted: 0 };
    return { document, epoch, lsn, at, time: timeOf({ lsn, at }), ...none };
  }
  const { replica, row } = outcome;
  return {
    ...{ document, epoch, lsn, at: row?.at ?? null },
    time: row === null ? null : timeOf({ lsn, at: row.at }),
    ...{ changed: true, before: lsn - 1, replica },
    ...{ inserted: row?.inserted ?? null, deleted: row?.deleted ?? null },
  };
}
