/**
 * Goal: whoever abuses the server gets a named error or is slowed, and everybody else types on as
 * if nothing were. Method: a real server process with small limits; while an attack runs, two
 * honest clients type into a document of their own and have to agree in the end. Each attack ends
 * as soon as it was answered as it must be.
 */
import { setMaxListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttackName, attacks } from './testing/attacks.ts';
import { residentBytes, typeUntil } from './testing/calm-pair.ts';
import { describeWithPostgres } from './testing/describe-postgres.ts';
import { helloFrame, RawClient, typing } from './testing/raw-client.ts';
import { type ServerProcess, startServerProcess } from './testing/server-process.ts';
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts';

const timeLimitMs = 120_000;
/** More than what 80 MB frames, taken whole, would leave. */
const growthMax = 200 * 2 ** 20;

describeWithPostgres('under abuse', (serverUrl) => {
  let database: TestDatabase;
  let server: ServerProcess;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
    server = await startServerProcess({
      ...{ dataDir: 'unused', databaseUrl: database.url },
      flags: [
        ...['--trusted-proxies', '127.0.0.1', '--log-level', 'error'],
        ...['--hello-ms', '1000', '--heartbeat-ms', '1000', '--burst-seconds', '1'],
        ...['--connects-per-address-per-second', '30', '--frames-per-second', '100'],
      ],
    });
  });

  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  describe('others keep typing, and the attack is answered', () => {
    const answers: readonly (readonly [AttackName, string])[] = [
      ['connects', '429'],
      ['handshakes', '408'],
      ['silence', '408'],
      ['mute', 'hello-timeout'],
      ['huge', 'too-large'],
      ['random', 'bad-frame'],
    ];
    it.each(answers)(
      '%s: %s',
      async (name, answer) => {
        const end = new AbortController();
        setMaxListeners(0, end.signal);
        let left = 5;
        const onTold = (told: string): void => {
          if (told === answer && --left === 0) end.abort();
        };
        const { syncUrl } = server;
        const attack = attacks[name]({ syncUrl, document: 'calm', signal: end.signal, onTold });
        await typeMeanwhile(server, attack);
        expect(left).toBeLessThanOrEqual(0);
      },
      timeLimitMs,
    );

    it.each(['flood', 'presence', 'pings'] as const)(
      '%s: is not read',
      async (name) => {
        const end = new AbortController();
        const { syncUrl } = server;
        const told: string[] = [];
        const onTold = (answer: string): void => void told.push(answer);
        const attack = attacks[name]({ syncUrl, document: 'calm', signal: end.signal, onTold });
        const paused = metricReaches(server, 'sve_paused_connections', 1).then(() => end.abort());
        await typeMeanwhile(server, Promise.race([attack, paused]));
        end.abort();
        await attack;
        // A flood so dense that it was cut off has been told so.
        expect(told.filter((code) => code !== 'rate-limited')).toEqual([]);
      },
      timeLimitMs,
    );
  });

  it('another document, reached by another channel, is not touched', async () => {
    const client = await RawClient.open(server.syncUrl);
    client.hello({ document: 'mine' });
    await client.next((frame) => frame.welcome !== null);
    client.send({ ...typing('x'), channel: 5 });
    const { error, channel } = await client.next((frame) => frame.error !== null);
    expect([channel, error?.code]).toEqual([5, 'bad-frame']);
    client.send(helloFrame({ document: 'theirs', channel: 5 }));
    await client.next((frame) => frame.welcome !== null && frame.channel === 5);
    client.send(typing('still mine'));
    await client.next((frame) => frame.ack !== null && frame.channel === 0);
    await client.cut();
  });

  it("another replica's id is of no use without its secret", async () => {
    const [victim, thief] = [
      await RawClient.open(server.syncUrl),
      await RawClient.open(server.syncUrl),
    ];
    victim.hello({ document: 'replicas', replica: 4711 });
    await victim.next((frame) => frame.welcome !== null);
    victim.send(typing('mine'));
    await victim.next((frame) => frame.ack !== null);
    thief.hello({ document: 'replicas', replica: 4711 });
    expect((await thief.closed).reason).toBe('replica-mismatch');
    victim.send(typing('!', { first: 5, base: 1 }));
    await victim.next((frame) => frame.ack !== null);
    await victim.cut();
  });

  it('a page of another host is refused', async () => {
    const headers = { Origin: 'https://evil.example', Upgrade: 'websocket' };
    const counted = await metric(server, 'sve_refused_total{reason="origin"}');
    const { WebSocket } = await import('ws');
    const socket = new WebSocket(server.syncUrl, { headers });
    const status = await new Promise((resolve) => {
      socket.on('error', () => {});
      socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode));
    });
    expect(status).toBe(403);
    expect(await metric(server, 'sve_refused_total{reason="origin"}')).toBe(counted + 1);
  });

  it('memory returns, and no socket is left', async () => {
    await metricReaches(server, 'sve_connections', 0);
    expect(await residentBytes(server.pid)).toBeLessThan(startBytes + growthMax);
    expect(server.logs()).not.toMatch(/"level":"(error|fatal)"/);
  });

  let startBytes = 0;
  beforeAll(async () => {
    startBytes = await residentBytes(server.pid);
  });
});

/** Two clients type into a document until `end`; nothing may happen to them. */
async function typeMeanwhile({ syncUrl }: ServerProcess, end: Promise<void>): Promise<void> {
  const { agree, troubles, edits } = await typeUntil(syncUrl, 'calm', end);
  expect({ agree, troubles }).toEqual({ agree: true, troubles: [] });
  expect(edits).toBeGreaterThan(0);
}

async function metric(server: ServerProcess, name: string): Promise<number> {
  const text = await (await fetch(`${server.url}metrics`)).text();
  const line = text.split('\n').find((it) => it.startsWith(`${name} `));
  return Number(line?.split(' ')[1] ?? Number.NaN);
}

async function metricReaches(server: ServerProcess, name: string, value: number): Promise<void> {
  for (;;) {
    const now = await metric(server, name);
    if (value === 0 ? now === 0 : now >= value) return;
  }
}
