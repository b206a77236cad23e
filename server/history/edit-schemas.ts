/** What the paths that edit take and give, as the OpenAPI document tells it. */
import { createRoute, z } from '@hono/zod-openapi';
import { splicesMax } from '../../proto/limits.ts';
import { versionNameMax } from './asked-moment.ts';
import { document, place, problems } from './history-schemas.ts';

const index = z.int().min(0).openapi({ description: 'UTF-16 units before it' });
const length = z.int().min(0).openapi({ description: 'UTF-16 units that go' });
const text = z.string().openapi({ description: 'Well-formed: without half of a surrogate pair' });

const edit = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('insert'), index, text }),
    z.strictObject({ type: z.literal('delete'), index, length }),
    z.strictObject({ type: z.literal('replace'), index, length, text }),
    z.strictObject({ type: z.literal('append'), text }),
  ])
  .openapi('Edit', { description: 'Of several, each counts in what the one before left' });

const edits = z
  .strictObject({
    base: z.int().min(0).optional().openapi({
      description:
        'LSN of the text that the positions count in; what was written since stays. Default: the present text',
    }),
    edits: z.array(edit).min(1).max(splicesMax),
  })
  .openapi('Edits');

const restore = z
  .strictObject({
    lsn: z.int().min(0).optional(),
    at: z
      .union([z.string(), z.int().min(0)])
      .optional()
      .openapi({ description: 'RFC 3339, or milliseconds since 1970' }),
    version: z.string().min(1).max(versionNameMax).optional(),
  })
  .openapi('Restore', { description: 'One of them' });

const counts = { inserted: z.int().min(0).nullable(), deleted: z.int().min(0).nullable() };

const edited = place
  .extend({
    document: z.string(),
    epoch: z.int().min(0),
    at: place.shape.at.nullable().openapi({
      description: 'Of the row; null: an operator removed it since',
    }),
    changed: z
      .boolean()
      .openapi({ description: 'False: the text was so already, and no row came' }),
    before: z.int().min(0).openapi({
      description: 'The LSN before; to restore it takes the edit back',
    }),
    replica: z.int().min(1).nullable().openapi({ description: 'Whom the history has for it' }),
    ...counts,
  })
  .openapi('Edited', { description: '`lsn` is the row of the edit, or the last one without it' });

const headers = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/)
    .optional()
    .openapi({
      description:
        'Made at random by the caller, for this request alone. However often the request is made with it, the edit is done once, and the answer is the same. Without a key, a request whose answer was lost cannot be made again safely',
    }),
});

const common = problems(
  'bad-request',
  'bad-document',
  'unknown-document',
  'unknown-version',
  'history-changed',
  'document-deleted',
  'history-pruned',
  'too-large',
  'unsupported-type',
  'bad-moment',
  'bad-range',
  'idempotency-key-reused',
  'internal',
  'overloaded',
  'unavailable',
  'outcome-unknown',
  'unreadable-log',
);

const done = {
  200: { description: 'Done', content: { 'application/json': { schema: edited } } },
  ...common,
};

const params = z.object({ id: document });

function bodyIn<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } };
}

/** Forms of the bodies. */
export const editBodies = { edits, restore } as const;

/** Form of the headers. */
export const editHeaders = headers;

/** Routes by what they do. */
export const editRoutes = {
  edits: createRoute({
    method: 'post',
    path: '/v1/documents/{id}/edits',
    summary: 'Edit the text',
    description:
      'All edits in one row, or none. They merge with what others write, as those of any client do. A document that is not there is created.',
    request: { params, headers, body: bodyIn(edits) },
    responses: done,
  }),
  restore: createRoute({
    method: 'post',
    path: '/v1/documents/{id}/restore',
    summary: 'Make the text what it was at a moment',
    description:
      'As an edit like any other: nothing of the history is lost, what others write meanwhile stays, and to restore `before` of the answer takes it back.',
    request: { params, headers, body: bodyIn(restore) },
    responses: done,
  }),
} as const;
