/**
 * Brings a database's schema up to what this version knows.
 *
 * The migrations are `server/schema/NNNN-name.sql`, applied in the order of their numbers, each in
 * a transaction together with its record in `schema_migration`: a crash leaves it applied or not at
 * all. A session advisory lock makes nodes that start together take turns. There is no way back: a
 * database with a migration that is not known here belongs to a newer version and is left alone.
 *
 * Nodes of the version before may run meanwhile. Whoever uses a table waits behind a migration that
 * waits for it, so a migration gives up soon, lets the others through, and tries again.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, DatabaseError } from 'pg';
import { assert } from '../../engine/assert.ts';

/** Any number that no other program uses on the same database. */
const lockKey = 7_335_019_624;
/** For other nodes that migrate. */
const turnWaitMs = 60_000;

/** One numbered step of the schema. */
export interface Migration {
  /** 1, 2, 3, … without holes. */
  readonly version: number;
  /** File name, for messages. */
  readonly name: string;
  readonly sql: string;
}

/** How a migration waits for a table that somebody uses. */
export interface LockPatience {
  readonly lockWaitMs: number;
  /** Between two attempts. */
  readonly pauseMs: number;
  readonly attemptsMax: number;
}

/** Nodes go on after lockWaitMs; a minute in all is more than any statement of a node takes. */
const defaultPatience: LockPatience = { lockWaitMs: 2_000, pauseMs: 1_000, attemptsMax: 20 };

/** The database has migrations that this version does not know; nothing was changed. */
export class NewerSchemaError extends Error {
  constructor(found: number, known: number) {
    super(
      `the database's schema is version ${found}, this server knows versions up to ${known}: ` +
        'run the newer server, or restore a backup from before its upgrade',
    );
    this.name = 'NewerSchemaError';
  }
}

/** The migrations in `folder`, in order. Throws when their numbers leave a hole. */
export async function readMigrations(
  folder = fileURLToPath(new URL('../schema/', import.meta.url)),
): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}-.+\.sql$/.test(name));
  const migrations: Migration[] = [];
  for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
    const version = Number.parseInt(name, 10);
    assert(version === migrations.length + 1, `migration ${migrations.length + 1}, got ${name}`);
    migrations.push({ version, name, sql: await readFile(`${folder}/${name}`, 'utf8') });
  }
  return migrations;
}

/**
 * Applies what is missing to the database at `url` (into the first schema of its search path) and
 * returns the schema's version. Throws NewerSchemaError, or what the database said, with the
 * migration's name.
 */
export async function migrate(
  url: string,
  migrations?: readonly Migration[],
  patience: LockPatience = defaultPatience,
): Promise<{ readonly version: number; readonly applied: number }> {
  const known = migrations ?? (await readMigrations());
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // A connection that breaks between two queries says so here; the next query fails with it.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(`SET lock_timeout = ${turnWaitMs}`);
    await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
    const before = await versionOf(client);
    if (before > known.length) throw new NewerSchemaError(before, known.length);
    await client.query(`SET lock_timeout = ${patience.lockWaitMs}`);
    for (const migration of known.slice(before)) await apply(client, migration, patience);
    return { version: known.length, applied: known.length - before };
  } finally {
    await client.end();
  }
}

/**
 * For a program that works beside nodes and must not change the schema. Rejects unless it is the
 * one that this version knows, with what to do.
 */
export async function checkSchema(url: string): Promise<void> {
  const known = (await readMigrations()).length;
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ exists: boolean }>(
      "SELECT to_regclass('schema_migration') IS NOT NULL AS exists",
    );
    if (rows[0]?.exists !== true) throw new Error('no documents were ever here');
    const version = await latestOf(client);
    if (version > known) throw new NewerSchemaError(version, known);
    if (version === known) return;
    throw new Error(
      `the database's schema is version ${version}, this program needs ${known}: ` +
        'start a server of this version once, which brings it up to date',
    );
  } finally {
    await client.end();
  }
}

async function versionOf(client: Client): Promise<number> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS schema_migration (
       version int PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
  );
  return await latestOf(client);
}

async function latestOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    'SELECT coalesce(max(version), 0) AS version FROM schema_migration',
  );
  return rows[0]?.version ?? 0;
}

async function apply(
  client: Client,
  { version, name, sql }: Migration,
  { pauseMs, attemptsMax }: LockPatience,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query('BEGIN');
      await client.query(sql);
      await client.query('INSERT INTO schema_migration VALUES ($1, $2)', [version, name]);
      await client.query('COMMIT');
      return;
    } catch (error) {
      if (!isLocked(error) || attempt === attemptsMax) {
        // The connection ends with this error, and the transaction with the connection.
        const advice = isLocked(error) ? ': others use the tables; see pg_locks who does' : '';
        throw new Error(`migration ${name} failed: ${String(error)}${advice}`, { cause: error });
      }
      await client.query('ROLLBACK');
      await setTimeoutPromise(pauseMs);
    }
  }
}

/** lock_not_available, deadlock_detected. */
function isLocked(error: unknown): boolean {
  return error instanceof DatabaseError && ['55P03', '40P01'].includes(error.code ?? '');
}
