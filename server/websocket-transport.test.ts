/**
 * Goal: who may open a socket, and what the transport tells about it. Method: real sockets on this
 * machine against a transport whose events are recorded; raw TCP where a client library is too
 * polite.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ConnId } from '../engine/ids.ts';
import { clientFrameBytesMax } from '../proto/limits.ts';
import { type TransportEvents, WebSocketTransport } from './websocket-transport.ts';

/** `conn event` for each event, and a wait for the next one that fits. */
class Recorder implements TransportEvents {
  readonly events: string[] = [];
  transport: WebSocketTransport | null = null;
  #changed: () => void = () => {};

  opened(conn: ConnId): void {
    this.#note(`${conn} opened`);
  }

  received(conn: ConnId, bytes: Uint8Array): void {
    this.#note(`${conn} received ${bytes.length}`);
  }

  malformed(conn: ConnId, code: 'bad-frame' | 'too-large'): void {
    this.#note(`${conn} malformed ${code}`);
    // As the core does it: an error frame, then the close.
    this.transport?.send([conn], Buffer.from(code));
    this.transport?.close(conn, code === 'too-large' ? 4413 : 4400, code);
  }

  closed(conn: ConnId): void {
    this.#note(`${conn} closed`);
  }

  async until(event: string): Promise<void> {
    while (!this.events.includes(event)) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  #note(event: string): void {
    this.events.push(event);
    this.#changed();
  }
}

const first = 1 as ConnId;
let server: Server;
let transport: WebSocketTransport;
let recorder: Recorder;
let port: number;

async function start(options: { origins?: string[]; connectionsMax?: number } = {}): Promise<void> {
  const { origins = [], connectionsMax = 10 } = options;
  transport = new WebSocketTransport({ allowedOrigins: origins, connectionsMax });
  recorder = new Recorder();
  recorder.transport = transport;
  server = createServer();
  transport.serve(server, recorder);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = portOf(server.address());
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}

async function open(headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/sync`, { headers });
  await once(socket, 'open');
  return socket;
}

async function closeOf(socket: WebSocket): Promise<string> {
  const [code, reason] = await once(socket, 'close');
  return `${code} ${reason}`;
}

/** Status and body of the answer to a handwritten upgrade. */
async function upgrade(
  changes: Record<string, string | null> = {},
  line = 'GET /v1/sync',
): Promise<string> {
  const headers: Record<string, string | null> = {
    ...{ Host: `127.0.0.1:${port}`, Connection: 'Upgrade', Upgrade: 'websocket' },
    ...{ 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    ...changes,
  };
  const lines = Object.entries(headers).flatMap(([k, v]) => (v === null ? [] : [`${k}: ${v}`]));
  const socket = connect(port, '127.0.0.1');
  socket.write([`${line} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
  let answer = '';
  for await (const chunk of socket) {
    answer += String(chunk);
    if (answer.includes(' 101 ')) break;
  }
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return `${head.split(' ')[1]} ${body.startsWith('{') ? JSON.parse(body).detail : ''}`.trim();
}

beforeEach(() => start());

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('an upgrade', () => {
  it('is made at the path, with or without a query', async () => {
    expect(await upgrade()).toBe('101');
    expect(await upgrade({}, 'GET /v1/sync?x=1')).toBe('101');
    expect(recorder.events.filter((event) => event.endsWith('opened'))).toHaveLength(2);
  });

  const refused: [string, Record<string, string | null>, string, string][] = [
    ['another path', {}, 'GET /v2/sync', '404 sockets are opened at /v1/sync'],
    ['another method', {}, 'PUT /v1/sync', '405 a socket is opened with GET'],
    [
      'another protocol',
      { Upgrade: 'h2c' },
      '',
      '400 the only protocol to upgrade to is websocket',
    ],
    [
      'an old version',
      { 'Sec-WebSocket-Version': '8' },
      '',
      '426 WebSocket version 13 is spoken here',
    ],
    [
      'no version',
      { 'Sec-WebSocket-Version': null },
      '',
      '426 WebSocket version 13 is spoken here',
    ],
    ['a bad key', { 'Sec-WebSocket-Key': 'short' }, '', '400'],
  ];
  for (const [what, headers, line, answer] of refused) {
    it(`is refused for ${what}`, async () => {
      expect(await upgrade(headers, line || undefined)).toBe(answer);
      expect(recorder.events).toEqual([]);
    });
  }

  it('is allowed to browsers from the own host and from the list only', async () => {
    const allowed = 'https://app.example';
    await start({ origins: [allowed] });
    expect(await upgrade({ Origin: `http://127.0.0.1:${port}` })).toBe('101');
    expect(await upgrade({ Origin: allowed })).toBe('101');
    for (const origin of [
      'https://evil.example',
      'http://127.0.0.1:1',
      'null',
      `${allowed}.evil`,
    ]) {
      expect(await upgrade({ Origin: origin })).toMatch(/^403 the origin .* is not allowed/);
    }
  });

  it('is allowed from anywhere if the list says so', async () => {
    await start({ origins: ['*'] });
    expect(await upgrade({ Origin: 'https://any.example' })).toBe('101');
  });

  it('is refused above the number of connections, and made again when one has ended', async () => {
    await start({ connectionsMax: 1 });
    const socket = await open();
    expect(await upgrade()).toBe('503 too many connections: try again later');
    socket.close();
    await recorder.until('1 closed');
    expect(await upgrade()).toBe('101');
  });
});

