/**
 * Goal: what is typed becomes durable once and for all, whatever is killed meanwhile. Method: the
 * real server process on a PostgreSQL of our own, sessions over WebSockets, SIGKILL. Every unit
 * typed is another character, so that the text tells which is missing or there twice.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeWithBinaries } from '../server/testing/describe-postgres.ts';
import { type OwnPostgres, startOwnPostgres } from '../server/testing/own-postgres.ts';
import { type ServerProcess, startServerProcess } from '../server/testing/server-process.ts';
import { connect } from './connect-node.ts';
import type { AckEvent } from './session-events.ts';
import type { SyncSession } from './sync-session.ts';

/** From the first CJK ideograph on: one UTF-16 unit each. */
const firstCharacter = 0x4e00;

await describeWithBinaries('a session on the real server', () => {
  let dataDir: string;
  let postgres: OwnPostgres;
  let server: ServerProcess;
  const sessions: SyncSession[] = [];
  let typed = '';

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sve-client-'));
    postgres = await startOwnPostgres();
    server = await startServerProcess({ dataDir, databaseUrl: postgres.url });
  });

  afterEach(() => {
    for (const session of sessions.splice(0)) session.close();
    typed = '';
  });

  afterAll(async () => {
    await server?.stop();
    await postgres?.remove();
    await rm(dataDir, { recursive: true });
  });

  function open(documentId: string, name?: string): SyncSession {
    const session = connect({ url: server.url, documentId, name });
    sessions.push(session);
    return session;
  }

  /** Types so many characters that nobody typed before, one by one, all over the text. */
  function type(session: SyncSession, count: number): void {
    for (let i = 0; i < count; i++) {
      const character = String.fromCharCode(firstCharacter + typed.length);
      session.insert((typed.length * 7) % (session.length + 1), character);
      typed += character;
    }
  }

  /** Every session, and one that knows nothing but the log, has what was typed, each once. */
  async function expectAllOnce(documentId: string): Promise<void> {
    await Promise.all(sessions.map((session) => session.settled()));
    const reader = open(documentId);
    await reader.synced();
    expect([...reader.text].sort().join('')).toBe(typed);
    await expect
      .poll(() => sessions.map(({ text }) => text))
      .toEqual(sessions.map(() => reader.text));
  }

  /** Resolves at the first event that fits. */
  async function status(session: SyncSession, wanted: string): Promise<void> {
    if (session.status === wanted) return;
    await new Promise<void>((resolve) => {
      session.on('status', (now) => {
        if (now === wanted) resolve();
      });
    });
  }

  it('shares text, acks and presence with another', async () => {
    const [ann, bob] = [open('shared', 'Ann'), open('shared', 'Bob')];
    await Promise.all([ann.synced(), bob.synced()]);
    const acks: AckEvent[] = [];
    ann.on('ack', (ack) => acks.push(ack));
    type(ann, 30);
    type(bob, 30);
    await expectAllOnce('shared');
    expect(ann.durableAt).toBeGreaterThan(0);
    expect(acks.at(-1)?.latencyMs).toBeGreaterThan(0);
    bob.setPresence({ head: 5 });
    await expect.poll(() => ann.peers.find(({ name }) => name === 'Bob')?.column).toBe(6);
    bob.close();
    await expect.poll(() => ann.peers.filter(({ name }) => name === 'Bob')).toEqual([]);
  });

  it('loses nothing, and is told nothing too early, when PostgreSQL is killed', async () => {
    const writers = [open('database'), open('database'), open('database')];
    await Promise.all(writers.map((session) => session.synced()));
    for (const session of writers) type(session, 40);
    await postgres.kill();
    const early: AckEvent[] = [];
    for (const session of writers) {
      const before = session.versionVector.get(session.replica) ?? 0;
      session.on('ack', (ack) => {
        if (ack.through > before) early.push(ack);
      });
      type(session, 40);
      expect(session.status).toBe('syncing');
    }
    await expect.poll(() => ready(server.url), { timeout: 10_000 }).toBe(false);
    for (const session of writers) {
      type(session, 40);
      expect(session.status).toBe('syncing');
      expect(session.pending).toBeGreaterThanOrEqual(80);
    }
    expect(early).toEqual([]);
    await postgres.restart();
    await expectAllOnce('database');
    expect(early.length).toBeGreaterThan(0);
    await Promise.all(writers.map((session) => status(session, 'durable')));
  });

  it('loses nothing when the server is killed and started again', async () => {
    const writers = [open('server'), open('server')];
    await Promise.all(writers.map((session) => session.synced()));
    for (const session of writers) type(session, 40);
    await server.kill();
    await Promise.all(writers.map((session) => status(session, 'offline')));
    for (const session of writers) {
      type(session, 40);
      expect(session.pending).toBeGreaterThanOrEqual(40);
    }
    await server.start();
    await expectAllOnce('server');
  });
});

async function ready(url: string): Promise<boolean> {
  return (await fetch(new URL('readyz', url))).ok;
}
