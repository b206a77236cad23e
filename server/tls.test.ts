/**
 * Goal: the port speaks TLS 1.2 and later with the pair that the files hold now, and an unusable
 * pair changes nothing but the log. Method: made-up certificates in a folder, real handshakes; each
 * wait is for a line of the log.
 */
import { once } from 'node:events';
import { mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { generate } from 'selfsigned';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { must } from '../engine/assert.ts';
import { Signal } from '../properties/contracts/signal.ts';
import { type Config, readConfig } from './config.ts';
import { type HttpServer, listen } from './listen.ts';
import { TlsFiles } from './tls.ts';
import { WebSocketTransport } from './websocket-transport.ts';

interface Pem {
  readonly cert: string;
  readonly key: string;
}

const day = 86_400_000;
const pairs: Record<'first' | 'second' | 'expired', Pem> = {
  ...{ first: { cert: '', key: '' }, second: { cert: '', key: '' } },
  expired: { cert: '', key: '' },
};
let folder: string;
let lines: Record<string, unknown>[];
let signal: Signal;
let tls: TlsFiles | null;
let server: HttpServer | null;

async function make(name: string, fromDay: number, toDay: number): Promise<Pem> {
  const date = (days: number): Date => new Date(Date.now() + days * day);
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...{ keyType: 'ec', notBeforeDate: date(fromDay), notAfterDate: date(toDay) },
  });
  return { cert, key };
}

beforeAll(async () => {
  pairs.first = await make('first', -1, 30);
  pairs.second = await make('second', -1, 60);
  pairs.expired = await make('expired', -3, -1);
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sve-tls-'));
  lines = [];
  signal = new Signal();
  tls = null;
  server = null;
});

afterEach(async () => {
  tls?.close();
  server?.closeAllConnections();
  server?.close();
  await rm(folder, { recursive: true });
});

const log = pino(
  { base: null },
  {
    write(line: string) {
      lines.push(JSON.parse(line));
      signal.tell();
    },
  },
);

function configOf(...flags: string[]): Config {
  const invocation = readConfig(['--port', '0', ...flags], {});
  if (invocation.type !== 'run') throw new Error(JSON.stringify(invocation));
  return invocation.config;
}

const ours = (): Config =>
  configOf('--tls-cert-file', join(folder, 'cert.pem'), '--tls-key-file', join(folder, 'key.pem'));

/** As programs that renew certificates do it: each file appears whole. */
async function put({ cert, key }: Pem): Promise<void> {
  for (const [name, text] of Object.entries({ 'cert.pem': cert, 'key.pem': key })) {
    await writeFile(join(folder, `.${name}`), text);
    await rename(join(folder, `.${name}`), join(folder, name));
  }
}

async function start(pair: Pem): Promise<string> {
  await put(pair);
  tls = await TlsFiles.open(ours(), log);
  server = tls?.createServer((_, response) => response.end('hello')) ?? null;
  if (server === null) throw new Error('no TLS');
  return (await listen(server, ours())).url;
}

async function handshake(url: string, maxVersion: SecureVersion = 'TLSv1.3'): Promise<TLSSocket> {
  const options = { rejectUnauthorized: false, minVersion: 'TLSv1', maxVersion } as const;
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), ...options });
  await once(socket, 'secureConnect');
  return socket;
}

/** Whose certificate a new connection is shown. */
async function shown(url: string): Promise<unknown> {
  const socket = await handshake(url);
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN;
}

const until = (event: string): Promise<void> =>
  signal.until(() => lines.some((line) => line.event === event));

