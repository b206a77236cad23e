/**
 * Goal: whatever comes off a socket, the sender alone has to live with it. It is told why by an
 * error frame and a close code that belong together; the process goes on, its memory stays bounded,
 * and other people's documents are not touched.
 *
 * Method: 100,000 frames from a seed, each on a connection of its own with an open session,
 * followed by an empty frame, which no decoder takes: so every connection has to end. 5,000 of them
 * go through sockets to a server process while two honest clients type into another document; the
 * others go to the same core, log and database in this process, without sockets.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect } from '../client/index-node.ts';
import { GatewayDriver } from '../engine/driver/gateway-driver.ts';
import type { TransportPort } from '../engine/driver/ports.ts';
import type { ConnId } from '../engine/ids.ts';
import { defaultLimits } from '../engine/limits.ts';
import { Random } from '../engine/random.ts';
import { Gateway } from '../engine/sync/gateway.ts';
import { withoutSnapshots } from '../engine/sync/testing/without-snapshots.ts';
import { seed } from '../properties/seed.ts';
import { encodeClientFrame } from '../proto/client-frame.ts';
import { errorCodes } from '../proto/codes.ts';
import { clientFrameBytesMax } from '../proto/limits.ts';
import { decodeServerFrame, type ErrorBody } from '../proto/server-frame.ts';
import { openAuth } from './auth.ts';
import { localBus } from './local-bus.ts';
import { PostgresLog } from './postgres/postgres-log.ts';
import { SystemClock } from './system-clock.ts';
import { describeWithPostgres } from './testing/describe-postgres.ts';
import { certain, type HostileFrame, HostileFrames } from './testing/hostile-frames.ts';
import { helloFrame, RawClient } from './testing/raw-client.ts';
import { type ServerProcess, startServerProcess } from './testing/server-process.ts';
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts';

const socketFrames = 5_000;
const socketsAtOnce = 32;
const coreFrames = 95_000;
const coreAtOnce = 500;
const documents = 100;
/** For a machine that has a lot else to do. */
const timeLimitMs = 240_000;
const memoryGrowthMax = 256 * 2 ** 20;
const empty = new Uint8Array(0);

/** What one connection was told. */
interface Told {
  readonly errors: readonly ErrorBody[];
  /** null: still open. */
  readonly close: { readonly code: number; readonly reason: string } | null;
}

/**
 * Throws unless the last error is why the connection closed, and is `expected` if that is given.
 */
function check(kind: string, { errors, close }: Told, expected: string | undefined): void {
  const code = errors.at(-1)?.code;
  const isExplained =
    code !== undefined && close?.code === errorCodes[code].close && close.reason === code;
  if (isExplained && (expected ?? code) === code) return;
  throw new Error(`${kind} (${expected ?? 'any error'}): ${JSON.stringify({ errors, close })}`);
}

describeWithPostgres('hostile frames', (serverUrl) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
  });

  afterAll(() => database.drop());

  it(
    'through sockets harm nobody but their sender',
    async () => {
      const server = await startServerProcess({
        ...{ dataDir: 'unused', databaseUrl: database.url },
        flags: ['--log-level', 'error'],
      });
      try {
        const before = await residentBytes(server.pid);
        const attack = attackThroughSockets(server);
        const typed = await typeMeanwhile(server, attack);
        await attack;
        expect(typed).toBeGreaterThanOrEqual(50);
        expect((await fetch(`${server.url}readyz`)).status).toBe(200);
        expect(await residentBytes(server.pid)).toBeLessThan(before + memoryGrowthMax);
        expect(server.running).toBe(true);
        expect(server.logs()).not.toMatch(/"level":"(error|fatal)"/);
      } finally {
        await server.stop();
      }
    },
    timeLimitMs,
  );

  it(
    'end their connection with a reason, and leave nothing in the core',
    async () => {
      const node = new CoreWithoutSockets(database.url);
      try {
        const frames = new HostileFrames(seed + 1);
        let before = 0;
        for (let done = 0; done < coreFrames; done += coreAtOnce) {
          await node.attack(frames, coreAtOnce);
          if (done === 20 * coreAtOnce) before = process.memoryUsage().rss;
        }
        expect(node.core.stats).toMatchObject({ connections: 0, sessions: 0 });
        expect(process.memoryUsage().rss).toBeLessThan(before + memoryGrowthMax);
      } finally {
        await node.stop();
      }
    },
    timeLimitMs,
  );
});

