/**
 * Gives documents another epoch: whoever remembers a place in their history, nodes and clients, is
 * told that it is not this one any more (`history-changed`) and loads the document anew.
 *
 * Each batch is a transaction that locks its heads in the order of their names, as every append
 * does: neither can wait for the other in a circle, and what is stopped in the middle has finished
 * some documents and not touched the rest. An append under way with the old epoch is refused by its
 * own statement. Nothing but the epoch changes.
 *
 * Pointers to snapshots follow in a second statement, which sees those that were added while the
 * first one waited: without them nobody could read a document that was pruned.
 */
import type { ClientBase } from 'pg';
import { textArray } from '../postgres/binary-array.ts';
import { carryPointers } from '../postgres/snapshot-statements.ts';

/** Heads that one statement locks: tens of milliseconds, in which appends to them wait. */
const batchDocuments = 1_000;

/**
 * The last 14 hexadecimal digits of a random UUID are 56 random bits; 53 of them are an epoch. Zero
 * is none.
 */
const randomEpoch = `
greatest(1, ('x' || right(replace(gen_random_uuid()::text, '-', ''), 14))::bit(56)::bigint
  & 9007199254740991)`;

/** By an array and not by a join, for which PostgreSQL may read the whole table in each batch. */
const batchText = `
WITH batch AS (
  SELECT document, epoch FROM document_head
  WHERE document > $1 AND ($2::text[] IS NULL OR document = ANY ($2))
  ORDER BY document LIMIT $3 FOR UPDATE
), renewed AS (
  UPDATE document_head SET epoch = ${randomEpoch}
  WHERE document = ANY (ARRAY (SELECT document FROM batch))
)
SELECT document, epoch FROM batch`;

const missingText = `
SELECT document FROM unnest($1::text[]) AS named (document)
WHERE NOT EXISTS (SELECT FROM document_head AS head WHERE head.document = named.document)
ORDER BY document`;

export interface NewEpochs {
  /** Documents that have a new epoch. */
  readonly documents: number;
  /** Transactions that it took. */
  readonly batches: number;
  /** Pointers to snapshots that followed. */
  readonly snapshots: number;
}

/** Every document, or (`only`) those of these names that exist. */
export async function giveNewEpochs(
  client: ClientBase,
  only: readonly string[] | null,
): Promise<NewEpochs> {
  const names = only === null ? null : textArray(only);
  let [documents, batches, snapshots, last] = [0, 0, 0, ''];
  for (;;) {
    const batch = await renewBatch(client, last, names);
    if (batch.documents.length === 0) return { documents, batches, snapshots };
    documents += batch.documents.length;
    batches += 1;
    snapshots += batch.snapshots;
    // Names are ASCII: they compare here as in the database, by their bytes.
    for (const document of batch.documents) if (document > last) last = document;
  }
}

/** The next documents after `last`. What fails is rolled back when the connection ends. */
async function renewBatch(
  client: ClientBase,
  last: string,
  names: Buffer | null,
): Promise<{ readonly documents: readonly string[]; readonly snapshots: number }> {
  await client.query('BEGIN');
  const { rows } = await client.query<[string, string]>({
    text: batchText,
    values: [last, names, batchDocuments],
    rowMode: 'array',
  });
  const was = rows.map(([document, epoch]) => ({ document, epoch: Number(epoch) }));
  const snapshots = await carryPointers(client, was);
  await client.query('COMMIT');
  return { documents: was.map(({ document }) => document), snapshots };
}

/** Which of these have no head. */
export async function missingDocuments(
  client: ClientBase,
  names: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await client.query<[string]>({
    text: missingText,
    values: [textArray(names)],
    rowMode: 'array',
  });
  return rows.map(([document]) => document);
}
