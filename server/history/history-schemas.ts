/**
 * The interface for the past, as its OpenAPI document tells it: what can be asked and what comes
 * back. Requests are checked with the same objects; that answers fit is checked by the tests.
 */

import { STATUS_CODES } from 'node:http';
import { createRoute, z } from '@hono/zod-openapi';
import { type ProblemCode, problemCodes } from '../../proto/codes.ts';
import { versionNameMax } from './asked-moment.ts';

export const document = z
  .string()
  .regex(/^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,200}$/)
  .openapi({ param: { name: 'id', in: 'path' }, description: 'Name of the document' });

const momentDescription =
  'A moment: `now`, an RFC 3339 time, milliseconds since 1970, `lsn:N` or `version:NAME`';

const moment = z.string().openapi({ description: momentDescription, example: 'lsn:12' });

const lsn = z.int().min(0).openapi({ description: 'Number of a row; 0 = before the first' });
const at = z.int().min(0).openapi({ description: 'Commit time, milliseconds since 1970' });
const time = z.iso.datetime().nullable().openapi({ description: 'The same; null at LSN 0' });
const replica = z.int().min(1).openapi({ description: 'Id of an editing copy' });
const principal = z.string().nullable().openapi({ description: 'Who was authenticated as it' });

/** A time that an author told; null: it told none, as when it was sent at once. */
function typedTime(description: string) {
  return z.iso
    .datetime()
    .nullable()
    .openapi({ description: `${description}; null: not told` });
}

export const place = z.object({ lsn, at, time });

const resolved = place.extend({
  epoch: z.int().min(0).openapi({ description: 'Number of the history' }),
  closed: z.boolean().openapi({ description: 'This answer will never be another one' }),
});

const splice = z
  .object({
    index: z.int().min(0).openapi({ description: 'UTF-16 units before it' }),
    deleted: z.int().min(0).openapi({ description: 'UTF-16 units that go' }),
    inserted: z.string(),
  })
  .openapi('Splice', {
    description: 'A replacement; of several, each counts in what the one before left',
  });

const text = resolved
  .extend({
    document: z.string(),
    hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .openapi({ description: 'SHA-256 of it in UTF-8' }),
    text: z.string(),
  })
  .openapi('Text');

const authors = resolved
  .extend({
    document: z.string(),
    ranges: z.array(
      z.object({
        index: z.int().min(0),
        length: z.int().min(1),
        replica,
        timestamp: z.int().min(1).openapi({ description: 'Of its first unit' }),
        principal,
      }),
    ),
  })
  .openapi('Authors');

const diff = z
  .object({
    document: z.string(),
    from: resolved,
    to: resolved,
    inserted: z.int().min(0),
    deleted: z.int().min(0),
    splices: z.array(splice),
  })
  .openapi('Diff');

const group = z.object({
  replica,
  principal,
  from: place,
  to: place,
  typedFrom: typedTime('The earliest of it was typed then, before `from`, as its author says'),
  rows: z.int().min(1),
  inserted: z.int().min(0),
  deleted: z.int().min(0),
});

const history = z
  .object({
    document: z.string(),
    from: resolved,
    to: resolved,
    groups: z.array(group),
    next: z.string().nullable().openapi({ description: 'Cursor of the next page; null: the end' }),
  })
  .openapi('History');

const edit = z.object({
  replica,
  principal,
  typedAt: typedTime('Typed then, as its author says, and sent later'),
  splices: z.array(splice),
});

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().openapi({ description: 'From the closed list of docs/errors.md' }),
  })
  .openapi('Problem', { description: 'RFC 9457' });

const change = z
  .union([
    resolved.extend({ type: z.literal('start'), document: z.string() }),
    place.extend({ type: z.literal('row'), edits: z.array(edit) }),
    resolved.extend({ type: z.literal('end') }),
    z.object({ type: z.literal('problem'), code: z.string(), detail: z.string() }),
  ])
  .openapi('Change', {
    description: 'One line; the last one is `end`, or `problem` if it was broken off',
  });

const etag = z.string().openapi({ description: 'For If-None-Match' });

const facts = z.object({
  ETag: etag,
  'Cache-Control': z.string(),
  Vary: z.string(),
  'SVE-Epoch': z.string().regex(/^\d+$/),
  'SVE-Lsn': z.string().regex(/^\d+$/),
  'SVE-At': z.string().regex(/^\d+$/),
  'SVE-Closed': z.enum(['true', 'false']),
});

