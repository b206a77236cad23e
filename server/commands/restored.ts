/**
 * `restored`: what an operator runs after a backup was put back, before the nodes start again.
 * Gives every document, or those named, a new epoch (new-epochs.ts), so that whoever saw the newer
 * state is told for certain.
 *
 * It changes no text, may run beside nodes, and may run again at any time: each run costs every
 * client one load of its document.
 */
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Client, DatabaseError } from 'pg';
import type { Config } from '../config.ts';
import { openDatabase } from '../database.ts';
import { createLog } from '../log.ts';
import { readArguments } from './arguments.ts';
import { giveNewEpochs, missingDocuments } from './new-epochs.ts';

/** Longer than any append holds a head. */
const lockTimeoutMs = 5_000;

const help = [
  'Usage: sync-vector-engine restored [--document NAME …] [--json] [--database-url … | --data-dir …]',
  '',
  'To be run after a backup was restored, before the nodes start again: gives every document a new',
  'epoch, so that clients and nodes that saw a newer state load this one, and offer again what they',
  'typed themselves. Changes no text; may run beside nodes, and again.',
  '',
  '  --document NAME\n      Only this document; may be given several times.',
  '  --json\n      Prints one JSON object instead of text.',
  '  --database-url, --data-dir\n      Where the documents are, as for the server.',
  '',
].join('\n');

/** Returns what to print. Rejects with what was wrong and what to do. */
export async function restored(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const read = readArguments(args, env, { switches: ['--json'], lists: ['--document'] });
  if (read.type === 'help') return help;
  if (read.type === 'invalid') throw new Error(read.problems.join('\n'));
  const { config, switches, lists } = read;
  await checkDataDir(config);
  const database = await openDatabase(config, createLog('error'), (url) =>
    withClient(url, async () => {}),
  );
  try {
    const done = await withClient(database.url, async (client) => {
      const only = lists.get('--document') ?? null;
      if (only !== null) await checkNames(client, only);
      return { database: database.place, ...(await giveNewEpochs(client, only)) };
    });
    return switches.has('--json') ? `${JSON.stringify(done)}\n` : report(done);
  } finally {
    await database.stop();
  }
}

function report({
  database,
  documents,
  batches,
}: {
  readonly database: string;
  readonly documents: number;
  readonly batches: number;
}): string {
  const next =
    documents === 0
      ? ['There are no documents: is this the database that the backup was restored into?']
      : [
          'Start the nodes, or let them run: they notice by themselves. Clients are told',
          '`history-changed`, load the restored document, and offer again what they typed themselves.',
        ];
  return [
    `database   ${database}`,
    `documents  ${documents} with a new epoch (batches: ${batches})`,
    ...next,
    '',
  ].join('\n');
}

/** A forgotten address must not create an empty database and call that done. */
async function checkDataDir({ databaseUrl, dataDir }: Config): Promise<void> {
  if (databaseUrl !== null) return;
  const folder = join(resolve(dataDir), 'postgres');
  const exists = await access(folder).then(
    () => true,
    () => false,
  );
  if (exists) return;
  throw new Error(
    `there is no database in ${folder}: say where the documents are, ` +
      'with --database-url (DATABASE_URL) or --data-dir (DATA_DIR)',
  );
}

async function checkNames(client: Client, names: readonly string[]): Promise<void> {
  const missing = await missingDocuments(client, names);
  if (missing.length === 0) return;
  throw new Error(
    `not in this database: ${missing.join(', ')}. Nothing was changed. Check the names; ` +
      'a document that is newer than the backup needs no new epoch: leave it out',
  );
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    application_name: 'sync-vector-engine restored',
    connectionTimeoutMillis: lockTimeoutMs,
    lock_timeout: lockTimeoutMs,
    // A process that is stopped in the middle of a batch must not keep its heads for long.
    idle_in_transaction_session_timeout: lockTimeoutMs,
  });
  // A connection that breaks between two statements says so here; the next one fails with it.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw explained(error);
  } finally {
    await client.end();
  }
}

/** What can be expected to go wrong, with what to do; anything else as it is. */
function explained(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  const advice = adviceOf(error.code ?? '');
  return advice === null ? error : new Error(`${error.message}: ${advice}`, { cause: error });
}

function adviceOf(code: string): string | null {
  switch (code) {
    case '42P01': // undefined_table
      return 'no documents were ever here; is this the database that the backup was restored into?';
    case '55P03': // lock_not_available
      return (
        `a document stayed locked for ${lockTimeoutMs / 1000} s. Wait for the restore to end, or ` +
        'find who holds it in pg_stat_activity; then run this again'
      );
    case '25006': // read_only_sql_transaction
      return 'the server still recovers, or is a standby. Promote it, then run this again';
    default:
      return null;
  }
}
