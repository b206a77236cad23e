/**
 * Named versions over HTTP. What the paths take and give is told by version-schemas.ts, what a name
 * stands for by versions.ts.
 */
import type { Context } from 'hono';
import type { z } from 'zod';
import type { PrincipalOf } from '../auth/request-auth.ts';
import type { NamedVersion } from '../postgres/version-statements.ts';
import type { PastMoment } from './asked-moment.ts';
import type { HistoryApi } from './history-api.ts';
import { HistoryRefusal } from './history-refusal.ts';
import { documentOf, locate, momentOfText, parametersOf } from './history-request.ts';
import type { HistoryThread } from './history-thread.ts';
import { bodyAtMost, bodyOf } from './request-body.ts';
import { timeOf } from './resolved-moment.ts';
import { askInTime } from './thread-question.ts';
import { versionBody, versionName, versionRoutes } from './version-schemas.ts';
import type { Versions } from './versions.ts';

const bodyBytesMax = 16 * 1024;
const pageMax = 1_000;

const noStore = { 'Cache-Control': 'no-store' };

export interface VersionApiParts {
  readonly thread: Pick<HistoryThread, 'ask'>;
  readonly versions: Versions;
  readonly principalOf: PrincipalOf;
  /** Time that the thread may take to find a moment. */
  readonly limitMs: number;
}

/** To be called before `api.listener()`. */
export function addVersionRoutes({ app }: HistoryApi, parts: VersionApiParts): void {
  for (const route of Object.values(versionRoutes)) app.openAPIRegistry.registerPath(route);
  const { list, find, put, remove } = versionRoutes;
  app.get(list.getRoutingPath(), (c) => listed(parts, c));
  app.get(find.getRoutingPath(), (c) => found(parts, c));
  app.put(put.getRoutingPath(), bodyAtMost(bodyBytesMax), (c) => named(parts, c));
  app.delete(remove.getRoutingPath(), (c) => removed(parts, c));
}

async function listed({ versions, principalOf }: VersionApiParts, c: Context): Promise<Response> {
  const document = documentOf(c);
  await principalOf(c, document, 'history');
  const { after, limit } = parametersOf(c, versionRoutes.list.request.query);
  if (after !== '' && !versionName.safeParse(after).success) {
    throw new HistoryRefusal('bad-request', 'after takes what `next` of an answer said');
  }
  const max = /^\d{1,4}$/.test(limit) ? Number(limit) : 0;
  if (max < 1 || max > pageMax) {
    throw new HistoryRefusal('bad-request', `limit takes an integer 1 … ${pageMax}`);
  }
  const page = await versions.list(document, after, max);
  const next = page.length < max ? null : (page.at(-1)?.name ?? null);
  return c.json({ document, versions: page.map(toldOf), next }, 200, noStore);
}

async function found({ versions, principalOf }: VersionApiParts, c: Context): Promise<Response> {
  const document = documentOf(c);
  await principalOf(c, document, 'history');
  const name = nameOf(c);
  const version = await versions.find(document, name);
  if (version === null) throw unknownVersion(document, name);
  return c.json(toldOf(version), 200, noStore);
}

async function named(parts: VersionApiParts, c: Context): Promise<Response> {
  const document = documentOf(c);
  const name = nameOf(c);
  const createdBy = await parts.principalOf(c, document, 'write', 'history');
  const moment = await momentOf(parts, c, document);
  const asking = { ...parts, signal: c.req.raw.signal };
  const job = { type: 'place', document, moment } as const;
  const { lsn, at } = (await askInTime(asking, 'place', job)).place;
  if (lsn === 0) {
    throw new HistoryRefusal('bad-moment', `nothing had been written to ${document} by then`);
  }
  const { version, isNew } = await parts.versions.put(document, { name, lsn, at, createdBy });
  return c.json(toldOf(version), isNew ? 201 : 200, noStore);
}

async function removed(parts: VersionApiParts, c: Context): Promise<Response> {
  const document = documentOf(c);
  const name = nameOf(c);
  await parts.principalOf(c, document, 'write', 'history');
  if (!(await parts.versions.remove(document, name))) throw unknownVersion(document, name);
  return c.body(null, 204, noStore);
}

/** The moment of the body; without one, the present. */
async function momentOf(
  { versions }: VersionApiParts,
  c: Context,
  document: string,
): Promise<PastMoment> {
  const isEmpty = c.req.header('Content-Type') === undefined && (await c.req.text()) === '';
  const { lsn, at } = isEmpty ? {} : await bodyOf(c, versionBody);
  const asked = momentOfText({
    lsn: lsn === undefined ? undefined : String(lsn),
    at: at === undefined ? undefined : String(at),
  });
  return await locate(document, asked, (id, name) => versions.lsnOf(id, name));
}

function nameOf(c: Context): string {
  const parsed = versionName.safeParse(c.req.param('name'));
  if (parsed.success) return parsed.data;
  throw new HistoryRefusal('bad-request', 'the name of a version is 1 … 100 printable characters');
}

type Told = z.input<
  (typeof versionRoutes.find.responses)[200]['content']['application/json']['schema']
>;

function toldOf({ name, lsn, at, createdAt, createdBy, isOfThisLog }: NamedVersion): Told {
  return { name, lsn, at, time: timeOf({ lsn, at }), createdAt, createdBy, present: isOfThisLog };
}

function unknownVersion(document: string, name: string): HistoryRefusal {
  return new HistoryRefusal(
    'unknown-version',
    `${document} has no version ${JSON.stringify(name)}`,
  );
}
