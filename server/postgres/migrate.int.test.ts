/**
 * Migrations on a real PostgreSQL. Method: fresh databases, and migrations made up for the test.
 */
import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { type Migration, migrate, NewerSchemaError, readMigrations } from './migrate.ts';

const steps: readonly Migration[] = [
  { version: 1, name: '0001-a.sql', sql: 'CREATE TABLE a (x int); INSERT INTO a VALUES (1)' },
  { version: 2, name: '0002-b.sql', sql: 'ALTER TABLE a ADD COLUMN y int' },
];

describeWithPostgres('migrate', (serverUrl) => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase(serverUrl, { migrated: false });
  });

  afterEach(() => database.drop());

  async function rowsOf(sql: string): Promise<unknown[]> {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  it('brings an empty database to the newest version of this repository', async () => {
    const { length } = await readMigrations();
    expect(await migrate(database.url)).toEqual({ version: length, applied: length });
    expect(await migrate(database.url)).toEqual({ version: length, applied: 0 });
    expect(await rowsOf('SELECT * FROM log_row')).toEqual([]);
  });

  it('applies what is missing only, in order', async () => {
    await migrate(database.url, steps.slice(0, 1));
    expect(await migrate(database.url, steps)).toEqual({ version: 2, applied: 1 });
    expect(await rowsOf('SELECT * FROM a')).toEqual([{ x: 1, y: null }]);
    expect(await rowsOf('SELECT version, name FROM schema_migration ORDER BY version')).toEqual(
      steps.map(({ version, name }) => ({ version, name })),
    );
  });

  it('applies each once when several nodes start together', async () => {
    const results = await Promise.all([1, 2, 3].map(() => migrate(database.url, steps)));
    expect(results.map(({ applied }) => applied).toSorted((a, b) => a - b)).toEqual([0, 0, 2]);
    expect(await rowsOf('SELECT x FROM a')).toEqual([{ x: 1 }]);
  });

  it('leaves a database of a newer version alone and says what to do', async () => {
    await migrate(database.url, steps);
    const older = migrate(database.url, steps.slice(0, 1));
    await expect(older).rejects.toThrow(NewerSchemaError);
    await expect(older).rejects.toThrow('version 2, this server knows versions up to 1');
  });

  it('undoes a migration that fails half-way, and names it', async () => {
    const broken = { version: 2, name: '0002-broken.sql', sql: 'DROP TABLE a; SELECT 1 / 0' };
    const attempt = migrate(database.url, [...steps.slice(0, 1), broken]);
    await expect(attempt).rejects.toThrow('0002-broken.sql failed: error: division by zero');
    expect(await rowsOf('SELECT x FROM a')).toEqual([{ x: 1 }]);
    expect(await migrate(database.url, steps)).toEqual({ version: 2, applied: 1 });
  });
});