describe('TLS', () => {
  it('is not spoken without the two settings, and needs both', async () => {
    expect(await TlsFiles.open(configOf(), log)).toBeNull();
    const only = (flag: string): Promise<unknown> => TlsFiles.open(configOf(flag, '/x'), log);
    await expect(only('--tls-cert-file')).rejects.toThrow(/TLS_CERT_FILE is set.*TLS_KEY_FILE/);
    await expect(only('--tls-key-file')).rejects.toThrow(/TLS_KEY_FILE is set.*TLS_CERT_FILE/);
  });

  it('answers over HTTPS with the certificate, in versions 1.2 and 1.3 only', async () => {
    const url = await start(pairs.first);
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/$/);
    // It is this certificate that is trusted; whose name it has does not matter here.
    const trust = { ca: pairs.first.cert, checkServerIdentity: () => undefined };
    const [response] = await once(get(url, trust), 'response');
    response.resume();
    expect(response.statusCode).toBe(200);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await handshake(url, version);
      expect(socket.getProtocol()).toBe(version);
      socket.destroy();
    }
    await expect(handshake(url, 'TLSv1.1')).rejects.toThrow();
  });

  it('takes a new pair when the files are replaced; open connections keep theirs', async () => {
    const url = await start(pairs.first);
    const open = await handshake(url);
    await put(pairs.second);
    await until('tls-reloaded');
    expect(await shown(url)).toBe('second');
    expect(tls?.expiresMs).toBeGreaterThan(Date.now() + 59 * day);
    open.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const [answer] = await once(open, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 200 /);
    open.destroy();
  });

  it('takes a new pair when the links to them are', async () => {
    const [one, two] = [join(folder, 'one.pem'), join(folder, 'two.pem')];
    await writeFile(one, `${pairs.first.cert}\n${pairs.first.key}`);
    await writeFile(two, `${pairs.second.cert}\n${pairs.second.key}`);
    for (const name of ['cert.pem', 'key.pem']) await symlink(one, join(folder, name));
    tls = await TlsFiles.open(ours(), log);
    for (const name of ['cert.pem', 'key.pem']) {
      await symlink(two, join(folder, 'new'));
      await rename(join(folder, 'new'), join(folder, name));
    }
    await until('tls-reloaded');
    expect(tls?.expiresMs).toBeGreaterThan(Date.now() + 59 * day);
  });

  it('keeps the old pair when the new one cannot be used, and names the file', async () => {
    const url = await start(pairs.first);
    const wrong: [change: () => Promise<void>, told: RegExp][] = [
      [() => put({ ...pairs.first, cert: 'x' }), /TLS_CERT_FILE: .*cert\.pem has no certificate/],
      [() => put({ ...pairs.first, key: 'x' }), /TLS_KEY_FILE: .*key\.pem has no private key/],
      [() => put({ ...pairs.second, key: pairs.first.key }), /key\.pem is not that of .*cert\.pem/],
      [() => unlink(join(folder, 'key.pem')), /TLS_KEY_FILE: .*key\.pem cannot be read: ENOENT/],
    ];
    for (const [change, told] of wrong) {
      await change();
      await tls?.reload();
      const told2 = lines.filter(({ event }) => event === 'tls-not-reloaded');
      expect(told2.at(-1)?.fault).toMatch(told);
      expect(await shown(url)).toBe('first');
    }
    await put(pairs.second);
    await until('tls-reloaded');
    expect(await shown(url)).toBe('second');
    expect(JSON.stringify(lines)).not.toContain('PRIVATE');
  });

  it('carries sockets as TCP does, small messages and large ones', async () => {
    await put(pairs.first);
    tls = await TlsFiles.open(ours(), log);
    server = must(tls, 'TLS is asked for').createServer(() => {});
    const transport = new WebSocketTransport({ ...configOf(), connectionsMax: 2 });
    const sizes: number[] = [];
    transport.serve(server, {
      opened(conn) {
        transport.admit(conn);
        transport.send([conn], Buffer.alloc(3));
      },
      received(conn, bytes) {
        sizes.push(bytes.length);
        for (const size of [1, 70_000, 2 ** 20]) transport.send([conn], Buffer.alloc(size));
        transport.close(conn, 4503, 'draining');
        return 0;
      },
      malformed: () => {},
      closed: () => {},
    });
    const { syncUrl } = await listen(server, ours());
    expect(syncUrl).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/v1\/sync$/);
    const socket = new WebSocket(syncUrl, { rejectUnauthorized: false });
    const received: number[] = [];
    socket.on('message', (data: Buffer) => received.push(data.length));
    socket.on('open', () => socket.send(Buffer.alloc(100_000)));
    const [code] = await once(socket, 'close');
    expect([code, sizes, received]).toEqual([4503, [100_000], [3, 1, 70_000, 2 ** 20]]);
  });

  it('says when nothing is new, and when the certificate has expired', async () => {
    await start(pairs.expired);
    expect(lines.map(({ event }) => event)).toEqual(['tls-expired']);
    await tls?.reload();
    expect(lines.map(({ event }) => event)).toEqual(['tls-expired', 'tls-unchanged']);
  });

  it('does not start with a pair that cannot be used', async () => {
    await put({ cert: pairs.first.cert, key: pairs.second.key });
    await expect(TlsFiles.open(ours(), log)).rejects.toThrow(/^TLS_KEY_FILE: the key in/);
  });
});
