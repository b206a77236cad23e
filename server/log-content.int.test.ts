/**
 * Goal: the log tells which socket a line is about, and never what somebody typed or a token.
 * Method: the real process at its most talkative; words that stand nowhere else go in by every way
 * that there is, also by those that are refused.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { describeWithPostgres } from './testing/describe-postgres.ts';
import { helloFrame, RawClient, typing } from './testing/raw-client.ts';
import { type ServerProcess, startServerProcess } from './testing/server-process.ts';
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts';

const typed = 'quagmirepelican';
const token = 'wobblystapler';
const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

describeWithPostgres('the log of a run', (postgresUrl) => {
  let dataDir: string;
  let database: TestDatabase;
  let server: ServerProcess;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sve-log-'));
    database = await createTestDatabase(postgresUrl);
    const flags = ['--log-level', 'debug'];
    server = await startServerProcess({ dataDir, databaseUrl: database.url, flags });
  });

  afterAll(async () => {
    await server.stop();
    await database.drop();
    await rm(dataDir, { recursive: true });
  });

  async function open(traceparent: string): Promise<RawClient> {
    const socket = new WebSocket(server.syncUrl, { headers: { traceparent } });
    const client = new RawClient(socket);
    await vi.waitFor(() => expect(socket.readyState).toBe(WebSocket.OPEN));
    return client;
  }

  const linesOf = (event: string): Record<string, unknown>[] =>
    server
      .logs()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
      .filter((line) => line.event === event);

  it('finds a socket by the trace id with which it was opened', async () => {
    const client = await open(`00-${trace}-00f067aa0ba902b7-01`);
    client.socket.send('not binary');
    await client.closed;
    await vi.waitFor(() => expect(linesOf('frame-refused')).toMatchObject([{ trace }]));
    const other = await open('nonsense');
    other.send(helloFrame({ document: 'd', channel: 3 }));
    // On a channel without a session: the socket stays.
    other.send(typing(typed));
    await vi.waitFor(() => expect(linesOf('frame-refused')).toHaveLength(2));
    expect(linesOf('frame-refused')[1]?.trace).toMatch(/^(?!4bf9)[0-9a-f]{32}$/);
  });

  it('holds nothing that was typed, and no token', async () => {
    const hello = helloFrame({ document: 'd' });
    if (hello.body.type !== 'hello') throw new Error('a hello');
    const author = await open('');
    author.send({ ...hello, body: { ...hello.body, token } });
    author.send(typing(typed));
    await author.closed;
    // Accepted where nobody checks tokens, refused where somebody does: said once more without.
    const next = await open('');
    next.send(helloFrame({ document: 'd' }));
    await next.next((frame) => frame.welcome !== null);
    next.send(typing(typed));
    await next.next((frame) => frame.ack !== null);
    next.send(Buffer.from(`\xff${typed}${token}`));
    await next.closed;
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const asked = ['v1/documents/d', `v1/nothing`, 'v1/documents/d?lsn=x', 'assets/none'];
    for (const path of asked) await fetch(`${server.url}${path}`, { headers });
    for (const body of [JSON.stringify({ splices: [{ text: typed }] }), `{${typed}`]) {
      await fetch(`${server.url}v1/documents/d/edits`, { method: 'POST', headers, body });
    }
    await server.stop();
    expect(server.logs()).toContain('"event":"frame-refused"');
    expect(server.logs()).not.toContain(typed);
    expect(server.logs()).not.toContain(token);
  });
});
