/**
 * ShareDB as its guide sets it up: a WebSocket server, the stream of
 * @teamwork/websocket-json-stream and text of ot-text-unicode. With `DATABASE_URL` it keeps edits
 * in PostgreSQL (sharedb-postgres), without it in memory. `PORT` says where.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import WebSocketJSONStream from '@teamwork/websocket-json-stream';
import { type as textType } from 'ot-text-unicode';
import pg from 'pg';
import ShareDB from 'sharedb';
import PostgresDB from 'sharedb-postgres';
import { WebSocketServer } from 'ws';

ShareDB.types.register(textType);
const connectionString = process.env.DATABASE_URL;
const backend =
  connectionString === undefined
    ? new ShareDB()
    : new ShareDB({ db: await onPostgres(connectionString) });

const server = createServer();
const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket) => {
  backend.listen(new WebSocketJSONStream(socket));
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  console.log(`listens on ${process.env.PORT}`);
});

/** Its tables are made by its own script, which may run again. */
async function onPostgres(url: string): Promise<InstanceType<typeof PostgresDB>> {
  const pool = new pg.Pool({ connectionString: url });
  const tables = await pool.query(`SELECT to_regclass('snapshots') AS found`);
  if (tables.rows[0]?.found === null) {
    const script = createRequire(import.meta.url).resolve('sharedb-postgres/structure.sql');
    await pool.query(await readFile(script, 'utf8'));
  }
  await pool.end();
  return new PostgresDB({ connectionString: url });
}
