/**
 * Goal: how much and how fast a socket may send, and how many there may be of one address. Method:
 * real sockets against a transport whose events are recorded; addresses come through a trusted
 * proxy, which is this machine.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ConnId } from '../engine/ids.ts';
import { clientFrameBytesMax, helloFrameBytesMax } from '../proto/limits.ts';
import { defaultConfig } from './testing/default-config.ts';
import { type TransportOptions, WebSocketTransport } from './websocket-transport.ts';

const first = 1 as ConnId;

class Site {
  readonly refused: string[] = [];
  readonly received: number[] = [];
  readonly malformed: string[] = [];
  readonly transport: WebSocketTransport;
  readonly #server: Server = createServer();
  operations = 0;
  isShort = false;
  paused = 0;
  pauses = 0;
  #changed: () => void = () => {};

  constructor(options: Partial<TransportOptions>) {
    const config = { ...defaultConfig(), trustedProxies: ['127.0.0.1'], ...options };
    this.transport = new WebSocketTransport(config, {
      isShort: () => this.isShort,
      onRefused: (reason) => this.refused.push(reason),
      onPaused: (change) => {
        this.paused += change;
        if (change > 0) this.pauses++;
        this.#changed();
      },
    });
  }

  async start(): Promise<void> {
    this.transport.serve(this.#server, {
      opened: () => this.#changed(),
      received: (_, bytes) => {
        this.received.push(bytes.length);
        this.#changed();
        return this.operations;
      },
      malformed: (conn, code) => {
        this.malformed.push(code);
        this.transport.close(conn, 4400, code);
      },
      closed: () => this.#changed(),
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async open(address = '203.0.113.1'): Promise<WebSocket> {
    const socket = this.#socket(address);
    await once(socket, 'open');
    return socket;
  }

  /** Status and Retry-After of a refusal. */
  async refusal(address = '203.0.113.1'): Promise<string> {
    const [, response] = await once(this.#socket(address), 'unexpected-response');
    const { statusCode, headers } = response;
    response.resume();
    return `${statusCode} ${headers['retry-after']}`;
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #socket(address: string): WebSocket {
    const own = this.#server.address();
    if (own === null || typeof own === 'string') throw new Error('no TCP address');
    const headers = { 'X-Forwarded-For': address };
    return new WebSocket(`ws://127.0.0.1:${own.port}/v1/sync`, { headers });
  }
}

let site: Site;

async function start(options: Partial<TransportOptions> = {}): Promise<Site> {
  site = new Site(options);
  await site.start();
  return site;
}

afterEach(() => site.stop());

it('a message is small until its sender is admitted, refused when its header comes', async () => {
  await start();
  const socket = await site.open();
  socket.send(Buffer.alloc(helloFrameBytesMax));
  await site.until(() => site.received.length === 1);
  site.transport.admit(first);
  socket.send(Buffer.alloc(clientFrameBytesMax));
  await site.until(() => site.received.length === 2);
  const stranger = await site.open();
  const tcp: unknown = Reflect.get(stranger, '_socket');
  // A masked binary frame of 17,000 bytes, of which nothing but the header ever comes.
  if (tcp instanceof Object && 'write' in tcp && typeof tcp.write === 'function') {
    tcp.write(Buffer.from([0x82, 0xfe, 0x42, 0x68, 1, 2, 3, 4]));
  }
  await once(stranger, 'close');
  expect(site.malformed).toEqual(['too-large']);
});

it('who sends too many frames is not read for a while, and loses none', async () => {
  await start({ framesPerSecond: 200, burstSeconds: 1 });
  const socket = await site.open();
  for (let i = 1; i <= 300; i++) socket.send(Buffer.alloc(i));
  await site.until(() => site.received.length === 300);
  expect(site.received).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
  expect(site.pauses).toBeGreaterThan(0);
  await site.until(() => site.paused === 0 || site.received.length === 300);
});

