/**
 * A process that starts PostgreSQL on the folder given and then does nothing: for tests that kill
 * it. Prints its server's process id when PostgreSQL is ready; ends when its standard input does.
 */
import { startEmbeddedPostgres } from '../postgres/embedded-postgres.ts';

const server = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '' });
process.stdout.write(`${server.pids()[0]}\n`);
process.stdin.once('end', () => void server.stop());
process.stdin.resume();