describe('a socket', () => {
  it('has a number of its own, and is opened, heard and closed in this order, once', async () => {
    for (const conn of [1, 2]) {
      const socket = await open();
      socket.send(Buffer.from('abc'));
      await recorder.until(`${conn} received 3`);
      socket.close();
      await recorder.until(`${conn} closed`);
    }
    const ofOne = (conn: number): string[] =>
      ['opened', 'received 3', 'closed'].map((e) => `${conn} ${e}`);
    expect(recorder.events).toEqual([...ofOne(1), ...ofOne(2)]);
  });

  it('is closed once when it is cut off', async () => {
    const socket = await open();
    socket.terminate();
    await recorder.until('1 closed');
    transport.send([first], Buffer.from('late'));
    transport.close(first, 4400, 'late');
    expect(recorder.events).toEqual(['1 opened', '1 closed']);
    expect(transport.connections).toBe(0);
  });

  it('gets an error frame and 4400 for a text message', async () => {
    const socket = await open();
    const closed = closeOf(socket);
    socket.send('hello');
    const [frame] = await once(socket, 'message');
    expect(String(frame)).toBe('bad-frame');
    expect(await closed).toBe('4400 bad-frame');
  });

  for (const [what, bytes] of [
    ['one byte over the limit', clientFrameBytesMax + 1],
    ['of 80 MB', 80_000_000],
  ] as const) {
    it(`gets an error frame and 4413 for a message ${what}`, async () => {
      const socket = await open();
      const closed = closeOf(socket);
      socket.send(Buffer.alloc(bytes));
      const [frame] = await once(socket, 'message');
      expect(String(frame)).toBe('too-large');
      expect(await closed).toBe('4413 too-large');
      await recorder.until('1 closed');
      expect(recorder.events).toEqual(['1 opened', '1 malformed too-large', '1 closed']);
    });
  }

  it('takes a message of exactly the limit', async () => {
    const socket = await open();
    socket.send(Buffer.alloc(clientFrameBytesMax));
    await recorder.until(`1 received ${clientFrameBytesMax}`);
    socket.close();
  });

  it('is ended for bytes that are no WebSocket frame, and the process goes on', async () => {
    const socket = await open();
    const closed = closeOf(socket);
    // Reserved bits, and a payload that is not masked.
    const tcp: unknown = Reflect.get(socket, '_socket');
    if (tcp instanceof Object && 'write' in tcp && typeof tcp.write === 'function') {
      tcp.write(Buffer.from([0xff, 0x03, 1, 2, 3]));
    }
    expect(await closed).toMatch(/^1002 /);
    await recorder.until('1 closed');
    expect(await upgrade()).toBe('101');
  });

  it('is cut off when it does not answer the close', async () => {
    const socket = await open();
    await recorder.until('1 opened');
    socket.pause();
    transport.close(first, 4503, 'draining');
    await recorder.until('1 closed');
    expect(transport.connections).toBe(0);
    socket.resume();
    expect(await closeOf(socket)).toBe('4503 draining');
  });
});

describe('notifyDrained', () => {
  it('calls back soon, but not within the call, when nothing waits', async () => {
    await open();
    await recorder.until('1 opened');
    let called = false;
    const drained = new Promise<void>((resolve) => {
      transport.notifyDrained(first, () => {
        called = true;
        resolve();
      });
    });
    expect(called).toBe(false);
    await drained;
  });

  it('calls back when a slow reader has taken what was sent, not before', async () => {
    const slow = await open();
    slow.pause();
    // More than the kernel buffers of both ends hold.
    for (let i = 0; i < 64; i++) transport.send([first], Buffer.alloc(2 ** 20));
    let called = false;
    const drained = new Promise<void>((resolve) => {
      transport.notifyDrained(first, () => {
        called = true;
        resolve();
      });
    });
    const quick = await open();
    for (let i = 1; i <= 20; i++) {
      quick.send(Buffer.alloc(i));
      await recorder.until(`2 received ${i}`);
    }
    expect(called).toBe(false);
    slow.resume();
    await drained;
  });

  it('calls back when the socket ends instead', async () => {
    const slow = await open();
    slow.pause();
    for (let i = 0; i < 64; i++) transport.send([first], Buffer.alloc(2 ** 20));
    const drained = new Promise<void>((resolve) => transport.notifyDrained(first, resolve));
    slow.terminate();
    await drained;
    expect(recorder.events).toEqual(['1 opened', '1 closed']);
  });
});
