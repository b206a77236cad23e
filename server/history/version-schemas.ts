/** What the paths of named versions take and give, as the OpenAPI document tells it. */
import { createRoute, z } from '@hono/zod-openapi';
import { versionNameMax } from './asked-moment.ts';
import { document, place, problems } from './history-schemas.ts';

const name = z
  .string()
  .min(1)
  .max(versionNameMax)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u)
  .openapi({
    param: { name: 'name', in: 'path' },
    description: `1 … ${versionNameMax} printable characters; compared as they are`,
  });

const version = place
  .extend({
    name: z.string(),
    createdAt: z.int().min(0).openapi({ description: 'Milliseconds since 1970' }),
    createdBy: z.string().openapi({ description: 'Who was authenticated' }),
    present: z.boolean().openapi({
      description: 'False: a backup was restored that does not have this row',
    }),
  })
  .openapi('Version');

const versions = z
  .object({
    document: z.string(),
    versions: z.array(version),
    next: z.string().nullable().openapi({ description: '`after` of the next page; null: the end' }),
  })
  .openapi('Versions');

const namedPlace = z
  .strictObject({
    lsn: z.int().min(1).optional(),
    at: z
      .union([z.string(), z.int().min(0)])
      .optional()
      .openapi({ description: 'RFC 3339, or milliseconds since 1970' }),
  })
  .openapi('NamedPlace', { description: 'At most one of them; the present text without any' });

const asked = [
  'bad-request',
  'bad-document',
  'unknown-document',
  'document-deleted',
  'internal',
  'overloaded',
  'unavailable',
] as const;

const named = [
  'version-exists',
  'history-changed',
  'history-pruned',
  'too-large',
  'unsupported-type',
  'bad-moment',
  'unreadable-log',
] as const;

const oneName = z.object({ id: document, name });
const content = { 'application/json': { schema: version } };

export const versionName = name;
export const versionBody = namedPlace;

/** Routes by what they do. */
export const versionRoutes = {
  list: createRoute({
    method: 'get',
    path: '/v1/documents/{id}/versions',
    summary: 'Named versions, by name',
    request: {
      params: z.object({ id: document }),
      query: z.strictObject({
        after: z.string().default('').openapi({ description: '`next` of the page before' }),
        limit: z.string().default('100').openapi({ description: 'Versions at most, 1 … 1000' }),
      }),
    },
    responses: {
      200: { description: 'A page', content: { 'application/json': { schema: versions } } },
      ...problems(...asked),
    },
  }),
  find: createRoute({
    method: 'get',
    path: '/v1/documents/{id}/versions/{name}',
    summary: 'One named version',
    request: { params: oneName },
    responses: {
      200: { description: 'The version', content },
      ...problems(...asked, 'unknown-version'),
    },
  }),
  put: createRoute({
    method: 'put',
    path: '/v1/documents/{id}/versions/{name}',
    summary: 'Name a moment',
    description: 'A name stays where it is: for another moment it has to be removed first.',
    request: {
      params: oneName,
      body: { required: false, content: { 'application/json': { schema: namedPlace } } },
    },
    responses: {
      200: { description: 'It had this name already', content },
      201: { description: 'Named', content },
      ...problems(...asked, ...named),
    },
  }),
  remove: createRoute({
    method: 'delete',
    path: '/v1/documents/{id}/versions/{name}',
    summary: 'Take a name away; the moment stays in the history',
    request: { params: oneName },
    responses: { 204: { description: 'Removed' }, ...problems(...asked, 'unknown-version') },
  }),
} as const;
