/**
 * Goal: what is done over HTTP is seen at once by whoever has the document open: an edit, from
 * which what they type goes on, and a deletion, after which nothing brings the document back.
 * Method: a gateway with its real ports, which is told as a node does it, and which never asks the
 * log by itself; real clients over a WebSocket.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect } from '../../client/connect-node.ts';
import type { SyncError } from '../../client/sync-error.ts';
import type { SyncSession } from '../../client/sync-session.ts';
import { GatewayDriver } from '../../engine/driver/gateway-driver.ts';
import { defaultLimits } from '../../engine/limits.ts';
import { Random } from '../../engine/random.ts';
import { busMessage } from '../../engine/sync/durability.ts';
import { Gateway } from '../../engine/sync/gateway.ts';
import type { ServerEdit } from '../../engine/sync/server-edit.ts';
import { withoutSnapshots } from '../../engine/sync/testing/without-snapshots.ts';
import { encodeBusMessage } from '../../proto/bus-codec.ts';
import { openGate } from '../auth/open-gate.ts';
import { FolderObjects } from '../folder-objects.ts';
import { localBus } from '../local-bus.ts';
import { deleteDocument } from '../postgres/log-maintenance.ts';
import { PostgresLog } from '../postgres/postgres-log.ts';
import { SystemClock } from '../system-clock.ts';
import { defaultConfig } from '../testing/default-config.ts';
import { describeWithPostgres } from '../testing/describe-postgres.ts';
import { readFrom } from '../testing/log-access.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { syncPath, WebSocketTransport } from '../websocket-transport.ts';
import { type EditParts, editDocument } from './edit-document.ts';
import { composeEdit } from './edit-job.ts';
import { exportDocument } from './export-document.ts';
import { FoldCache } from './fold-cache.ts';
import { FoldSource } from './fold-source.ts';
import { importDocument } from './import-document.ts';

const hourMs = 3_600_000;

describeWithPostgres('over HTTP', (serverUrl) => {
  let database: TestDatabase;
  let folder: string;
  let log: PostgresLog;
  let clock: SystemClock;
  let server: Server;
  let driver: GatewayDriver;
  const sessions: SyncSession[] = [];

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    folder = await mkdtemp(join(tmpdir(), 'sve-live-'));
    log = new PostgresLog({ url: database.url });
    clock = new SystemClock();
    const transport = new WebSocketTransport(defaultConfig());
    driver = new GatewayDriver({
      core: new Gateway({
        seed: 1,
        limits: { ...defaultLimits, silenceMs: hourMs },
        isAlone: true,
      }),
      ports: {
        ...{ clock, transport, log, bus: localBus, auth: openGate().port },
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
    await rm(folder, { recursive: true, force: true });
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

  /** Why the session ends. */
  function refusal(session: SyncSession): Promise<SyncError> {
    return new Promise((resolve) => {
      const stop = session.on('error', (error) => {
        stop();
        resolve(error);
      });
    });
  }

  function edit(document: string, key: string, ...edits: readonly ServerEdit[]) {
    const source = new FoldSource({ log, snapshots: null, cache: new FoldCache(1_000_000) });
    const tools = { source, deadline: { hasPassed: false } };
    const parts: EditParts = {
      ...{ log, random: new Random(2), wait: async () => {} },
      compose: async (job) => (await composeEdit(job, tools)).edit,
      announce: (id, row) => driver.busReceived(id, busMessage(row).bytes),
    };
    const wish = { type: 'edits', edits, base: null } as const;
    return editDocument(parts, { document, principal: 'anna', key, wish });
  }

  it('an edit is seen by those who have the document open', async () => {
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

  it('an edit merges with what people type at the same moment', async () => {
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

  it('a deletion is told to all, and text that was not sent comes back to its author', async () => {
    await edit('doomed', '1', { type: 'append', text: 'hello' });
    const [anna, ben] = [open('doomed'), open('doomed')];
    await Promise.all([shows(anna, 'hello'), shows(ben, 'hello')]);
    ben.goOffline();
    ben.insert(5, ' world');
    const told = [refusal(anna), refusal(ben)];
    await deleteDocument('doomed', {
      url: database.url,
      onDeleted: () => driver.busReceived('doomed', encodeBusMessage({ type: 'look' })),
    });
    expect((await told[0])?.code).toBe('document-deleted');
    ben.goOnline();
    const { code, advice } = (await told[1]) ?? {};
    expect([code, advice]).toEqual(['document-deleted', expect.stringContaining('copy')]);
    expect([ben.text, ben.pending]).toEqual(['hello world', 6]);
    // The copy that the advice speaks of; the document itself stays away.
    const copy = open('copy');
    await copy.synced();
    copy.insert(0, ben.text);
    await copy.settled();
    await shows(open('copy'), 'hello world');
    const page = await readFrom(log, 'doomed');
    expect(page).toMatchObject({ head: { state: 'deleted' }, rows: [] });
  });

  it('an import is seen by those who wait for the document', async () => {
    await edit('source', '1', { type: 'append', text: 'from a file' });
    const waiting = open('imported');
    await shows(waiting, '');
    await waiting.synced();
    const objects = await FolderObjects.open(folder);
    const index = { list: async () => null };
    const source = { log, index, objects, versions: async () => [] };
    const file = exportDocument(source, 'source', { now: 0 });
    await importDocument({ url: database.url, objects }, 'imported', file);
    driver.busReceived('imported', encodeBusMessage({ type: 'look' }));
    await shows(waiting, 'from a file');
  });
});
