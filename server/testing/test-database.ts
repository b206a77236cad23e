/**
 * A fresh database for a test file on the server that the run shares (global-setup.ts).
 *
 * Where the role may not create databases (a DATABASE_URL of somebody else's), a fresh schema in
 * the given database takes its place: the search path in the address keeps the tables apart.
 */
import { randomBytes } from 'node:crypto';
import { Client, DatabaseError } from 'pg';
import { migrate } from '../postgres/migrate.ts';

export interface TestDatabase {
  readonly url: string;
  /** Disconnects whoever is left and removes it. */
  drop(): Promise<void>;
}

/** Creates a database on the server at `serverUrl` and, unless told otherwise, the schema in it. */
export async function createTestDatabase(
  serverUrl: string,
  { migrated = true }: { readonly migrated?: boolean } = {},
): Promise<TestDatabase> {
  const name = `sve_test_${randomBytes(6).toString('hex')}`;
  const url = new URL(serverUrl);
  let drop = `DROP DATABASE ${name} WITH (FORCE)`;
  try {
    await execute(serverUrl, `CREATE DATABASE ${name}`);
    url.pathname = name;
  } catch (error) {
    // insufficient_privilege
    if (!(error instanceof DatabaseError) || error.code !== '42501') throw error;
    await execute(serverUrl, `CREATE SCHEMA ${name}`);
    drop = `DROP SCHEMA ${name} CASCADE`;
    url.searchParams.set('options', `-c search_path=${name}`);
  }
  if (migrated) await migrate(url.href);
  return { url: url.href, drop: () => execute(serverUrl, drop) };
}

/** Runs statements on a connection of their own. */
export async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  // What a query hears is enough.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