/** All memory of a process; 0 where the system does not tell. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return 1_024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}

async function attackThroughSockets(server: ServerProcess): Promise<void> {
  const frames = new HostileFrames(seed);
  let left = socketFrames;
  const attacker = async (): Promise<void> => {
    while (left > 0) {
      left--;
      await attackOnce(server, left, frames.next());
    }
  };
  const tooLarge = async (): Promise<void> => {
    for (const size of [clientFrameBytesMax + 1, 3_000_000, 80_000_000]) {
      await attackOnce(server, size, { kind: 'too-large', bytes: new Uint8Array(size) });
    }
  };
  await Promise.all([tooLarge(), ...Array.from({ length: socketsAtOnce }, attacker)]);
}

async function attackOnce(
  server: ServerProcess,
  number: number,
  { kind, bytes }: HostileFrame,
): Promise<void> {
  const client = await RawClient.open(server.syncUrl);
  client.hello({ document: `attacked-${number % documents}` });
  await client.next((frame) => frame.welcome !== null);
  client.send(bytes);
  client.send(empty);
  const close = await client.closed;
  const errors = client.frames.flatMap(({ error }) => error ?? []);
  check(kind, { errors, close }, certain.get(kind));
}

/** Two clients type into a document of their own until `end`; returns how much. */
async function typeMeanwhile(server: ServerProcess, end: Promise<void>): Promise<number> {
  const random = new Random(seed, 'typing');
  let ended = false;
  const over = end.finally(() => {
    ended = true;
  });
  const typists = ['ada', 'bob'].map((name) => {
    return connect({ url: server.syncUrl, documentId: 'calm', name });
  });
  const troubles: string[] = [];
  let typed = 0;
  const type = async (typist: (typeof typists)[number]): Promise<void> => {
    await typist.synced();
    typist.on('status', (status) => {
      if (status !== 'syncing' && status !== 'durable') troubles.push(status);
    });
    typist.on('rescued', ({ code }) => troubles.push(code));
    while (!ended) {
      const { length } = typist;
      if (length > 200) typist.delete(random.below(length - 20), 20);
      else typist.insert(random.between(0, length), String(typed));
      typed++;
      await typist.settled();
    }
  };
  try {
    await Promise.all([over, ...typists.map(type)]);
    await Promise.all(typists.map((typist) => typist.synced()));
    const fresh = connect({ url: server.syncUrl, documentId: 'calm' });
    typists.push(fresh);
    await fresh.synced();
    expect(new Set(typists.map(({ text }) => text)).size).toBe(1);
    expect(troubles).toEqual([]);
    return typed;
  } finally {
    for (const typist of typists) typist.close();
  }
}

/** A node as node.ts makes it, with a transport that notes what is sent. */
class CoreWithoutSockets implements TransportPort {
  readonly core = new Gateway({
    seed,
    limits: { ...defaultLimits, roomIdleMs: 500 },
    isAlone: true,
  });
  readonly #log: PostgresLog;
  readonly #clock = new SystemClock();
  readonly #driver: GatewayDriver;
  readonly #errors = new Map<ConnId, ErrorBody[]>();
  readonly #closes = new Map<ConnId, Told['close']>();
  #last = 0;
  /** Connections whose welcome has not come yet. */
  #unwelcomed = 0;
  #allWelcomed: () => void = () => {};

  constructor(databaseUrl: string) {
    this.#log = new PostgresLog({ url: databaseUrl });
    this.#driver = new GatewayDriver({
      core: this.core,
      ports: {
        ...{ clock: this.#clock, transport: this, log: this.#log, bus: localBus, auth: openAuth },
        snapshots: withoutSnapshots,
      },
      onLog: () => {},
      onDrained: () => {},
    });
  }

  send(conns: readonly ConnId[], bytes: Uint8Array): void {
    const { error, welcome, channel } = decodeServerFrame(bytes);
    for (const conn of conns) {
      if (error !== null) this.#errors.get(conn)?.push(error);
    }
    if (welcome === null || channel !== 0) return;
    this.#unwelcomed--;
    if (this.#unwelcomed === 0) this.#allWelcomed();
  }

  notifyDrained(_conn: ConnId, drained: () => void): void {
    setImmediate(drained);
  }

  close(conn: ConnId, code: number, reason: string): void {
    this.#closes.set(conn, { code, reason });
    queueMicrotask(() => this.#driver.closed(conn));
  }

  /** Opens `count` sessions and sends a hostile and an empty frame to each. */
  async attack(frames: HostileFrames, count: number): Promise<void> {
    this.#unwelcomed = count;
    const welcomed = new Promise<void>((resolve) => {
      this.#allWelcomed = resolve;
    });
    const conns: ConnId[] = [];
    for (let i = 0; i < count; i++) {
      this.#last++;
      const conn = this.#last as ConnId;
      conns.push(conn);
      this.#errors.set(conn, []);
      this.#driver.opened(conn);
      const document = `attacked-${this.#last % documents}`;
      this.#driver.received(conn, encodeClientFrame(helloFrame({ document })));
    }
    await welcomed;
    for (const conn of conns) {
      const { kind, bytes } = frames.next();
      this.#driver.received(conn, bytes);
      this.#driver.received(conn, empty);
      const errors = this.#errors.get(conn) ?? [];
      check(kind, { errors, close: this.#closes.get(conn) ?? null }, certain.get(kind));
      this.#errors.delete(conn);
      this.#closes.delete(conn);
    }
  }

  async stop(): Promise<void> {
    this.#clock.stop();
    await this.#log.close();
  }
}
