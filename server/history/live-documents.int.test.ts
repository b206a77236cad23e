/**
 * Goal: an edit over HTTP is seen at once by whoever has the document open, and what they type
 * goes on from it. Method: a gateway with its real ports, to which edits are announced as a node
 * does it, and which never asks the log by itself; a real client over a WebSocket.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect } from '../../client/connect-node.ts';
import type { SyncSession } from '../../client/sync-session.ts';
import { GatewayDriver } from '../../engine/driver/gateway-driver.ts';
import { defaultLimits } from '../../engine/limits.ts';
import { Random } from '../../engine/random.ts';
import { Gateway } from '../../engine/sync/gateway.ts';
import type { ServerEdit } from '../../engine/sync/server-edit.ts';
import { withoutSnapshots } from '../../engine/sync/testing/without-snapshots.ts';
import { openAuth } from '../auth.ts';
import { localBus } from '../local-bus.ts';
import { PostgresLog } from '../postgres/postgres-log.ts';
import { SystemClock } from '../system-clock.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { syncPath, WebSocketTransport } from '../websocket-transport.ts';
import { type EditParts, editDocument } from './edit-document.ts';
import { composeEdit } from './edit-job.ts';
import { FoldCache } from './fold-cache.ts';
import { FoldSource } from './fold-source.ts';

const hourMs = 3_600_000;

describeWithPostgres('an edit over HTTP', (serverUrl) => {
  let database: TestDatabase;
  let log: PostgresLog;
  let clock: SystemClock;
  let server: Server;
  let driver: GatewayDriver;
  const sessions: SyncSession[] = [];

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    log = new PostgresLog({ url: database.url });
    clock = new SystemClock();
    const transport = new WebSocketTransport({ allowedOrigins: [], connectionsMax: 10 });
    driver = new GatewayDriver({
      core: new Gateway({
        seed: 1,
        limits: { ...defaultLimits, silenceMs: hourMs },
        isAlone: true,
      }),
      ports: {
        ...{ clock, transport, log, bus: localBus, auth: openAuth },
        snapshots: withoutSnapshots,
      },
      onLog: () => {},
      onDrained: () => {},
    });
    server = createServer();
    transport.serve(server, driver);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(async () => {
    for (const session of sessions) session.close();
    server?.close();
    clock?.stop();
    await log?.close();
    await database?.drop();
  });

  function open(documentId: string): SyncSession {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP address');
    const session = connect({ url: `ws://127.0.0.1:${address.port}${syncPath}`, documentId });
    sessions.push(session);
    return session;
  }

  /** Resolves when the session shows this text, all of it durable. */
  function shows(session: SyncSession, text: string): Promise<void> {
    return new Promise((resolve) => {
      const stops: (() => void)[] = [];
      const look = (): void => {
        if (session.text !== text || session.pending > 0) return;
        for (const stop of stops) stop();
        resolve();
      };
      stops.push(session.on('change', look), session.on('ack', look), session.on('status', look));
      look();
    });
  }

  function edit(document: string, key: string, ...edits: readonly ServerEdit[]) {
    const source = new FoldSource({ log, snapshots: null, cache: new FoldCache(1_000_000) });
    const tools = { source, deadline: { hasPassed: false } };
    const parts: EditParts = {
      ...{ log, random: new Random(2), wait: async () => {} },
      compose: async (job) => (await composeEdit(job, tools)).edit,
      announce: (id, message) => driver.busReceived(id, message.bytes),
    };
    const wish = { type: 'edits', edits, base: null } as const;
    return editDocument(parts, { document, principal: 'anna', key, wish });
  }

  it('is seen by those who have the document open', async () => {
    await edit('live', '1', { type: 'append', text: 'world' });
    const [anna, ben] = [open('live'), open('live')];
    await Promise.all([shows(anna, 'world'), shows(ben, 'world')]);
    await edit('live', '2', { type: 'insert', index: 0, text: 'hello ' });
    await Promise.all([shows(anna, 'hello world'), shows(ben, 'hello world')]);
    anna.insert(11, '!');
    await Promise.all([shows(anna, 'hello world!'), shows(ben, 'hello world!')]);
    await edit('live', '3', { type: 'delete', index: 0, length: 6 });
    await Promise.all([shows(anna, 'world!'), shows(ben, 'world!')]);
  });

  it('merges with what people type at the same moment', async () => {
    await edit('both', 'start', { type: 'append', text: '[]' });
    const anna = open('both');
    await shows(anna, '[]');
    const asked = Array.from({ length: 20 }, (_, n) => {
      anna.insert(1, 'a');
      return edit('both', `b${n}`, { type: 'append', text: 'b' });
    });
    await Promise.all(asked);
    await shows(anna, `[${'a'.repeat(20)}]${'b'.repeat(20)}`);
    expect(anna.cursor.operations).toBe(42);
  });
});
