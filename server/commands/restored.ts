/**
 * `restored`: what an operator runs after a backup was put back, before the nodes start again.
 * Gives every document, or those named, a new epoch (new-epochs.ts), so that whoever saw the newer
 * state is told for certain.
 *
 * It changes no text, may run beside nodes, and may run again at any time: each run costs every
 * client one load of its document.
 */
import { Client, DatabaseError } from 'pg';
import type { Command, CommandAnswer, CommandRun } from './command.ts';
import { openCommandDatabase } from './command-database.ts';
import { giveNewEpochs, missingDocuments } from './new-epochs.ts';

/** Longer than any append holds a head. */
const lockTimeoutMs = 5_000;

export const restored: Command = {
  name: 'restored',
  positionals: [],
  flags: [
    { name: '--document', value: 'NAME', about: 'Only this one; may be given several times' },
  ],
  about: 'To be run after a backup was restored, before the nodes start again',
  explanation: [
    'To be run after a backup was restored, before the nodes start again: gives every document a new',
    'epoch, so that clients and nodes that saw a newer state load this one, and offer again what they',
    'typed themselves. Changes no text; may run beside nodes, and again.',
  ],
  run,
};

async function run({ config, lists }: CommandRun): Promise<CommandAnswer> {
  const database = await openCommandDatabase(config, (url) => withClient(url, async () => {}));
  try {
    const json = await withClient(database.url, async (client) => {
      const only = lists.get('--document') ?? null;
      if (only !== null) await checkNames(client, only);
      return { database: database.place, ...(await giveNewEpochs(client, only)) };
    });
    return { json, text: report(json) };
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
}): readonly string[] {
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
  ];
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
