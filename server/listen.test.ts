/**
 * Goal: the server listens where it is told, tells that place in a way that a client can use, and
 * leaves nothing behind. Method: real sockets, TCP and Unix.
 */
import { once } from 'node:events';
import { link, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type HttpServer, type ListenAddresses, listen } from './listen.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);
const defaults = {
  ...{ host: '127.0.0.1', port: 0, socketPath: null, socketMode: 0o660, tlsCertFile: null },
};
let folder: string;
const servers: (HttpServer | Server)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sve-listen-'));
});

afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(folder, { recursive: true });
});

async function start(config: Partial<Parameters<typeof listen>[1]>): Promise<ListenAddresses> {
  const server = createServer((_, response) => response.end('hello'));
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.close(1000, 'welcome'));
  // It passes on what the server says already.
  sockets.on('error', () => {});
  servers.push(server);
  return await listen(server, { ...defaults, ...config });
}

async function greeting(syncUrl: string): Promise<string> {
  const [, reason] = await once(new WebSocket(syncUrl), 'close');
  return String(reason);
}

describe('a TCP address', () => {
  it('is told as a client on this machine can open it', async () => {
    const { url, syncUrl } = await start({});
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(syncUrl).toBe(`${url.replace('http', 'ws')}v1/sync`);
    expect(await (await fetch(url)).text()).toBe('hello');
    expect((await start({ host: '0.0.0.0' })).url).toMatch(/^http:\/\/localhost:\d+\/$/);
  });

  it('that is taken is told with what to do', async () => {
    const port = Number(new URL((await start({})).url).port);
    await expect(start({ port })).rejects.toThrow(
      new RegExp(`^cannot listen on 127.0.0.1 port ${port}: .*EADDRINUSE.*\nSet PORT to a free`),
    );
  });

  it.runIf(hasIpv6)('of IPv6 is told in brackets, and may be given in them', async () => {
    for (const host of ['::1', '[::1]']) {
      const { url, syncUrl } = await start({ host });
      expect(url).toMatch(/^http:\/\/\[::1\]:\d+\/$/);
      expect(await (await fetch(url)).text()).toBe('hello');
      expect(await greeting(syncUrl)).toBe('welcome');
    }
  });

  it.runIf(hasIpv6)('of every interface is reached over IPv4 and IPv6', async () => {
    const { url } = await start({ host: '::' });
    const port = /^http:\/\/localhost:(\d+)\/$/.exec(url)?.[1];
    for (const host of ['127.0.0.1', '[::1]']) {
      expect(await (await fetch(`http://${host}:${port}/`)).text()).toBe('hello');
    }
  });
});

describe('a Unix socket', () => {
  const path = (): string => join(folder, 'http.sock');

  it('is opened by whom its mode allows, told, and gone with the server', async () => {
    const { url, syncUrl } = await start({ socketPath: path(), socketMode: 0o600 });
    expect(url).toBe(`http+unix://${encodeURIComponent(path())}/`);
    expect((await stat(path())).mode & 0o777).toBe(0o600);
    expect(await greeting(syncUrl)).toBe('welcome');
    const [response] = await once(get({ socketPath: path(), path: '/' }), 'response');
    response.resume();
    expect(response.statusCode).toBe(200);
    servers[0]?.close();
    await once(servers[0] ?? createServer(), 'close');
    expect(await readdir(folder)).toEqual([]);
  });

  it('that a killed process left behind is replaced', async () => {
    // Bound under another name, so that its end does not remove this one.
    const killed = createTcpServer().listen(join(folder, 'first'));
    await once(killed, 'listening');
    await link(join(folder, 'first'), path());
    killed.close();
    await once(killed, 'close');
    expect((await stat(path())).isSocket()).toBe(true);
    expect(await greeting((await start({ socketPath: path() })).syncUrl)).toBe('welcome');
  });

  it('behind which somebody listens is left alone, and so is a file', async () => {
    const { syncUrl } = await start({ socketPath: path() });
    await expect(start({ socketPath: path() })).rejects.toThrow(/somebody listens there\nSet SOCK/);
    expect(await greeting(syncUrl)).toBe('welcome');
    const file = join(folder, 'file');
    await writeFile(file, 'kept');
    await expect(start({ socketPath: file })).rejects.toThrow(/there is something else/);
    expect((await stat(file)).size).toBe(4);
  });
});