const textFacts = facts.extend({
  'SVE-Hash': z.string().regex(/^[0-9a-f]{64}$/),
});

/** What any path answers to somebody who may not ask. */
const notAllowed: readonly ProblemCode[] = ['unauthorized', 'forbidden', 'auth-unavailable'];

/** One response for each status that these codes have, and those of who may not ask. */
export function problems(...own: readonly ProblemCode[]) {
  const codes = [...own, ...notAllowed];
  const statuses = new Set(codes.map((code) => problemCodes[code].http));
  return Object.fromEntries(
    [...statuses].map((status) => {
      const some = codes.filter((code) => problemCodes[code].http === status);
      const description = `${STATUS_CODES[status]}: ${some.join(', ')}`;
      return [
        status,
        { description, content: { 'application/problem+json': { schema: problem } } },
      ];
    }),
  );
}

const common = problems(
  'bad-request',
  'bad-document',
  'unknown-document',
  'unknown-version',
  'history-changed',
  'document-deleted',
  'history-pruned',
  'bad-moment',
  'internal',
  'overloaded',
  'unavailable',
  'unreadable-log',
);

const notModified = {
  description: 'As the ETag in If-None-Match says',
  headers: z.object({ ETag: etag, 'Cache-Control': z.string(), Vary: z.string() }),
};

function whole(description: string, schema: z.ZodType) {
  const content = { 'application/json': { schema } };
  return { 200: { description, headers: facts, content }, 304: notModified, ...common };
}

/** Routes by what they answer with. */
export const routes = {
  text: createRoute({
    method: 'get',
    path: '/v1/documents/{id}',
    summary: 'The text at a moment',
    description: 'At most one of `at`, `lsn` and `version`; without any, the present text.',
    request: {
      params: z.object({ id: document }),
      query: z.strictObject({
        at: z.string().optional().openapi({
          description: 'RFC 3339, or milliseconds since 1970',
          example: '2026-11-27T10:45:00Z',
        }),
        lsn: z
          .string()
          .optional()
          .openapi({ type: 'integer', minimum: 0, description: 'Number of a row', example: 12 }),
        version: z
          .string()
          .optional()
          .openapi({
            description: `Name of a version, 1 … ${versionNameMax} characters`,
          }),
      }),
    },
    responses: {
      200: {
        description: 'The text, as JSON or plain, whichever is accepted first',
        headers: textFacts,
        content: { 'application/json': { schema: text }, 'text/plain': { schema: z.string() } },
      },
      304: notModified,
      ...common,
    },
  }),
  authors: createRoute({
    method: 'get',
    path: '/v1/documents/{id}/authors',
    summary: 'Who wrote each range of the text at a moment',
    request: {
      params: z.object({ id: document }),
      query: z.strictObject({ moment: moment.default('now') }),
    },
    responses: whole('Ranges from left to right; together they are the text', authors),
  }),
  diff: createRoute({
    method: 'get',
    path: '/v1/documents/{id}/diff',
    summary: 'What makes the text at one moment that of another',
    request: {
      params: z.object({ id: document }),
      query: z.strictObject({ from: moment, to: moment.default('now') }),
    },
    responses: whole('Splices from left to right', diff),
  }),
  history: createRoute({
    method: 'get',
    path: '/v1/documents/{id}/history',
    summary: 'Who wrote when and how much, oldest first',
    request: {
      params: z.object({ id: document }),
      query: z.strictObject({
        from: moment.default('lsn:0'),
        to: moment.default('now'),
        replica: z
          .string()
          .optional()
          .openapi({ type: 'integer', description: 'Of this replica only' }),
        author: z.string().optional().openapi({ description: 'Of this principal only' }),
        limit: z
          .string()
          .default('100')
          .openapi({ type: 'integer', minimum: 1, maximum: 1000, description: 'Groups at most' }),
        cursor: z.string().optional().openapi({ description: '`next` of the page before' }),
      }),
    },
    responses: whole('Groups by author and time', history),
  }),
  changes: createRoute({
    method: 'get',
    path: '/v1/documents/{id}/changes',
    summary: 'Everything that happened from one moment to another, row by row',
    request: {
      params: z.object({ id: document }),
      query: z.strictObject({ from: moment.default('lsn:0'), to: moment.default('now') }),
    },
    responses: {
      200: {
        description: 'A JSON text per line, as fast as they are read',
        content: { 'application/x-ndjson': { schema: change } },
      },
      ...common,
    },
  }),
} as const;
