/**
 * @hocuspocus/server as its guide sets it up: the Database extension on PostgreSQL, its own times
 * of storing (2 s after the last edit, at most 10 s after the first). `PORT` and `DATABASE_URL` say
 * where.
 */
import { Database } from '@hocuspocus/extension-database';
import { Server } from '@hocuspocus/server';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
await pool.query(
  'CREATE TABLE IF NOT EXISTS hocuspocus (name text PRIMARY KEY, data bytea NOT NULL)',
);

const server = new Server({
  address: '127.0.0.1',
  port: Number(process.env.PORT),
  quiet: true,
  extensions: [
    new Database({
      fetch: async ({ documentName }) => {
        const found = await pool.query('SELECT data FROM hocuspocus WHERE name = $1', [
          documentName,
        ]);
        return found.rows[0]?.data ?? null;
      },
      store: async ({ documentName, state }) => {
        await pool.query(
          `INSERT INTO hocuspocus (name, data) VALUES ($1, $2)
           ON CONFLICT (name) DO UPDATE SET data = EXCLUDED.data`,
          [documentName, state],
        );
      },
    }),
  ],
});
await server.listen();
console.log(`listens on ${process.env.PORT}`);
