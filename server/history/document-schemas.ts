/** What the paths of whole documents take and give, as the OpenAPI document tells it. */
import { createRoute, z } from '@hono/zod-openapi';
import { document, problems } from './history-schemas.ts';

/** Of a whole history in one file (proto/export-format.ts). */
export const historyType = 'application/vnd.sync-vector-engine.history';

const file = {
  [historyType]: {
    schema: z.string().openapi({
      format: 'binary',
      description: 'Every row, the snapshot up to which the log was pruned, and named versions',
    }),
  },
};

const imported = z
  .object({
    document: z.string(),
    epoch: z.int().min(1).openapi({ description: 'Number of the history: a new one' }),
    lsn: z.int().min(0).openapi({ description: 'The last row' }),
    rows: z.int().min(0).openapi({ description: 'Rows in the file' }),
  })
  .openapi('Imported');

const common = ['bad-document', 'document-deleted', 'internal', 'overloaded'] as const;
const params = z.object({ id: document });

/** Routes by what they do. */
export const documentRoutes = {
  export: createRoute({
    method: 'get',
    path: '/v1/documents/{id}/export',
    summary: 'The whole history as one file',
    description:
      'As fast as it is read, up to where the document was when the export began. What breaks off has no end record, and no import takes it.',
    request: { params },
    responses: {
      200: {
        description: 'The file',
        headers: z.object({
          'Content-Disposition': z.string(),
          'Cache-Control': z.literal('no-store'),
        }),
        content: file,
      },
      ...problems(...common, 'unknown-document', 'damaged-history', 'unavailable'),
    },
  }),
  import: createRoute({
    method: 'post',
    path: '/v1/documents/{id}/import',
    summary: 'Make a document from an exported history',
    description:
      'Under a name that was never used. The same text at every moment, the same times, a new epoch; as a whole or not at all.',
    request: { params, body: { required: true, content: file } },
    responses: {
      201: {
        description: 'It is there',
        headers: z.object({ Location: z.string() }),
        content: { 'application/json': { schema: imported } },
      },
      ...problems(
        ...common,
        'document-exists',
        'too-large',
        'unsupported-type',
        'damaged-file',
        'unavailable',
        'outcome-unknown',
      ),
    },
  }),
  delete: createRoute({
    method: 'delete',
    path: '/v1/documents/{id}',
    summary: 'Delete a document for good',
    description:
      'Its log, snapshots and named versions. Whoever has it open is told; its name is not given again. What is deleted already may be deleted again.',
    request: { params },
    responses: {
      204: { description: 'It is gone' },
      ...problems('bad-document', 'unknown-document', 'internal', 'overloaded', 'outcome-unknown'),
    },
  }),
} as const;
