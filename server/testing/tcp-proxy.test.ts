/**
 * Goal: the proxy breaks connections as it says, so that tests break what they mean to. Method: a
 * service of our own on loopback that answers each line with the same in capitals.
 */
import { once } from 'node:events';
import { createServer, connect as openSocket, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Signal } from '../../properties/contracts/signal.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** A client of the service, and what it has heard. */
class Talker {
  heard = '';
  hasEnded = false;
  readonly #socket: Socket;
  readonly #signal = new Signal();

  constructor(port: number) {
    this.#socket = openSocket({ port, host: '127.0.0.1' });
    this.#socket.on('error', () => {});
    this.#socket.on('data', (chunk) => {
      this.heard += String(chunk);
      this.#signal.tell();
    });
    this.#socket.once('close', () => {
      this.hasEnded = true;
      this.#signal.tell();
    });
  }

  say(text: string): void {
    this.#socket.write(text);
  }

  async hears(text: string): Promise<void> {
    await this.#signal.until(() => this.heard === text);
  }

  async ends(): Promise<void> {
    await this.#signal.until(() => this.hasEnded);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

const talkers: Talker[] = [];
let service: Server;
/** What reached the service, and its ends of the connections. */
let requests: string;
let ends: Socket[];
let arrival: Signal;
let proxy: TcpProxy;

beforeEach(async () => {
  requests = '';
  ends = [];
  arrival = new Signal();
  service = createServer((socket) => {
    ends.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      requests += String(chunk);
      socket.write(String(chunk).toUpperCase());
      arrival.tell();
    });
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  const address = service.address();
  proxy = await startTcpProxy({
    host: '127.0.0.1',
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
  });
});

afterEach(async () => {
  for (const talker of talkers.splice(0)) talker.destroy();
  await proxy.close();
  for (const end of ends) end.destroy();
  service.close();
});

/** A client that was answered once. */
async function talker(): Promise<Talker> {
  const client = new Talker(proxy.port);
  talkers.push(client);
  client.say('a');
  await client.hears('A');
  return client;
}

it('is late as it is told, and keeps the order when it is so no more', async () => {
  const client = await talker();
  proxy.delay(50);
  client.say('b');
  await arrival.until(() => requests === 'ab');
  expect(client.heard).toBe('A');
  proxy.delay(0);
  client.say('c');
  await client.hears('ABC');
  expect(requests).toBe('abc');
});

it('holds back one direction, then lets it through', async () => {
  const client = await talker();
  proxy.silence('reply');
  client.say('b');
  await arrival.until(() => requests === 'ab');
  const other = new Talker(proxy.port);
  talkers.push(other);
  other.say('x');
  await arrival.until(() => requests === 'abx');
  expect([client.heard, other.heard]).toEqual(['A', '']);
  proxy.silence(null);
  await Promise.all([client.hears('AB'), other.hears('X')]);
});

it('leaves connections half-open: what they say, and their ends, reach nobody', async () => {
  const client = await talker();
  const end = proxy.freezeOpen();
  client.say('lost');
  ends[0]?.destroy();
  const other = await talker();
  other.say('b');
  await other.hears('AB');
  expect(requests).toBe('aab');
  expect(client.hasEnded).toBe(false);
  end();
  await client.ends();
  expect(other.hasEnded).toBe(false);
});

it('cuts the connection whose request holds a text, and no other', async () => {
  const [client, other] = [await talker(), await talker()];
  const cut = proxy.cut({ at: 'afterRequest', request: 'commit' });
  other.say('read');
  await other.hears('AREAD');
  client.say('commit');
  await Promise.all([cut, client.ends()]);
  expect([client.heard, other.heard]).toEqual(['A', 'AREAD']);
  expect(requests).toBe('aareadcommit');
});

it('lets some bytes of the answer through before the cut', async () => {
  const client = await talker();
  const cut = proxy.cut({ at: 'inReply', replyBytes: 3, request: 'commit' });
  client.say('commit');
  await Promise.all([cut, client.ends()]);
  expect(client.heard).toBe('ACOM');
});

it('makes no cut that was taken back', async () => {
  const client = await talker();
  void proxy.cut({ at: 'afterRequest' });
  proxy.disarm();
  client.say('b');
  await client.hears('AB');
});