it('operations are counted, and a debt ends with a heartbeat interval at the latest', async () => {
  await start({ operationsPerSecond: 1, burstSeconds: 1, heartbeatMs: 100 });
  const socket = await site.open();
  site.operations = 1_000_000;
  for (let i = 0; i < 3; i++) socket.send(Buffer.alloc(1));
  await site.until(() => site.received.length === 3);
  expect(site.pauses).toBeGreaterThanOrEqual(2);
});

it('an address shares what it may send, and another is not touched by it', async () => {
  await start({ addressBytesPerSecond: 1, burstSeconds: 1, heartbeatMs: 600_000 });
  const [one, two] = [await site.open(), await site.open()];
  const other = await site.open('203.0.113.2');
  one.send(Buffer.alloc(100));
  await site.until(() => site.received.length === 1);
  two.send(Buffer.alloc(101));
  await site.until(() => site.received.length === 2);
  expect(site.paused).toBe(2);
  two.send(Buffer.alloc(102));
  other.send(Buffer.alloc(1));
  await site.until(() => site.received.length === 3);
  expect(site.received).toEqual([100, 101, 1]);
  two.terminate();
  one.terminate();
});

it('a flood of frames in one piece ends the socket', async () => {
  await start({ framesPerSecond: 1, burstSeconds: 1, heartbeatMs: 600_000 });
  const socket = await site.open();
  const tcp: unknown = Reflect.get(socket, '_socket');
  // Masked binary frames of one byte, in one write.
  const frames = Buffer.concat(
    Array.from({ length: 2_000 }, () => Buffer.from([0x82, 0x81, 0, 0, 0, 0, 7])),
  );
  if (tcp instanceof Object && 'write' in tcp && typeof tcp.write === 'function') tcp.write(frames);
  const [code, reason] = await once(socket, 'close');
  expect([code, String(reason)]).toEqual([4400, 'rate-limited']);
  expect(site.paused).toBe(0);
});

it('pings are answered, but not to who sends too many', async () => {
  await start({ framesPerSecond: 5, burstSeconds: 1, heartbeatMs: 600_000 });
  const socket = await site.open();
  let pongs = 0;
  socket.on('pong', () => pongs++);
  socket.ping('a');
  await once(socket, 'pong');
  for (let i = 0; i < 100; i++) socket.ping('b');
  await site.until(() => site.paused === 1);
  expect(pongs).toBeLessThan(10);
  socket.terminate();
});

it('the core holds a socket, and lets it go on', async () => {
  await start();
  const socket = await site.open();
  site.transport.pause(first);
  socket.send(Buffer.alloc(5));
  const other = await site.open();
  other.send(Buffer.alloc(6));
  await site.until(() => site.received.length === 1);
  expect([site.received, site.paused]).toEqual([[6], 1]);
  site.transport.resume(first);
  await site.until(() => site.received.length === 2);
  expect(site.paused).toBe(0);
});

it('a socket that is paused answers a close', async () => {
  await start();
  const socket = await site.open();
  site.transport.pause(first);
  const closed = once(socket, 'close');
  site.transport.close(first, 4503, 'draining');
  const [code] = await closed;
  expect(code).toBe(4503);
  await site.until(() => site.transport.connections === 0);
});

it('an address may have so many sockets, and open so many at a time', async () => {
  await start({ connectionsPerAddressMax: 2, connectsPerAddressPerSecond: 4, burstSeconds: 1 });
  await site.open();
  const second = await site.open();
  expect(await site.refusal()).toBe('429 5');
  await site.open('203.0.113.2');
  second.terminate();
  await site.until(() => site.transport.connections === 2);
  await site.open();
  expect(await site.refusal()).toBe('429 5');
  expect(site.refused).toContain('address-connections');
});

it('no socket is opened while memory is short', async () => {
  await start();
  site.isShort = true;
  expect(await site.refusal()).toBe('503 5');
  expect(site.refused).toEqual(['memory']);
  site.isShort = false;
  await site.open();
});
